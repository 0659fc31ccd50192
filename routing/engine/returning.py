"""A returning lead: same person, same lead, new touch. What the touch changes."""

from dataclasses import dataclass
from typing import Literal

Action = Literal["keep", "new_clock", "notify_owner_only", "timeline_only"]
_STARTS_AGAIN = ("nurture", "closed_lost", "disqualified")


@dataclass(frozen=True, slots=True)
class Previous:
    """The lead as it was before this touch. contacted: its customer clock has been met."""

    status: str
    contacted: bool
    open_deal: bool = False


@dataclass(frozen=True, slots=True)
class Touch:
    """made_there: somebody made a contact of them in the CRM; they themselves have asked for nothing. meeting: what became of
    one that they booked ("cancelled" and the like, for people), which asks for nothing either; meeting_is_told: once is enough.
    """

    purpose: str = "sales"
    same_form_within_10_minutes: bool = False
    made_there: bool = False
    meeting: str = ""
    meeting_is_told: bool = False


@dataclass(frozen=True, slots=True)
class Returning:
    """action:
    keep            same owner and clock; urgency only shortens (`sla.after_return`)
    new_clock       status `new` again, a new clock, the normal order of deciding
    notify_owner_only owner and status stay, the owner is told, no clock
    timeline_only   a row on the timeline, nothing else

    notify: tell the owner of this touch. task: a follow-up task belongs to it.
    """

    action: Action
    notify: bool
    task: bool
    reason: str

    @property
    def routes_again(self) -> bool:
        return self.action == "new_clock"


def returning(previous: Previous, touch: Touch) -> Returning:
    """The first line that applies decides. Whoever was answered in between does not merely press the button twice."""
    if touch.purpose == "content":
        return Returning("timeline_only", False, False, "A content form goes on the timeline only")
    if touch.made_there:
        return Returning("timeline_only", False, False, "A contact made in the CRM goes on the timeline only")
    if previous.status == "spam":
        return Returning("timeline_only", False, False, "The lead was marked as spam")
    if touch.meeting:
        action: Action = "timeline_only" if touch.meeting_is_told else "notify_owner_only"
        return Returning(action, not touch.meeting_is_told, False, f"{touch.meeting}: status and clock stay")
    taken = previous.open_deal or previous.status in ("customer", "qualified")
    again = previous.contacted or previous.status in (*_STARTS_AGAIN, "contacted")
    starts_again = touch.purpose == "sales" and again and not taken
    if touch.same_form_within_10_minutes and not starts_again:
        return Returning("keep", False, False, "The same form within ten minutes")
    if previous.open_deal or previous.status == "customer":
        who = "A customer" if previous.status == "customer" else "A lead with an open deal"
        return Returning("notify_owner_only", True, False, f"{who} came back: the owner is told")
    if starts_again:
        return Returning("new_clock", True, True, "Came back with a sales form: new again")
    if again or previous.status == "qualified":
        return Returning("notify_owner_only", True, False, "Came back: the owner is told")
    return Returning("keep", True, False, "Not contacted yet: same owner and clock")
