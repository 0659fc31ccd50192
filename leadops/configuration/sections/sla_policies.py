from typing import Any

from leadops.configuration.schema import Choice, Field, Flag, ListOf, Notes, Path, Shape, Shaped, Text
from leadops.configuration.section import RowSection
from leadops.configuration.sections.conditions import Conditions
from routing.engine.durations import CLOCKS, DurationError, parse
from routing.models import SlaPolicy
from routing.step_settings import SlaStepSpec


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


class _Step(Shaped):
    """Its queue is one of the file's, or of the database's."""

    def check(self, value: Any, at: Path, notes: Notes) -> Any:
        plain = super().check(value, at, notes)
        if isinstance(plain, dict) and isinstance(plain.get("queue"), str):
            notes.refers((*at, "queue"), "queues", plain["queue"])
        return plain


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
            Field("steps", ListOf(_Step(SlaStepSpec)), []),
            Field("active", Flag(), True),
        )
    )
