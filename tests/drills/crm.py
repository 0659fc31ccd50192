"""What a drill asks of a CRM and does in it: the same questions and deeds for each, so that all else is written once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tests.drills.faults import Call, Fault
from tests.drills.installation import Installation
from tests.drills.talking import Server


@dataclass(frozen=True, slots=True)
class Record:
    """Somebody as the CRM has them. `owner` is an address, "" for nobody; `lead` is our key on the record."""

    id: str
    email: str
    owner: str
    lead: str


@dataclass(frozen=True, slots=True)
class Task:
    """`records` are ids there, `owner` is an address, `lead` the id in its words, "" where there is none."""

    id: str
    records: frozenset[str]
    owner: str
    lead: str


Values = Sequence[tuple[str, str]]
"""What stood in a property, one after the other, each with who wrote it: an address, "" for leadops."""
Connections = Mapping[str, Any]


class Crm(Protocol):
    """`key` is the connection's. `stories`: what people do there, as often as it stands. `outage` names the fault in which it is
    out of order as a whole, `refusals` those in which nobody is let in. `late_faults` strike at the end, since leads wait for
    long after them. `programs`: as whom the CRM's own automation writes."""

    key: str
    label: str
    env: Mapping[str, str]
    stories: Sequence[str]
    faults: Mapping[str, Fault]
    late_faults: Mapping[str, Fault]
    outage: str
    refusals: Sequence[str]
    owner_property: str
    programs: Sequence[str]

    def connection(self, demo: Connections, *, primary: bool) -> dict[str, Any]:
        """Its part of the configuration, from the demo's only connection."""

    def set_up(self, installation: Installation) -> None:
        """What stands there before the first post."""

    def records(self, sandbox: Server) -> list[Record]:
        """All that live."""

    def tasks(self, sandbox: Server) -> list[Task]: ...

    def written(self, sandbox: Server, ids: Sequence[str]) -> dict[str, dict[str, Values]]:
        """By record and property, oldest first; owners by address."""

    def look(self, sandbox: Server, email: str) -> Record | None:
        """Whatever fault strikes the API. Raises one of UNANSWERED."""

    # What people do, each as a call: method, path, body.
    def give(self, record: Record, owner: str, by: str) -> Call: ...

    def delete(self, record: Record, *, erase: bool = False) -> Call: ...

    def restore(self, record: Record) -> Call: ...

    def make(self, email: str, by: str) -> Call: ...

    def merge(self, kept: Record, other: Record, by: str) -> Call: ...

    def are_one(self, sandbox: Server, kept: Record, other: Record) -> bool: ...

    def convert(self, record: Record, by: str) -> Call:
        """Into a contact, where the CRM has leads that are none."""
