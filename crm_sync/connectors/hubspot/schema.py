"""Contact properties as HubSpot defines them. Which ones a new contact must have is not among what it says."""

from collections.abc import Mapping
from typing import Any

from crm_sync.connectors.definitions import PropertyDefinition, PropertyType
from crm_sync.connectors.hubspot.client import Client
from crm_sync.connectors.hubspot.properties import definitions

_LONGEST_TEXT = 65_536
_TYPES: dict[str, PropertyType] = {
    "number": "number",
    "bool": "boolean",
    "date": "date",
    "datetime": "datetime",
    "enumeration": "choice",
}


def read(client: Client) -> dict[str, PropertyDefinition]:
    """By name: one call."""
    return {name: _read(name, each) for name, each in definitions(client).items()}


def _read(name: str, each: Mapping[str, Any]) -> PropertyDefinition:
    type_ = _type(each)
    return PropertyDefinition(
        name=name,
        label=str(each.get("label") or name),
        type=type_,
        options=tuple(_option(option) for option in each.get("options") or () if option.get("value")),
        length=_LONGEST_TEXT if type_ == "text" else None,
        read_only=bool(
            (each.get("modificationMetadata") or {}).get("readOnlyValue") or each.get("calculated")
        ),
        unique=bool(each.get("hasUniqueValue")),
        archived=bool(each.get("archived")),
    )


def _type(each: Mapping[str, Any]) -> PropertyType:
    if each.get("externalOptions") or each.get("referencedObjectType"):
        # Its options are not listed: owners, for one.
        return "reference"
    if each.get("type") == "enumeration" and each.get("fieldType") == "checkbox":
        return "choices"
    return _TYPES.get(str(each.get("type")), "text")


def _option(option: Mapping[str, Any]) -> tuple[str, str]:
    value = str(option["value"])
    return value, str(option.get("label") or value)
