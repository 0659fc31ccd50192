"""What a CRM says about its properties, in words that no CRM owns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

# `choice` takes one of the options, `choices` several of them. `reference` takes the id of something else there.
PropertyType = Literal["text", "number", "boolean", "date", "datetime", "choice", "choices", "reference"]


@dataclass(frozen=True, slots=True)
class PropertyDefinition:
    """`options` are (value, label) in the CRM's order. `length` counts characters, None where the CRM names no limit.

    `read_only`: the CRM writes it itself. `required`: no record is made without it, as far as the CRM says so here.
    `place_names`: it takes the name of a country or a state and not its code: what the CRM calls some, by code; others are
    written in English. None where it does not. `archived`: it is there no more, and writing it is refused.
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
    place_names: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True, slots=True)
class Schema:
    """What a record can have, by name. `stamp` is shown to the CRM to hear whether anything has changed since, "" where it cannot
    say. It is the connector's, and of at most 300 characters."""

    properties: Mapping[str, PropertyDefinition]
    stamp: str = ""


@dataclass(frozen=True, slots=True)
class PropertyNames:
    """What the properties are called that we treat specially; those that start with `own_prefix` are ours to make.

    `own_prefix` is "" where none is ours to make. `key` holds our lead's id. `shared_email` takes the address of a lead whose
    address another record has already. How far people have got with somebody stands in `lifecycle` and `lead_status`, "" where a
    CRM has no such property. `usual`: where every account has a field of ours (canonical -> property), for records that somebody
    made there and for a mapping to start with. `usual_status`: our status -> their word, where an account has not made others.
    `gone`: a sentence, what else it may mean that a property is not there any more, "" for nothing else.
    """

    email: str
    shared_email: str
    owner: str
    own_prefix: str
    key: str
    lifecycle: str = ""
    lead_status: str = ""
    usual: Mapping[str, str] = field(default_factory=dict)
    usual_status: Mapping[str, str] = field(default_factory=dict)
    gone: str = ""

    @property
    def filled_by_us(self) -> frozenset[str]:
        """Properties that are no field's: our key, and the second address where one cannot stand twice."""
        return frozenset({self.key, self.shared_email}) - {self.email}

    def is_ours(self, name: str) -> bool:
        return bool(self.own_prefix) and name.startswith(self.own_prefix)
