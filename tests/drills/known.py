"""People whom a CRM knows before they fill in the form: the same question for each CRM, so that the drill is written once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.drills.crm import Crm
from tests.drills.talking import Server
from tests.drills.traffic import Post

KEEP, ROUTE_ANEW = "keep", "route_anew"
ACTIVE, INACTIVE, STRANGER = "bob@acme.test", "maria@acme.test", "zoe@acme.test"
AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Story:
    """One kind of person whom the CRM knows. `keeps`: under which policies their owner there stays. `buys`: a customer, or with a
    deal that is open, for whom no sales clock runs. `company`: only the company they work for is known."""

    properties: Mapping[str, str] = field(default_factory=dict)
    owner: str = ""
    keeps: tuple[str, ...] = (KEEP, ROUTE_ANEW)
    buys: bool = False
    deal: bool = False
    company: bool = False
    special: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """A record as it stands. `email` is the first address, `owner` an address, "" for nobody, `lead` our key on it, None where
    such a record has no place for it. `values`: what leadops never sets back, by what people call it."""

    id: str
    email: str
    owner: str
    lead: str | None
    values: Mapping[str, str]


Told = Sequence[tuple[Post, Story]]


class KnownPeople(Protocol):
    """`recycled`: statuses of leads whose owners have given up."""

    crm: Crm
    stories: Mapping[str, Story]
    recycled: Sequence[str]

    def make(self, sandbox: Server, people: Told) -> dict[int, str]:
        """Ids of their records, by the person's number; none for those whose company alone is known."""

    def standing(self, sandbox: Server) -> list[Standing]:
        """All that live."""


def control(sandbox: Server, path: str, body: Any) -> Any:
    status, answer = sandbox.ask("POST", f"/control/{path}", body)
    assert status < 300, answer
    return answer


def made(sandbox: Server, path: str, bodies: Sequence[Any]) -> list[str]:
    ids: list[str] = []
    for start in range(0, len(bodies), AT_ONCE):
        ids += control(sandbox, path, bodies[start : start + AT_ONCE])["ids"]
    return ids
