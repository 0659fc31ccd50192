"""Whether the exception queue asks once about each cause, and all of it closes by itself."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from tests.drills.crm import Crm
from tests.drills.findings import Findings
from tests.drills.schedule import Struck
from tests.drills.watching import Look

ITSELF, CONNECTION = "leadops", "connection"
RECORD_GONE, UNAVAILABLE, AUTH_LOST = "crm.record_gone", "crm.unavailable", "crm.auth_lost"
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


def check_causes(
    found: Findings,
    crm: Crm,
    items: Sequence[Item],
    looks: Sequence[Look],
    *,
    struck: Iterable[Struck],
    began: float,
    restarts_of_the_crm: int,
) -> None:
    """Against what was done to a CRM: an outage is one item however long, and nothing has more items than causes."""
    faults = [one for one in struck if one.name in {**crm.faults, **crm.late_faults}]
    wrong = list[str]()
    for outage in (one for one in faults if one.name == crm.outage and one.seconds > 2 * NOTICED_AFTER):
        begin, end = began + outage.at, began + outage.at + outage.seconds
        before = {one["id"] for look in looks if look.at < begin for one in look.items}
        seen = [look for look in looks if begin + NOTICED_AFTER < look.at < end]
        about_it = [
            {one["id"] for one in look.items if one["kind"] == UNAVAILABLE and _is_about(one, crm)}
            for look in seen
        ]
        opened = {one["id"] for look in seen for one in look.items if _is_about(one, crm)} - before
        if not about_it or len(about_it[0]) != 1 or any(each != about_it[0] for each in about_it):
            wrong.append(
                f"items {sorted(set().union(*about_it))} in {len(seen)} looks, not one in all of them"
            )
        elif opened - about_it[0]:
            wrong.append(f"others too: {sorted(opened)}")
    found.say(f"{crm.label}: outages that are not one item", wrong)
    causes = {UNAVAILABLE: len(faults) + restarts_of_the_crm}
    causes[AUTH_LOST] = sum(one.name in crm.refusals for one in faults)
    kinds = Counter(one["kind"] for one in items if _is_about(one, crm))
    found.say(
        f"{crm.label}: more exceptions than causes",
        [f"{kind}: {kinds[kind]} of {most}" for kind, most in causes.items() if kinds[kind] > most],
    )


def check_looks(found: Findings, looks: Sequence[Look]) -> None:
    found.counts["times that the exception queue was looked at"] = len(looks)
    found.say("exceptions of one cause at one time", _at_one_time(looks))


def _at_one_time(looks: Iterable[Look]) -> list[str]:
    """A cause is what the screen groups by: kind and words; of a CRM as a whole, which one too. What people took away is a cause
    for each record."""
    most = Counter[tuple[str, str, str]]()
    for look in looks:
        most |= Counter(
            (one["kind"], one["cause"], one["subject"]["id"] if one["subject"]["type"] == CONNECTION else "")
            for one in look.items
            if one["kind"] != RECORD_GONE
        )
    return [f"{count} × {kind}: {cause}" for (kind, cause, _), count in most.items() if count > 1]


def _is_about(item: Item, crm: Crm) -> bool:
    """Of the CRM as a whole, or of a lead's copy there: then the item does not say of which CRM, and counts for each."""
    if not item["kind"].startswith("crm.") or item["kind"] == RECORD_GONE:
        return False
    return item["subject"]["type"] != CONNECTION or bool(item["subject"]["id"] == crm.key)


def _is_open(item: Item) -> bool:
    return item["status"] not in ("resolved", "dismissed")
