"""What becomes known of a lead after somebody has it: a record elsewhere, company facts.

Only a lead that nobody has touched goes elsewhere for it: not contacted, not claimed, not given to somebody or fixed by a person,
younger than ten minutes. Every other one is scored anew, and its timeline says where it would go now.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from intake.lead_changes import LeadEdit, announce, edit_leads
from intake.models import Lead, TimelineEntry
from intake.timeline import record
from routing.engine import decide as engine
from routing.engine.decision import RoutingDecision
from routing.handover.again import Again
from routing.handover.commit import CLOSED
from routing.handover.plan import Ask, By
from routing.models import Assignment, Decision, LeadScore
from routing.response import clocks
from routing.stages.scores import write_scores

STILL_YOUNG = timedelta(minutes=10)
SOURCE = Assignment.Source.PIPELINE
# Where people give leads to each other; with a rule's name they asked the rules anew.
_CHOSEN = (Assignment.Source.CONSOLE, Assignment.Source.API, Assignment.Source.CRM)


@dataclass
class Learned:
    """`moved`: leads that somebody else has now. `hinted`: why one stays where it is, though it would go elsewhere now."""

    moved: set[UUID] = field(default_factory=set)
    hinted: dict[UUID, str] = field(default_factory=dict)


def learned(lead_ids: Collection[UUID], *, now: datetime) -> Learned:
    """Score and decide these again by what is known now, in one transaction. Raises publishing.NothingPublished."""
    found = Learned()
    with transaction.atomic():
        held = Lead.objects.select_for_update(no_key=True).filter(pk__in=lead_ids).order_by("pk")
        again = Again.of([lead for lead in held if lead.status not in CLOSED], now=now)
        leads = [lead for lead in again.leads.values() if lead.pk in again.before]
        rescored = _score(leads, again)
        targets = _targets(again.leads)
        asks: list[Ask] = []
        for lead in leads:
            ask = again.by_rules(lead.pk, by=By(source=SOURCE))
            if not _goes_elsewhere(ask.decision, targets.get(lead.pk), again.before[lead.pk]):
                continue
            if why_not := _why_it_stays(lead, again.before[lead.pk], now=now):
                found.hinted[lead.pk] = why_not
                record([_hint(lead, ask.decision, why_not, now=now)])
            else:
                asks.append(ask)
        found.moved = set(again.hand_over(asks)) if asks else set()
        _end_clocks([lead for lead in leads if lead.contacted_at is None], again, now=now)
        announce([pk for pk in rescored if pk not in found.moved], source=SOURCE, now=now)
    return found


def _goes_elsewhere(decision: RoutingDecision, last: str | None, has: Assignment) -> bool:
    """Whether the rules name another place than when they were asked last; it may be where the lead is already."""
    target = decision.target
    holder = f"owner:{has.owner_id}" if has.owner_id else f"queue:{has.queue_id}"
    return f"{target.kind}:{target.id}" not in (last, holder)


def _why_it_stays(lead: Lead, has: Assignment, *, now: datetime) -> str:
    if has.locked:
        return "A person fixed the owner."
    if has.source in _CHOSEN and has.rule_name == "":
        return "Somebody chose who has it."
    if lead.contacted_at is not None:
        return "Somebody has been in contact already."
    if lead.status != Lead.Status.NEW:
        return f"It is {lead.get_status_display().lower()} already."
    if now - has.assigned_at > STILL_YOUNG:
        return "Its owner has had it for more than ten minutes."
    return ""


def _targets(lead_ids: Collection[UUID]) -> dict[UUID, str]:
    """What the rules last said of each; one query."""
    rows = Decision.objects.filter(lead__in=lead_ids).order_by("lead", "-at", "-pk").distinct("lead")
    return {
        lead_id: f"{outcome['target']['kind']}:{outcome['target']['id']}"
        for lead_id, outcome in rows.values_list("lead", "outcome")
    }


def _score(leads: Sequence[Lead], again: Again) -> list[UUID]:
    """New scores, also into the facts that rules see; returns leads whose score is another now."""
    before = LeadScore.objects.in_bulk([lead.pk for lead in leads])
    rows = []
    for lead in leads:
        facts = again.facts[lead.pk]
        account = again.belongs[lead.pk].account
        seen = {name: value for name, value in facts.items() if name not in ("score", "segment")}
        result = engine.score(seen, again.ruleset, account=account.company if account else "")
        had = before.get(lead.pk)
        facts["score"], facts["segment"] = result.points, result.segment
        if had is not None and (had.points, had.segment) == (result.points, result.segment):
            continue
        rows.append(
            LeadScore(
                lead_id=lead.pk,
                points=result.points,
                segment=result.segment,
                reasons=[reason.to_json() for reason in result.reasons],
                disqualify_reason=result.disqualify_reason,
                ruleset_version=again.ruleset.version,
                scored_at=again.now,
            )
        )
    if rows:
        write_scores(rows, now=again.now)
        record([_scored(row) for row in rows])
    return [row.lead_id for row in rows]


def _end_clocks(leads: Sequence[Lead], again: Again, *, now: datetime) -> None:
    """Somebody who turns out to be a customer, or to have an open deal, waits for no sales answer."""
    no_clock = [lead for lead in leads if again.starts_no_clock(lead.pk)]
    for clock in clocks.running([lead.pk for lead in no_clock]).values():
        clocks.cancel(clock, reason="The CRM knows them: no sales clock runs.")
    edits = [
        LeadEdit(lead.pk, {"status": Lead.Status.CUSTOMER}, reason="Known as a customer")
        for lead in no_clock
        if lead.status == Lead.Status.NEW and again.known[lead.pk].is_customer
    ]
    if edits:
        edit_leads(edits, actor="", source=SOURCE, now=now)


def _scored(row: LeadScore) -> TimelineEntry:
    data = {"points": row.points, "segment": row.segment, "reasons": row.reasons}
    return TimelineEntry(
        lead_id=row.lead_id, at=row.scored_at, verb="routing.scored", source=SOURCE, data=data
    )


def _hint(lead: Lead, decision: RoutingDecision, why_not: str, *, now: datetime) -> TimelineEntry:
    data = {"to": decision.target.name, "reason": decision.reason, "why_not": why_not}
    return TimelineEntry(lead_id=lead.pk, at=now, verb="routing.learned", source=SOURCE, data=data)
