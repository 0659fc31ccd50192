"""What differs between two snapshots, in sentences for the person who is about to publish."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from routing.engine.account_family import OWNER_FROM
from routing.engine.account_match import ALL_STEPS, BY
from routing.engine.wording import sentence
from routing.rules.vocabulary import LABELS

Snapshot = Mapping[str, Any]
Row = Mapping[str, Any]

_EMPTY: Snapshot = {
    "rules": [],
    "territories": [],
    "scoring": {"thresholds": {}, "rules": [], "disqualify": [], "caps": {}},
    "stickiness": {},
    "sla_policies": [],
    "fallback_queue": None,
}


def sentences(before: Snapshot | None, after: Snapshot) -> list[str]:
    """`before` None: nothing was published yet, so everything is new."""
    return list(_sentences(before or _EMPTY, after))


def _sentences(before: Snapshot, after: Snapshot) -> Iterator[str]:
    yield from _rows("Rule", before["rules"], after["rules"], key="id", changes=_rule_changes)
    # Rules for account owners are asked before the others, wherever they stand.
    for what, of_accounts in (
        ("The order of the rules for account owners", True),
        ("The order of the rules", False),
    ):
        was, now = (
            [row for row in rules if (row["target"]["kind"] == "account_owner") == of_accounts]
            for rules in (before["rules"], after["rules"])
        )
        yield from _new_places(was, now)
        yield from _order(what, was, now, key="id", name="name")
    territories = {row["id"]: row["name"] for row in [*before["territories"], *after["territories"]]}
    yield from _rows(
        "Territory",
        before["territories"],
        after["territories"],
        key="id",
        changes=lambda old, new: _territory_changes(old, new, territories),
    )
    yield from _scoring(before["scoring"], after["scoring"])
    if before["stickiness"] != after["stickiness"]:
        yield _stickiness(after["stickiness"])
    yield from _rows(
        "Response time", before["sla_policies"], after["sla_policies"], key="id", changes=_policy_changes
    )
    yield from _order(
        "The order of the response times",
        before["sla_policies"],
        after["sla_policies"],
        key="id",
        name="name",
    )
    if before.get("account_steps") != after.get("account_steps"):
        yield _account_steps(after.get("account_steps", ALL_STEPS))
    if before.get("account_owner_from") != after.get("account_owner_from"):
        yield f"Whose an account is: {OWNER_FROM[after.get('account_owner_from', 'self')].lower()}"
    if before["fallback_queue"] != after["fallback_queue"]:
        queue = after["fallback_queue"]
        yield (
            f"The fallback queue is now “{queue['name']}”."
            if queue
            else "There is no fallback queue any more."
        )


def _rows(
    what: str,
    before: Iterable[Row],
    after: Iterable[Row],
    *,
    key: str,
    changes: Callable[[Row, Row], Iterable[str]],
    name: str = "name",
) -> Iterator[str]:
    old, new = {row[key]: row for row in before}, {row[key]: row for row in after}
    for ident, row in new.items():
        if ident not in old:
            yield f"{what} “{row[name]}” is new."
        elif said := [change for change in changes(old[ident], row) if change]:
            yield f"{what} “{row[name]}” {' and '.join(said)}."
    for ident, row in old.items():
        if ident not in new:
            yield f"{what} “{row[name]}” goes."


def _order(what: str, before: Iterable[Row], after: Iterable[Row], *, key: str, name: str) -> Iterator[str]:
    was, now = list(before), list(after)
    both = {row[key] for row in was} & {row[key] for row in now}
    if [row[key] for row in was if row[key] in both] != [row[key] for row in now if row[key] in both]:
        yield f"{what} is now: {', '.join(row[name] for row in now)}."


def _new_places(before: Iterable[Row], after: Iterable[Row]) -> Iterator[str]:
    """A new rule at the end takes what is left over; anywhere else it takes leads from those below."""
    known, below = {row["id"] for row in before}, list(after)
    for place, row in enumerate(below):
        following = next((one for one in below[place + 1 :] if one["id"] in known), None)
        if row["id"] not in known and following is not None:
            yield f"Rule “{row['name']}” stands above “{following['name']}”."


def _renamed(old: Row, new: Row) -> str:
    return f"was called “{old['name']}”" if old["name"] != new["name"] else ""


def _conditions(old: Row, new: Row) -> str:
    if old["when"] == new["when"]:
        return ""
    return f"now asks whether {sentence(new['when'], LABELS)}" if new["when"] else "now takes every lead"


def _rule_changes(old: Row, new: Row) -> list[str]:
    said = [_renamed(old, new), _conditions(old, new)]
    if old["target"] != new["target"]:
        said.append(f"now sends to {_target(new['target'])} instead of {_target(old['target'])}")
    return said


def _target(target: Row) -> str:
    if target["kind"] == "account_owner":
        return "the account's owner"
    return f"the {target['kind']} “{target['name']}”" if target["kind"] != "owner" else str(target["name"])


def _territory_changes(old: Row, new: Row, names: Mapping[Any, str]) -> list[str]:
    said = [_renamed(old, new), _conditions(old, new)]
    if old["parent_id"] != new["parent_id"]:
        parent = names.get(new["parent_id"])
        said.append(f"now lies in “{parent}”" if parent else "now stands at the top")
    return said


def _policy_changes(old: Row, new: Row) -> list[str]:
    said = [_renamed(old, new), _conditions(old, new)]
    if (old["first_response"], old["clock"]) != (new["first_response"], new["clock"]):
        said.append(f"now asks for a first response within {new['first_response']} ({new['clock']} clock)")
    if old["steps"] != new["steps"]:
        steps = ", ".join(f"{step['at']} {step['do'].replace('_', ' ')}" for step in new["steps"])
        said.append(f"now has the steps {steps}" if steps else "has no steps any more")
    return said


def _scoring(before: Row, after: Row) -> Iterator[str]:
    if before["thresholds"] != after["thresholds"]:
        thresholds = after["thresholds"]
        yield f"Leads are hot from {thresholds['hot']} points and warm from {thresholds['warm']}."
    if before["caps"] != after["caps"]:
        caps = ", ".join(f"{category} {points}" for category, points in sorted(after["caps"].items()))
        yield f"Most points per category: {caps}." if caps else "Categories have no upper limit any more."
    yield from _rows(
        "Scoring rule",
        before["rules"],
        after["rules"],
        key="label",
        name="label",
        changes=_scoring_rule_changes,
    )
    yield from _rows(
        "Reason to disqualify",
        before["disqualify"],
        after["disqualify"],
        key="reason",
        name="reason",
        changes=lambda old, new: [_conditions(old, new)],
    )


def _scoring_rule_changes(old: Row, new: Row) -> list[str]:
    said = [_conditions(old, new)]
    if old["points"] != new["points"]:
        said.append(f"now gives {new['points']:+d} points instead of {old['points']:+d}")
    if old["category"] != new["category"]:
        said.append(f"now counts as {new['category'] or 'no category'}")
    return said


def _account_steps(steps: Iterable[str]) -> str:
    said = [BY.get(step, step) for step in steps]
    return (
        f"An account is found {', then '.join(said)}." if said else "No lead belongs to an account any more."
    )


def _stickiness(new: Row) -> str:
    if not new["enabled"]:
        return "Returning leads no longer go back to their owner."
    away = "a backup takes the touch" if new["when_owner_away"] == "rotate" else "the owner keeps it"
    return f"Returning leads go back to their owner for {new['days']} days; if the owner is away, {away}."
