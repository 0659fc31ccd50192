"""Which SLA policy a lead falls under, when the first answer is due, and when each step is: frozen when
the clock starts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal

from routing.engine.business_time import Calendar
from routing.engine.durations import Clock, Duration, DurationError, parse
from routing.engine.references import Facts, Row
from routing.engine.ruleset import CompiledRuleSet, CompiledSlaPolicy

CountedFrom = Literal["customer", "owner"]


class SlaError(ValueError):
    """The due time cannot be said: a calendar is missing, or the policy makes no sense. A sentence for people."""


@dataclass(frozen=True, slots=True)
class StepDue:
    """counted_from is whose clock the step goes by: the customer's (from received) or the owner's (from
    the assignment)."""

    position: int
    due_at: datetime
    do: str
    at: str
    counted_from: CountedFrom
    params: Mapping[str, Any]

    def to_json(self) -> Row:
        return {
            "position": self.position,
            "due_at": self.due_at.isoformat(),
            "do": self.do,
            "at": self.at,
            "counted_from": self.counted_from,
            "params": dict(self.params),
        }


def policy_for(facts: Facts, ruleset: CompiledRuleSet) -> CompiledSlaPolicy | None:
    """The first policy whose condition holds. A disqualified lead has no clock."""
    if str(facts.get("segment") or "") == "disqualified":
        return None
    index = ruleset.sla_index.first(facts)
    return None if index is None else ruleset.sla_policies[index]


def due_at(
    start: datetime, first_response: str, *, clock: Clock, calendar: Calendar | None = None
) -> datetime:
    """In UTC. calendar is the team's or the owner's; a wall clock needs one only for bh and bd. Raises
    SlaError, NeverOpens."""
    duration = _duration(first_response, clock)
    if duration.kind == "percent":
        raise SlaError(
            f"{first_response} is a share, not a first response time: write it like 30m, 4bh or 1bd."
        )
    return _after(start, duration, calendar)


def steps_at(
    policy: CompiledSlaPolicy,
    *,
    customer_start: datetime,
    owner_start: datetime | None = None,
    calendar: Calendar | None = None,
) -> tuple[StepDue, ...]:
    """Every step with its due time, earliest first, equal ones as written. A step with `clock: owner`
    counts from owner_start (customer_start unless given). A share counts the opening time (on a wall
    clock: the time) between start and due."""
    steps = []
    for position, step in enumerate(policy.steps):
        counted_from: CountedFrom = "owner" if step.params.get("clock") == "owner" else "customer"
        start = owner_start if counted_from == "owner" and owner_start else customer_start
        at = step_due(
            step.at, start, first_response=policy.first_response, clock=policy.clock, calendar=calendar
        )
        params = {name: value for name, value in step.params.items() if name != "clock"}
        steps.append(StepDue(position, at, step.do, step.at, counted_from, params))
    return tuple(sorted(steps, key=lambda step: (step.due_at, step.position)))


def readings(start: datetime, first_response: str, calendar: Calendar) -> dict[str, datetime]:
    """What the text means on either clock, for screens that show both: {"wall", "opening"}."""
    return {
        "wall": due_at(start, first_response, clock="wall", calendar=calendar),
        "opening": due_at(start, first_response, clock="team", calendar=calendar),
    }


def after_return(due: datetime | None, again: datetime) -> datetime:
    """A second touch of an uncontacted lead only shortens the clock that runs."""
    return again if due is None else min(due, again)


def step_due(
    at: str, start: datetime, *, first_response: str, clock: Clock, calendar: Calendar | None
) -> datetime:
    """When a step at `at` is due on a clock that began at `start`. Raises SlaError."""
    duration = _duration(at, clock)
    if duration.kind != "percent":
        return _after(start, duration, calendar)
    first = _duration(first_response, clock)
    due, share = _after(start, first, calendar), float(duration.amount) / 100
    if share == 1:
        return due
    if not first.needs_calendar or calendar is None:
        return start.astimezone(UTC) + (due - start) * share
    return calendar.add(start, round(calendar.elapsed(start, due) * share))


def _after(start: datetime, duration: Duration, calendar: Calendar | None) -> datetime:
    if not duration.needs_calendar:
        return start.astimezone(UTC) + timedelta(seconds=duration.seconds)
    if calendar is None:
        raise SlaError(f"{duration.text} counts opening time, and there is no calendar to count it on.")
    if duration.kind == "business_days":
        return calendar.add_business_days(start, int(duration.amount))
    return calendar.add(start, duration.seconds)


@lru_cache(maxsize=1024)
def _duration(text: str, clock: Clock) -> Duration:
    try:
        return parse(text, clock=clock)
    except DurationError as error:
        raise SlaError(str(error)) from error
