"""Conditions: the engine says what is wrong with them; here that gets a place in the file."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from leadops.configuration.schema import Kind, Notes, Path
from routing.engine import conditions
from routing.rules.vocabulary import FACTS

_STEP = re.compile(r"(\w+)\[(\d+)\]|(\w+)")


@dataclass(frozen=True)
class Conditions(Kind):
    """all / any / none. `territory in [...]` refers to territories."""

    def check(self, value: Any, at: Path, notes: Notes) -> Any:
        value = _json(value)
        if not isinstance(value, dict):
            notes.problem(at, "Write a condition here, like {all: [{field: country, eq: DE}]}.")
            return value
        problems = conditions.check(value, FACTS)
        for problem in problems:
            notes.problem((*at, *_steps(problem.path)), problem.message)
        if not problems:
            self._refer(value, at, notes)
        return value

    def _refer(self, value: Any, at: Path, notes: Notes) -> None:
        for group in conditions.GROUPS:
            for place, part in enumerate(value.get(group, ())):
                self._refer(part, (*at, group, place), notes)
        if value.get("field") == "territory":
            operator = conditions.operator_of(value)
            if operator in ("eq", "ne", "in", "not_in"):
                names = value[operator] if isinstance(value[operator], list) else [value[operator]]
                for name in names:
                    notes.refers((*at, operator), "territories", str(name), any_case=True)


def _json(value: Any) -> Any:
    """As a JSON column holds it: dates are text. The field comes first, as people read it."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name != "field")
        return {name: _json(value[name]) for name in names}
    if isinstance(value, list):
        return [_json(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def _steps(path: str) -> Path:
    """ "all[1].any[0]" -> ("all", 1, "any", 0)"""
    steps: list[str | int] = []
    for group, place, name in _STEP.findall(path):
        steps += [group, int(place)] if group else [name]
    return tuple(steps)
