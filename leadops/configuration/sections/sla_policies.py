from typing import Any

from leadops.configuration.schema import Choice, Field, Flag, Item, ListOf, Notes, Path, Shape, Text
from leadops.configuration.section import Reference, RowSection
from leadops.configuration.sections.conditions import Conditions
from routing.engine.durations import CLOCKS, DurationError, parse
from routing.engine.step_kinds import EXCLUDE, NOT_ACTIVE_YET, STEP_KINDS
from routing.models import Queue, SlaPolicy

# What a step may say beside `at`, `do` and `clock`, and which steps may say it.
_ONLY_FOR = {option: kind.do for kind in STEP_KINDS.values() for option in kind.options}


def _duration(text: str) -> str:
    try:
        parse(text)
    except DurationError as error:
        return str(error)
    return ""


def _first_response(text: str) -> str:
    return _duration(text) or (
        "A first response time is not a share: write 30m, 4bh or 1bd." if "%" in text else ""
    )


def _step(item: Item, at: Path, notes: Notes) -> None:
    for name, do in _ONLY_FOR.items():
        if name in item and item["do"] != do:
            notes.problem((*at, name), f"Only “do: {do}” has “{name}”.")
    if item["do"] == "queue" and "queue" not in item:
        notes.problem(at, "“do: queue” needs the name of the queue: queue: Triage.")


_STEP = Shape(
    (
        Field("at", Text(12, also=_duration)),
        Field("do", Choice((*STEP_KINDS, *NOT_ACTIVE_YET))),
        Field("clock", Choice(("customer", "owner")), "customer"),
        Field("exclude", Choice(EXCLUDE), EXCLUDE[0]),
        Field("queue", Reference("queues", Queue), None),
    ),
    also=_step,
)


class SlaPolicies(RowSection):
    name = "sla_policies"
    model = SlaPolicy
    ordered = True
    item = Shape(
        (
            Field("name", Text(120)),
            Field("when", Conditions(), {}),
            Field("clock", Choice(CLOCKS), "team", shown=True),
            Field("first_response", Text(12, also=_first_response)),
            Field("steps", ListOf(_STEP), []),
            Field("active", Flag(), True),
        )
    )

    def fill(self, row: Any, item: Item, fields: Any) -> None:
        super().fill(row, item, [known for known in fields if known.name != "steps"])
        row.steps = item.get("steps", [])
