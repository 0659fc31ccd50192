"""What a definition of HubSpot's own properties is made of."""

from __future__ import annotations

from crm_sandbox.hubspot.default_choices import BORN, OBJECT_SOURCE, YES_NO
from crm_sandbox.wire import Json

USUAL_FIELD_TYPES = {
    "string": "text",
    "number": "number",
    "datetime": "date",
    "date": "date",
    "bool": "booleancheckbox",
    "enumeration": "select",
    "phone_number": "phonenumber",
}


def options(pairs: tuple[tuple[str, str], ...]) -> list[Json]:
    return [
        {"label": label, "value": value, "description": "", "displayOrder": order, "hidden": False}
        for order, (value, label) in enumerate(pairs)
    ]


def _definition(*, name: str, label: str, type: str, group: str, flags: list[str]) -> Json:
    read_only = "ro" in flags
    made: Json = {
        "name": name,
        "label": label,
        "type": type,
        "fieldType": USUAL_FIELD_TYPES[type],
        "description": "",
        "groupName": group,
        "options": options(YES_NO) if type == "bool" else [],
        "displayOrder": -1,
        "calculated": False,
        "externalOptions": "owner" in flags,
        "hasUniqueValue": "unique" in flags,
        "hidden": False,
        "hubspotDefined": True,
        "formField": not read_only,
        "archived": False,
        "createdAt": BORN,
        "updatedAt": BORN,
        "modificationMetadata": {
            "archivable": False,
            "readOnlyDefinition": True,
            "readOnlyOptions": True,
            "readOnlyValue": read_only,
        },
    }
    if "owner" in flags:
        made["referencedObjectType"] = "OWNER"
    return made


def table(text: str, *, group: str) -> dict[str, Json]:
    """A line each: `name label|type flags`; flags: "ro" read-only, "unique", "owner"."""
    made = {}
    for line in text.strip().splitlines():
        head, tail = line.split("|")
        name, label = head.split(" ", 1)
        type, *flags = tail.split()
        made[name] = _definition(name=name, label=label, type=type, group=group, flags=flags)
    return made


def choices(
    name: str,
    label: str,
    pairs: tuple[tuple[str, str], ...],
    *,
    group: str,
    field_type: str = "select",
    flags: tuple[str, ...] = (),
) -> dict[str, Json]:
    made = _definition(name=name, label=label, type="enumeration", group=group, flags=list(flags))
    return {name: made | {"options": options(pairs), "fieldType": field_type}}


def source(*, group: str) -> dict[str, Json]:
    """Where a record comes from."""
    texts = "hs_object_source_label Record source|string ro\nhs_object_source_id Record source ID|string ro"
    made = choices("hs_object_source", "Record source", OBJECT_SOURCE, group=group, flags=("ro",))
    return made | table(texts, group=group)
