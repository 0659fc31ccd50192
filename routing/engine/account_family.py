"""Whose an account is: its own owner's, or that of a company above it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from routing.engine.account_match import ALL_STEPS, Step

OwnerFrom = Literal["self", "parent", "ultimate"]

OWNER_FROM: dict[OwnerFrom, str] = {
    "self": "The account's own owner",
    "parent": "The owner of the company right above it, if there is one",
    "ultimate": "The owner of the topmost company above it that has one",
}
# A chain that is longer is a mistake of somebody's.
MOST_ABOVE = 20


@dataclass(frozen=True, slots=True)
class AccountRules:
    """How accounts are found, in this order, and whose owner decides."""

    steps: tuple[Step, ...] = ALL_STEPS
    owner_from: OwnerFrom = "self"


USUAL_RULES = AccountRules()


@dataclass(frozen=True, slots=True)
class Relative:
    """An account in a family. `owner` is somebody who can take leads, "" where nobody can; `parent` is the id of the next one
    above, "" for none."""

    id: str
    name: str
    owner: str = ""
    parent: str = ""


def holder(
    account: Relative, owner_from: OwnerFrom, find: Callable[[str], Relative | None] = lambda _: None
) -> Relative:
    """The relative whose owner counts: the account itself where nobody above it has one.

    `find` gives a relative by its id. Circles and parents that nobody knows end the way up.
    """
    if owner_from == "self":
        return account
    above = list(_above(account, find))
    if owner_from == "parent":
        above = above[:1]
    return next((one for one in reversed(above) if one.owner), account)


def _above(account: Relative, find: Callable[[str], Relative | None]) -> Iterator[Relative]:
    seen, one = {account.id}, account
    while one.parent and one.parent not in seen and len(seen) <= MOST_ABOVE:
        seen.add(one.parent)
        found = find(one.parent)
        if found is None:
            return
        one = found
        yield one
