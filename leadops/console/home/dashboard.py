"""Home: is everything flowing? The answer in one line, the numbers below, each a link to what is behind it."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, Min
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from crm_sync.models import CrmConnection, OutboxEntry
from exception_queue import grouping
from exception_queue.admin import screen
from exception_queue.models import ExceptionItem
from intake.models import Submission
from leadops import handoff
from leadops.console import figures
from leadops.console.figures import Volume
from leadops.console.home import first_steps, wellbeing
from leadops.console.home.wellbeing import Line
from leadops.handoff import Figures
from plumbing.admin_kit.moments import seconds_in_words
from plumbing.admin_kit.people import name_of
from plumbing.counting import counted
from plumbing.findings import Finding, worst_of
from routing.models import SlaClock

HOURS = 24
TOP_CAUSES = 5
TOP_OWNERS = 12
_SEGMENT_COLOURS = {
    "hot": "var(--color-red-500)",
    "warm": "var(--color-orange-400)",
    "cold": "var(--color-blue-400)",
    "disqualified": "var(--color-base-400)",
    "unscored": "var(--color-base-300)",
}


def callback(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """UNFOLD["DASHBOARD_CALLBACK"]. About twenty-five queries, whatever the number of leads."""
    now = timezone.now()
    day = now - timedelta(hours=HOURS)
    health = wellbeing.lines(now=now)
    context |= {"title": "Home", "health": health}
    if not Submission.objects.exists():
        return context | {"first_steps": first_steps.steps()}
    hour_ago = now - timedelta(hours=1)
    hour = handoff.total(since=hour_ago, until=now)
    counts = grouping.counts(by=name_of(request.user))
    need_a_person = counts.unresolved - counts.snoozed
    late = _overdue(now)
    last_day = handoff.total(since=day, until=now)
    volume = figures.volume(start=day - timedelta(hours=HOURS), middle=day, hour=hour_ago)
    crm = CrmConnection.objects.filter(active=True).order_by("-primary", "key").first()
    return context | {
        "answer": answer(
            hour,
            leads=volume.hour,
            crm=crm.crm_name if crm else "",
            need_a_person=need_a_person,
            overdue=late["n"],
            health=health,
        ),
        "latest": volume.latest,
        "cards": _cards(last_day, volume, need_a_person=need_a_person, late=late, now=now),
        **_charts(day, now=now),
        "last_day": last_day,
        "shares": _shares(day),
        "causes": screen.cards(
            ExceptionItem.objects.filter(status=ExceptionItem.Status.OPEN),
            screen.View("all"),
            user=request.user,
        )[:TOP_CAUSES],
    }


def answer(
    hour: Figures,
    *,
    leads: int,
    crm: str,
    need_a_person: int,
    overdue: int = 0,
    health: Sequence[Line] = (),
) -> str:
    """ "3 exceptions need a person. 42 leads in the last hour, all in the CRM within 0.6 s (p95)." What is wrong comes first."""
    came = f"{counted(leads, 'lead')} in the last hour, {_how_far(hour, crm)}."
    flow = came if leads else "No leads in the last hour."
    rows = []
    if overdue:
        rows.append(Finding("warn", f"{counted(overdue, 'answer is', 'answers are')} overdue."))
    if need_a_person:
        person = counted(need_a_person, "exception needs a person.", "exceptions need a person.")
        rows.append(Finding("warn", person))
    # All of these stand below, at the foot of the page: the headline has room for one.
    ill = [Finding("fail", f"{line.name}: {_ended(line.says)}") for line in health if not line.ok]
    worst = worst_of([*ill, *rows])
    if worst is None:
        return f"{flow} Nothing needs a person."
    return " ".join([worst.title, flow, *(row.title for row in rows if row is not worst)])


def _ended(says: str) -> str:
    """As a sentence: what a CRM has said may have a full stop or not."""
    return says if says.endswith((".", "?", "!")) else f"{says}."


def _how_far(hour: Figures, crm: str) -> str:
    if crm and hour.new_leads:
        within, arrived = hour.received_to_crm.p95, hour.received_to_crm.count
        if not arrived:
            return f"none of {hour.new_leads} in {crm} with the right owner yet"
        some = f"all in {crm}"
        if arrived < hour.new_leads:
            some = f"{arrived} of {hour.new_leads} new ones in {crm} with the right owner"
        return f"{some} within {seconds_in_words(within or 0.0)} (p95)"
    within = hour.received_to_handed_off.p95
    if not hour.handed_off:
        return "none handed off yet"
    some = "all" if hour.handed_off_rate == 1 else f"{hour.handed_off}"
    return f"{some} handed off within {seconds_in_words(within or 0.0)} (p95)"


def _overdue(now: datetime) -> dict[str, Any]:
    """n and since: how many answers are late, and when the first of them was due."""
    return SlaClock.objects.filter(status=SlaClock.Status.RUNNING, due_at__lte=now).aggregate(
        n=Count("pk"), since=Min("due_at")
    )


def _cards(
    day: Figures, volume: Volume, *, need_a_person: int, late: dict[str, Any], now: datetime
) -> list[dict[str, Any]]:
    outbox = OutboxEntry.objects.filter(status=OutboxEntry.Status.PENDING).aggregate(
        n=Count("pk"), since=Min("created_at")
    )
    since, before = volume.since, volume.before
    wait = seconds_in_words((now - outbox["since"]).total_seconds()) if outbox["since"] else ""
    worst = seconds_in_words((now - late["since"]).total_seconds()) if late["since"] else ""
    leads = reverse("admin:intake_lead_changelist")
    return [
        {
            "title": "Leads, last 24 hours",
            "value": since,
            "more": _change(since, before),
            "url": leads,
        },
        {
            "title": "Handed off",
            "value": f"{100 * day.handed_off_rate:.0f} %" if day.handed_off_rate is not None else "–",
            "more": f"{day.handed_off} of {day.received - day.spam - day.rejected}"
            + (f", {day.held} held" if day.held else "")
            + (f", {day.spam} spam" if day.spam else ""),
            "tone": "warning" if day.held else "",
            "url": reverse("admin:intake_submission_changelist")
            + ("?status__exact=held" if day.held else ""),
        },
        {
            "title": "Waiting for the CRM",
            "value": outbox["n"],
            "more": f"the oldest for {wait}" if wait else "nothing waits",
            "tone": "warning" if outbox["since"] and now - outbox["since"] > timedelta(minutes=1) else "",
            "url": f"{leads}?crm=waiting",
        },
        {
            "title": "Overdue answers",
            "value": late["n"],
            "more": f"the longest by {worst}" if worst else "everybody is in time",
            "tone": "danger" if late["n"] else "",
            "url": f"{leads}?clock=overdue",
        },
        {
            "title": "Open exceptions",
            "value": need_a_person,
            "more": {0: "nothing needs a person", 1: "needs a person"}.get(need_a_person, "need a person"),
            "tone": "danger" if need_a_person else "",
            "url": reverse("admin:exception_queue_exceptionitem_changelist"),
        },
    ]


def _change(since: int, before: int) -> str:
    if not before:
        return "none in the 24 hours before"
    percent = round(100 * (since - before) / before)
    if abs(percent) > 100:
        return f"{before} in the 24 hours before"
    if percent == 0:
        return f"as many as the day before ({before})"
    return f"{abs(percent)} % {'more' if percent > 0 else 'fewer'} than the day before ({before})"


def _charts(day: datetime, *, now: datetime) -> dict[str, Any]:
    """Data for Unfold's chart components. Labels are instants; a script shows them in the viewer's zone."""
    first = day.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    hours = [first + timedelta(hours=n) for n in range(HOURS)]
    labels = [hour.isoformat() for hour in hours]
    by_segment = figures.leads_by_hour(since=first)
    by_hour = handoff.by_hour(since=first, until=now)
    segments = [name for name in _SEGMENT_COLOURS if any(segment == name for _, segment in by_segment)]
    leads = [
        {
            "label": name.capitalize(),
            "data": [by_segment.get((hour, name), 0) for hour in hours],
            "backgroundColor": _SEGMENT_COLOURS[name],
            "stack": "leads",
        }
        for name in segments
    ]
    seconds = [
        {
            "label": label,
            "data": [
                _rounded(getattr(by_hour[hour].received_to_crm, field)) if hour in by_hour else None
                for hour in hours
            ],
            "borderColor": colour,
            "backgroundColor": colour,
            "spanGaps": True,
            "pointRadius": 2,
        }
        for label, field, colour in (
            ("p95", "p95", "var(--color-primary-500)"),
            ("p50", "p50", "var(--color-green-500)"),
        )
    ]
    return {
        "leads_chart": json.dumps({"labels": labels, "datasets": leads}) if leads else "",
        "latency_chart": json.dumps({"labels": labels, "datasets": seconds})
        if any(row.received_to_crm.count for row in by_hour.values())
        else "",
        "leads_options": json.dumps(_options(stacked=True)),
        "latency_options": json.dumps(_options(stacked=False)),
    }


def _options(*, stacked: bool) -> dict[str, Any]:
    """As Unfold's own, with a legend in words and an axis with numbers."""
    ticks = {"color": "#9ca3af", "maxTicksLimit": 8, "maxRotation": 0}
    return {
        "animation": False,
        "responsive": True,
        "maintainAspectRatio": False,
        "maxBarThickness": 18,
        "interaction": {"mode": "index", "intersect": False},
        "datasets": {"bar": {"borderRadius": 2}, "line": {"borderWidth": 2, "tension": 0.3}},
        "plugins": {
            "legend": {
                "display": True,
                "align": "end",
                "labels": {
                    "boxHeight": 6,
                    "boxWidth": 6,
                    "usePointStyle": True,
                    "pointStyle": "circle",
                    "color": "#9ca3af",
                },
            }
        },
        "scales": {
            "x": {"stacked": stacked, "border": {"width": 0}, "ticks": ticks, "grid": {"display": False}},
            "y": {
                "stacked": stacked,
                "beginAtZero": True,
                "border": {"width": 0, "dash": [4, 4]},
                "ticks": {"color": "#9ca3af", "precision": 0} if stacked else {"color": "#9ca3af"},
            },
        },
    }


def _shares(day: datetime) -> list[dict[str, Any]]:
    found = figures.shares(since=day)[:TOP_OWNERS]
    longest = max([1.0, *(max(share.actual, share.target) for share in found)])
    return [
        {
            "owner": share.owner,
            "actual": share.actual,
            "target": share.target,
            "actual_share": round(100 * share.actual / longest),
            "target_share": round(100 * share.target / longest),
        }
        for share in found
    ]


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 2)
