"""Whether two systems kept changing a value back: judged by what stood in each CRM's records, one value after the other.

The owner of a record is the first one, and then whom a person chose, wherever they did; each of them once. No other value comes
back to what it was. What an automation of the CRM wrote is left out, and so is what leadops changed back after it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tests.drills.crm import Crm, Record, Values
from tests.drills.deeds import Deed
from tests.drills.findings import Findings

Written = Mapping[str, Mapping[str, Values]]


def check(
    found: Findings,
    crm: Crm,
    *,
    records: Sequence[Record],
    written: Written,
    done: Mapping[str, Deed],
    first_owners: Mapping[str, str | None],
) -> None:
    """`written`: by record and property; `done`: by address of the lead; `first_owners`: of each lead here, by address."""
    wrong_owners, came_back, most = list[Any](), list[Any](), 0
    for record in records:
        values = written.get(record.id, {})
        owners = _without(values.get(crm.owner_property, ()), crm)
        given = done[record.email].owners if record.email in done else ()
        if record.email in first_owners and not _in_order(owners, first_owners[record.email], given):
            wrong_owners.append((record.email, owners, given))
        for name, several in values.items():
            shown = _without(several, crm)
            if name != crm.owner_property and any(count > 1 for count in Counter(shown).values()):
                came_back.append((record.email, name, shown))
        most = max(most, *(len(_of_us(several)) for several in values.values()), 0)
    found.counts[f"{crm.label}: times that leadops wrote one value of one record, at most"] = most
    found.say(f"{crm.label}: owners that went to and fro", wrong_owners)
    found.say(f"{crm.label}: values that came back to what they were", came_back)


def _in_order(owners: Sequence[str], first: str | None, given: Sequence[str]) -> bool:
    """What happened before the record was made is not to be seen there, and of two changes in a moment the first need not be."""
    expected = _once_in_a_row([first or "", *given])
    steps = iter(expected)
    return bool(owners) and owners[-1] == expected[-1] and all(owner in steps for owner in owners)


def _without(values: Values, crm: Crm) -> list[str]:
    """One after the other, without what an automation wrote; nobody at first is no value."""
    shown = [value for value, by in values if by not in crm.programs]
    return _once_in_a_row(shown[1:] if shown and not shown[0] else shown)


def _once_in_a_row(values: Sequence[str]) -> list[str]:
    return [value for place, value in enumerate(values) if place == 0 or value != values[place - 1]]


def _of_us(values: Values) -> list[str]:
    return [value for value, by in values if not by]
