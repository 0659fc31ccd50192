"""The object types there are, under every name that HubSpot's paths know them by."""

from __future__ import annotations

from dataclasses import dataclass

from crm_sandbox.hubspot.errors import HubSpotError


@dataclass(frozen=True, slots=True)
class ObjectKind:
    """`shown` is what a read gives when it names no properties; `searched` where a search's `query` looks."""

    name: str
    singular: str
    type_id: str
    first_id: int
    modified: str
    shown: tuple[str, ...]
    searched: tuple[str, ...]
    required: tuple[str, ...] = ()

    @property
    def created(self) -> str:
        return "hs_createdate" if "hs_createdate" in self.shown else "createdate"


def _engagement(
    name: str, singular: str, type_id: str, first_id: int, searched: tuple[str, ...]
) -> ObjectKind:
    shown = ("hs_createdate", "hs_lastmodifieddate", "hs_object_id")
    return ObjectKind(
        name, singular, type_id, first_id, "hs_lastmodifieddate", shown, searched, ("hs_timestamp",)
    )


KINDS = {
    kind.name: kind
    for kind in (
        ObjectKind(
            "contacts",
            "contact",
            "0-1",
            51,
            "lastmodifieddate",
            ("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"),
            ("firstname", "lastname", "email", "phone", "company"),
        ),
        ObjectKind(
            "companies",
            "company",
            "0-2",
            7001,
            "hs_lastmodifieddate",
            ("createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"),
            ("name", "domain", "phone", "website"),
        ),
        ObjectKind(
            "deals",
            "deal",
            "0-3",
            3001,
            "hs_lastmodifieddate",
            (
                "amount",
                "closedate",
                "createdate",
                "dealname",
                "dealstage",
                "hs_lastmodifieddate",
                "hs_object_id",
                "pipeline",
            ),
            ("dealname", "dealstage", "pipeline"),
        ),
        ObjectKind(
            "tasks",
            "task",
            "0-27",
            9001,
            "hs_lastmodifieddate",
            ("hs_createdate", "hs_lastmodifieddate", "hs_object_id"),
            ("hs_task_subject", "hs_task_body"),
            ("hs_timestamp",),
        ),
        _engagement("calls", "call", "0-48", 410_001, ("hs_call_title", "hs_call_body")),
        _engagement("emails", "email", "0-49", 420_001, ("hs_email_subject", "hs_email_text")),
        _engagement("meetings", "meeting", "0-47", 430_001, ("hs_meeting_title", "hs_meeting_body")),
        _engagement("notes", "note", "0-46", 440_001, ("hs_note_body",)),
    )
}
# What a person did with a contact, a company or a deal.
ENGAGEMENTS = ("calls", "emails", "meetings", "notes")
_BY_ANY_NAME = {alias: kind for kind in KINDS.values() for alias in (kind.name, kind.singular, kind.type_id)}


def kind_called(name: str) -> ObjectKind:
    """Raises HubSpotError 400 for an object type that does not exist."""
    kind = _BY_ANY_NAME.get(name.lower())
    if kind is None:
        raise HubSpotError(400, f"Unable to infer object type from: {name}")
    return kind
