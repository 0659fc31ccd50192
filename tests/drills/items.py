"""Whether the exception queue asks once about each cause, and all of it closes by itself: from the items' own times."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tests.drills.faults import CRM, OUTAGE
from tests.drills.findings import Findings
from tests.drills.schedule import Struck

ITSELF = "leadops"
RECORD_GONE, UNAVAILABLE, AUTH_LOST = "crm.record_gone", "crm.unavailable", "crm.auth_lost"
REFUSED = "CRM: token refused"
NOTICED_AFTER = 60.0
"""Seconds within which an outage has its item."""
Item = Mapping[str, Any]


def check(found: Findings, items: Sequence[Item], *, gone: Collection[str]) -> None:
    """`gone`: ids of leads whose records people took away in the CRM. Each of them asks until a person answers."""
    for item in items:
        kind = found.exceptions.setdefault(item["kind"], {"items": 0, "times": 0, "left": 0})
        kind["items"] += 1
        kind["times"] += item["count"]
        kind["left"] += _is_open(item)
    asking = Counter(
        item["subject"]["id"] for item in items if _is_open(item) and item["kind"] == RECORD_GONE
    )
    found.say(
        "exceptions that did not close by themselves",
        [
            (item["kind"], item["cause"], item["subject"]["label"])
            for item in items
            if _is_open(item) and not (item["kind"] == RECORD_GONE and item["subject"]["id"] in gone)
        ],
    )
    found.say(
        "exceptions that a person closed",
        [item["id"] for item in items if item["resolved_by"] not in (None, "", ITSELF)],
    )
    found.say("records taken away there that do not ask once", [lead for lead in gone if asking[lead] != 1])
    found.say("exceptions of one cause at one time", _at_one_time(items))


def check_causes(
    found: Findings,
    items: Sequence[Item],
    *,
    struck: Iterable[Struck],
    began: float,
    restarts_of_the_crm: int,
) -> None:
    """Against what was done to the CRM: an outage is one item however long, and nothing has more items than causes."""
    faults = [one for one in struck if one.name in CRM]
    wrong = list[str]()
    for outage in (one for one in faults if one.name == OUTAGE and one.seconds > 2 * NOTICED_AFTER):
        begin, end = began + outage.at, began + outage.at + outage.seconds
        opened = [one for one in items if begin < _first(one) < end and _is_about_the_crm(one)]
        open_then = [
            one for one in items if one["kind"] == UNAVAILABLE and _first(one) < end - 1 < _last(one)
        ]
        if len(open_then) != 1 or len(opened) > 1:
            wrong.append(f"opened {[one['kind'] for one in opened]}, open at its end {len(open_then)}")
        elif _first(open_then[0]) > begin + NOTICED_AFTER:
            wrong.append(f"noticed after {_first(open_then[0]) - begin:.0f} s")
    found.say("outages that are not one item", wrong)
    causes = {UNAVAILABLE: len(faults) + restarts_of_the_crm}
    causes[AUTH_LOST] = sum(one.name == REFUSED for one in faults)
    kinds = Counter(one["kind"] for one in items)
    found.say(
        "more exceptions than causes",
        [f"{kind}: {kinds[kind]} of {most}" for kind, most in causes.items() if kinds[kind] > most],
    )


def _at_one_time(items: Iterable[Item]) -> list[str]:
    """A cause is what the screen groups by: kind and words. What people took away is a cause for each record."""
    several: dict[tuple[str, str], list[tuple[float, int]]] = defaultdict(list)
    for item in items:
        if item["kind"] != RECORD_GONE:
            times = several[item["kind"], item["cause"]]
            times += [(_first(item), 1), (_last(item), -1)]
    found = []
    for (kind, cause), times in several.items():
        now = most = 0
        for _, change in sorted(times):
            now += change
            most = max(most, now)
        if most > 1:
            found.append(f"{most} × {kind}: {cause}")
    return found


def _is_about_the_crm(item: Item) -> bool:
    return bool(item["kind"].startswith("crm.")) and item["kind"] != RECORD_GONE


def _is_open(item: Item) -> bool:
    return item["status"] not in ("resolved", "dismissed")


def _first(item: Item) -> float:
    return datetime.fromisoformat(item["first_seen_at"]).timestamp()


def _last(item: Item) -> float:
    """When it was settled; far ahead while it is open."""
    at = item["resolved_at"]
    return (datetime.fromisoformat(at) if at else datetime.max.replace(tzinfo=UTC)).timestamp()
