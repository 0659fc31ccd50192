"""Home: is everything flowing? The answer in one line, the numbers below, each a link to what is behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from crm_sync import outbox
from crm_sync.models import CrmConnection
from exception_queue import grouping
from exception_queue.admin import screen
from exception_queue.models import ExceptionItem
from intake.models import Submission
from leadops import evidence, handoff
from leadops.console import figures
from leadops.console.figures import Volume
from leadops.console.home import first_steps, wellbeing
from leadops.console.home.charts import HOURS, charts
from leadops.console.home.wellbeing import Line
from leadops.handoff import Figures
from plumbing import access
from plumbing.admin_kit.moments import seconds_in_words
from plumbing.admin_kit.people import name_of
from plumbing.counting import counted
from plumbing.findings import Finding, worst_of
from routing.access import of_leads, sees_everybody
from routing.models import Owner, SlaClock

# Whoever has these and sees everybody's leads is told how the whole hand-off goes.
FLOW = ("intake.view_lead", "intake.view_submission")
TOP_CAUSES = 5
TOP_OWNERS = 12


def callback(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """UNFOLD["DASHBOARD_CALLBACK"]. About twenty-five queries, whatever the number of leads. Each part is for those who may
    see what it counts, and counts what is theirs.
    """
    now, user = timezone.now(), request.user
    everything = sees_everybody(user) and user.has_perms(FLOW)
    context |= {"title": "Home", "health": wellbeing.lines(user, now=now)}
    if not Submission.objects.exists():
        return context | {"first_steps": first_steps.steps(user)}
    day = now - timedelta(hours=HOURS)
    facts = _facts(user, now=now)
    if everything:
        context |= _flow(facts, health=context["health"], now=now)
        context |= charts(day, now=now)
    else:
        context |= {"answer": own_answer(facts, has_pages=bool(user.get_all_permissions()))}
    return context | {
        "cards": _cards(facts, last_day=context.get("last_day"), now=now),
        "shares": _shares(day, user) if user.has_perm("routing.view_rotation") else None,
        "causes": screen.cards(
            facts.exceptions.filter(status=ExceptionItem.Status.OPEN), screen.View("all"), user=user
        )[:TOP_CAUSES]
        if facts.exceptions is not None
        else None,
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


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is theirs; None where they may not see it. `late` is how many answers are overdue, and since when; `waiting` the
    same for the CRM."""

    volume: Volume | None = None
    late: Mapping[str, Any] | None = None
    clocks: int = 0
    claims: int = 0
    waiting: Mapping[str, Any] | None = None
    exceptions: QuerySet[ExceptionItem] | None = None
    need_a_person: int = 0


def _facts(user: Any, *, now: datetime) -> _Facts:
    facts = _Facts()
    if user.has_perm("intake.view_lead"):
        start, middle = now - timedelta(hours=2 * HOURS), now - timedelta(hours=HOURS)
        came = access.rows_for(user, Submission.objects.all())
        clocks = SlaClock.objects.filter(status=SlaClock.Status.RUNNING, lead__is_test=False)
        running = of_leads(user, clocks, lead="lead")
        claims = evidence.claims_without_proof(now=now).filter(lead__is_test=False)
        to_be_sent = access.rows_for(user, outbox.to_be_sent())
        facts = _Facts(
            volume=figures.volume(came, start=start, middle=middle, hour=now - timedelta(hours=1)),
            late=running.filter(due_at__lte=now).aggregate(n=Count("pk"), since=Min("due_at")),
            clocks=running.count(),
            claims=of_leads(user, claims, lead="lead").count(),
            waiting=to_be_sent.aggregate(n=Count("pk"), since=Min("created_at")),
        )
    if user.has_perm("exception_queue.view_exceptionitem"):
        items = access.rows_for(user, ExceptionItem.objects.all())
        counts = grouping.counts(items, by=name_of(user))
        facts = replace(facts, exceptions=items, need_a_person=counts.unresolved - counts.snoozed)
    return facts


def _flow(facts: _Facts, *, health: Sequence[Line], now: datetime) -> dict[str, Any]:
    """The headline and the figures of the whole hand-off."""
    assert facts.volume is not None and facts.late is not None
    hour = handoff.total(since=now - timedelta(hours=1), until=now)
    crm = CrmConnection.objects.filter(active=True).order_by("-primary", "key").first()
    return {
        "answer": answer(
            hour,
            leads=facts.volume.hour,
            crm=crm.crm_name if crm else "",
            need_a_person=facts.need_a_person,
            overdue=facts.late["n"],
            health=health,
        ),
        "latest": facts.volume.latest,
        "last_day": handoff.total(since=now - timedelta(hours=HOURS), until=now),
    }


def own_answer(facts: _Facts, *, has_pages: bool) -> str:
    """ "2 answers are overdue. 5 leads of yours wait for an answer. 1 exception needs a person." """
    says = []
    if facts.late is not None:
        if facts.late["n"]:
            says.append(f"{counted(facts.late['n'], 'answer is', 'answers are')} overdue.")
        wait = counted(facts.clocks, "lead of yours waits", "leads of yours wait")
        says.append(f"{wait} for an answer." if facts.clocks else "No lead of yours waits for an answer.")
    if facts.need_a_person:
        says.append(counted(facts.need_a_person, "exception needs a person.", "exceptions need a person."))
    elif facts.exceptions is not None:
        says.append("Nothing needs a person.")
    nothing = "You can sign in, and see nothing yet. Ask an administrator for a role."
    return " ".join(says) or ("Choose a page at the side." if has_pages else nothing)


def _cards(facts: _Facts, *, last_day: Figures | None, now: datetime) -> list[dict[str, Any]]:
    leads = reverse("admin:intake_lead_changelist")
    cards: list[dict[str, Any]] = []
    if facts.volume is not None:
        cards.append(
            {
                "title": "Leads, last 24 hours",
                "value": facts.volume.since,
                "more": _change(facts.volume.since, facts.volume.before),
                "url": leads,
            }
        )
    if last_day is not None:
        cards.append(_handed_off(last_day))
    if facts.waiting is not None:
        since = facts.waiting["since"]
        cards.append(
            {
                "title": "Waiting for the CRM",
                "value": facts.waiting["n"],
                "more": f"the oldest for {_ago(since, now)}" if since else "nothing waits",
                "tone": "warning" if since and now - since > timedelta(minutes=1) else "",
                "url": f"{leads}?crm=waiting",
            }
        )
    if facts.late is not None:
        late = facts.late["n"]
        cards.append(
            {
                "title": "Overdue answers",
                "value": late,
                "more": f"the longest by {_ago(facts.late['since'], now)}"
                if late
                else "everybody is in time",
                "tone": "danger" if late else "",
                "url": f"{leads}?clock=overdue&is_test__exact=0",
            }
        )
    if facts.claims:
        cards.append(
            {
                "title": "Claimed answers",
                "value": facts.claims,
                "more": "of over a business day ago, and none of them seen in the CRM",
                "tone": "warning",
                "url": f"{leads}?clock=claimed&is_test__exact=0",
            }
        )
    if facts.exceptions is not None:
        open_ones = facts.need_a_person
        cards.append(
            {
                "title": "Open exceptions",
                "value": open_ones,
                "more": {0: "nothing needs a person", 1: "needs a person"}.get(open_ones, "need a person"),
                "tone": "danger" if open_ones else "",
                "url": reverse("admin:exception_queue_exceptionitem_changelist"),
            }
        )
    return cards


def _handed_off(day: Figures) -> dict[str, Any]:
    return {
        "title": "Handed off",
        "value": f"{100 * day.handed_off_rate:.0f} %" if day.handed_off_rate is not None else "–",
        "more": f"{day.handed_off} of {day.received - day.spam - day.rejected}"
        + (f", {day.held} held" if day.held else "")
        + (f", {day.spam} spam" if day.spam else ""),
        "tone": "warning" if day.held else "",
        "url": reverse("admin:intake_submission_changelist") + ("?status__exact=held" if day.held else ""),
    }


def _ago(since: datetime, now: datetime) -> str:
    return seconds_in_words((now - since).total_seconds())


def _change(since: int, before: int) -> str:
    if not before:
        return "none in the 24 hours before"
    percent = round(100 * (since - before) / before)
    if abs(percent) > 100:
        return f"{before} in the 24 hours before"
    if percent == 0:
        return f"as many as the day before ({before})"
    return f"{abs(percent)} % {'more' if percent > 0 else 'fewer'} than the day before ({before})"


def _shares(day: datetime, user: Any) -> list[dict[str, Any]]:
    theirs = set(access.rows_for(user, Owner.objects.all()).values_list("pk", flat=True))
    found = [share for share in figures.shares(since=day) if share.owner.pk in theirs][:TOP_OWNERS]
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
