"""What notices say."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse

from intake.models import Lead
from routing import lead_state
from routing.models import OwnerNotice
from routing.response.calendars import owner_calendar_row

_OPENING = {
    OwnerNotice.Kind.ASSIGNED: "You have a new lead.",
    OwnerNotice.Kind.RETURNED: "A lead of yours has come back.",
    OwnerNotice.Kind.REMINDER: "This lead is still waiting for an answer.",
    OwnerNotice.Kind.OVERDUE: "This lead has not been answered in time.",
    OwnerNotice.Kind.LOST: "This lead has gone to somebody else.",
    OwnerNotice.Kind.QUEUED: "A lead is waiting in a queue of your team.",
}
_TITLE = {
    OwnerNotice.Kind.ASSIGNED: "New lead",
    OwnerNotice.Kind.RETURNED: "Came back",
    OwnerNotice.Kind.REMINDER: "Reminder",
    OwnerNotice.Kind.OVERDUE: "Overdue",
    OwnerNotice.Kind.LOST: "Moved on",
    OwnerNotice.Kind.QUEUED: "New in queue",
}


def compose(notice: OwnerNotice) -> tuple[str, str]:
    """Title and plain-text body, read from the lead as it is now."""
    lead = notice.lead
    state = lead_state.of_leads([lead.pk])[lead.pk]
    kind = OwnerNotice.Kind(notice.kind)
    title = f"{_TITLE[kind]}: {lead}" + (f" ({lead.company})" if lead.company else "")
    lines = [_OPENING[kind], "", *_who(lead), ""]
    if state.assignment:
        lines += [f"Assigned to: {state.assignment}", f"Why: {state.assignment.reason}"]
    if state.score:
        lines.append(f"Score: {state.score.points} ({state.score.segment})")
    if state.running_clock:
        lines.append(f"Answer by: {_when(state.running_clock.due_at, notice)}")
    page = reverse("admin:intake_lead_change", args=(lead.pk,))
    lines += ["", f"Open the lead: {settings.LEADOPS_PUBLIC_URL}{page}"]
    if notice.hold_until is not None:
        lines += ["", settings.LEADOPS_RECORD_BEHIND]
    if notice.sending_since is not None:
        lines += ["", "Sending this was interrupted before: you may have it twice."]
    return title, "\n".join(lines) + "\n"


def _who(lead: Lead) -> list[str]:
    shown = (
        ("Name", str(lead)),
        ("Job title", lead.job_title),
        ("Company", lead.company),
        ("E-mail", lead.email),
        ("Phone", lead.phone),
        ("Country", lead.country),
        ("Message", lead.message),
    )
    return [f"{label}: {value}" for label, value in shown if value]


def _when(at: datetime, notice: OwnerNotice) -> str:
    """By the calendar of whoever reads it: the owner's, or that of the team that works the queue; UTC where there is none."""
    row = owner_calendar_row(notice.owner) if notice.owner else notice.team.calendar if notice.team else None
    zone = ZoneInfo(row.timezone) if row else UTC
    return f"{at.astimezone(zone):%a %d %b %Y %H:%M %Z}"
