"""What a CRM says about its properties, in words that no CRM owns."""

from dataclasses import dataclass
from typing import Literal

# `choice` takes one of the options, `choices` several of them. `reference` takes the id of something else there.
PropertyType = Literal["text", "number", "boolean", "date", "datetime", "choice", "choices", "reference"]


@dataclass(frozen=True, slots=True)
class PropertyDefinition:
    """`options` are (value, label) in the CRM's order. `length` counts characters, None where the CRM names no limit.

    `read_only`: the CRM writes it itself. `required`: no record is made without it, as far as the CRM says so here.
    `archived`: it is there no more, and writing it is refused.
    """

    name: str
    label: str
    type: PropertyType = "text"
    options: tuple[tuple[str, str], ...] = ()
    length: int | None = None
    read_only: bool = False
    required: bool = False
    unique: bool = False
    archived: bool = False
