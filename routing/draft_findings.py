"""What is wrong or doubtful with drafts: what the engine's linter sees in the snapshot, and the live rows
it points to.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from routing.engine import conditions
from routing.engine.ruleset import RuleSet, RuleSetError
from routing.engine.territories import TerritoryError
from routing.models import Owner, Queue, Rotation
from routing.vocabulary import FACTS


@dataclass(frozen=True, slots=True)
class Finding:
    """Errors stop a publication, warnings do not. `where` is the thing, as ("rule", "DACH")."""

    level: Literal["error", "warning"]
    message: str
    where: tuple[str, str] = ("", "")


def find(snapshot: Mapping[str, Any]) -> list[Finding]:
    return [*_in_snapshot(snapshot), *_in_targets(snapshot), *_in_rotations()]


def _in_snapshot(snapshot: Mapping[str, Any]) -> Iterator[Finding]:
    if snapshot["fallback_queue"] is None:
        yield Finding("error", "No queue is the fallback: choose the one that gets whatever no rule matched.")
    broken = False
    for what, key in (("rule", "rules"), ("territory", "territories"), ("SLA policy", "sla_policies")):
        for row in snapshot[key]:
            for problem in conditions.check(row["when"], FACTS):
                broken = True
                yield Finding("error", f"The {what} “{row['name']}”: {problem}", (what, row["name"]))
    if broken:
        return
    try:
        RuleSet.from_json(snapshot)
    except (RuleSetError, TerritoryError) as error:
        yield Finding("error", str(error))


def _in_targets(snapshot: Mapping[str, Any]) -> Iterator[Finding]:
    active = {
        "rotation": set(Rotation.objects.filter(active=True).values_list("pk", flat=True)),
        "queue": set(Queue.objects.filter(active=True).values_list("pk", flat=True)),
        "owner": set(Owner.objects.filter(active=True).values_list("pk", flat=True)),
    }
    for rule in snapshot["rules"]:
        target, where = rule["target"], ("rule", rule["name"])
        if target["kind"] not in active:
            continue
        if not target["id"]:
            yield Finding(
                "error", f"The rule “{rule['name']}” does not say to which {target['kind']} it sends.", where
            )
        elif target["id"] not in active[target["kind"]]:
            to = f"the {target['kind']} “{target['name']}”"
            yield Finding("error", f"The rule “{rule['name']}” sends to {to}, which is inactive.", where)


def _in_rotations() -> Iterator[Finding]:
    rotations = {
        row.pk: row for row in Rotation.objects.filter(active=True).select_related("when_empty_queue")
    }
    for rotation in rotations.values():
        if circle := _circle(rotation, rotations):
            names = " → ".join(f"“{one.name}”" for one in [*circle, rotation])
            where = ("rotation", rotation.name)
            yield Finding("error", f"Rotations that send to each other when nobody is there: {names}.", where)


def _circle(start: Rotation, rotations: Mapping[int, Rotation]) -> list[Rotation]:
    """The rotations from `start` back to itself; reported once, from the first of them."""
    chain, here = [start], _next(start, rotations)
    while here is not None and here not in chain:
        chain.append(here)
        here = _next(here, rotations)
    return chain if here is start and start.pk == min(one.pk for one in chain) else []


def _next(rotation: Rotation, rotations: Mapping[int, Rotation]) -> Rotation | None:
    if rotation.when_empty != Rotation.WhenEmpty.ROTATION or rotation.when_empty_rotation_id is None:
        return None
    return rotations.get(rotation.when_empty_rotation_id)
