"""Who of a rotation can be picked for this lead, and why not, in words, for everybody else.

Two sets come out. *Present* members are those to whom the lead can be due: active, not away, of the group
whose turn it is (on duty or off duty), below their caps and load, and not a past owner when the lead is routed
again: what was due to that one of this lead was counted when it came first. *Qualified* members can be picked:
present, with the needed skills. Everybody else's credit waits.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from routing.engine.ownership import INACTIVE
from routing.engine.references import Id, Row

CalendarPolicy = Literal["on_duty_first", "on_duty_only", "ignore"]

Why = Literal["inactive", "absent", "off_duty", "capped", "loaded", "skills", "past_owner"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member as the world is now. The *_text fields are for people: "until 4 January (vacation)", "20 of
    20 today", "opens Monday 09:00", "is archived elsewhere"."""

    owner_id: Id
    name: str
    active: bool = True
    inactive_text: str = INACTIVE
    absent: bool = False
    absent_text: str = ""
    on_duty: bool = True
    duty_text: str = ""
    capped: bool = False
    cap_text: str = ""
    load: int = 0
    load_limit: int | None = None
    skills: frozenset[str] = frozenset()
    past_owner: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut:
    owner_id: Id
    name: str
    why: Why
    reason: str

    def to_json(self) -> Row:
        return {"owner_id": self.owner_id, "name": self.name, "why": self.why, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Eligibility:
    """group says whose turn it was: "on_duty", "off_duty", or "all" where calendars do not matter."""

    present: frozenset[Id]
    qualified: frozenset[Id]
    left_out: tuple[LeftOut, ...]
    group: Literal["on_duty", "off_duty", "all"]


def eligible(
    candidates: Iterable[Candidate],
    *,
    policy: CalendarPolicy = "on_duty_first",
    overflow_to_off_duty: bool = False,
    skills: Collection[str] = (),
    ignore_caps: bool = False,
) -> Eligibility:
    """Absence beats duty. on_duty_first asks the off-duty only when nobody on duty could serve this lead,
    or, with overflow_to_off_duty, when all who could are at their caps. ignore_caps is for
    `assign_anyway`: caps and load do not count."""
    everybody = list(candidates)
    needed = frozenset(skill.casefold() for skill in skills)
    here = [one for one in everybody if one.active and not one.absent]
    fit = [one for one in here if not _unfit(one, needed)]
    group = _group(fit, policy, overflow_to_off_duty, ignore_caps)
    present, qualified, left_out = set(), set(), []
    for one in everybody:
        why = _why_not(one, group, needed, ignore_caps)
        if why is None or (why.why == "skills" and not one.past_owner):
            present.add(one.owner_id)
        if why is None:
            qualified.add(one.owner_id)
        else:
            left_out.append(why)
    return Eligibility(frozenset(present), frozenset(qualified), tuple(left_out), group)


def _group(
    fit: list[Candidate], policy: CalendarPolicy, overflow: bool, ignore_caps: bool
) -> Literal["on_duty", "off_duty", "all"]:
    if policy == "ignore":
        return "all"
    on_duty = [one for one in fit if one.on_duty]
    if policy == "on_duty_only":
        return "on_duty"
    if not on_duty:
        return "off_duty"
    if overflow and not ignore_caps and all(_full(one) for one in on_duty):
        return "off_duty"
    return "on_duty"


def _why_not(
    one: Candidate, group: Literal["on_duty", "off_duty", "all"], needed: frozenset[str], ignore_caps: bool
) -> LeftOut | None:
    def out(why: Why, reason: str) -> LeftOut:
        return LeftOut(one.owner_id, one.name, why, f"{one.name} {reason}")

    if not one.active:
        return out("inactive", one.inactive_text)
    if one.absent:
        return out("absent", _said("is away", one.absent_text))
    if not ignore_caps and _full(one):
        if one.capped:
            return out("capped", _said("has reached the cap", one.cap_text))
        return out("loaded", f"has {one.load} open leads, {one.load_limit} at most")
    if group == "on_duty" and not one.on_duty:
        return out("off_duty", _said("is off duty", one.duty_text))
    unfit = _unfit(one, needed)
    if unfit == "skills":
        lacking = ", ".join(sorted(needed - {skill.casefold() for skill in one.skills}))
        return out("skills", f"does not have the skill {lacking}")
    if unfit == "past_owner":
        return out("past_owner", "has had this lead before")
    return None


def _full(one: Candidate) -> bool:
    return one.capped or (one.load_limit is not None and one.load >= one.load_limit)


def _unfit(one: Candidate, needed: frozenset[str]) -> Literal["skills", "past_owner"] | None:
    if needed - {skill.casefold() for skill in one.skills}:
        return "skills"
    return "past_owner" if one.past_owner else None


def _said(what: str, text: str) -> str:
    return f"{what} {text}" if text else what
