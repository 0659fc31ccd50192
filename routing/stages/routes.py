"""Stage route: rules -> owner, rotation or queue; the pick under the rotation's lock (I8)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from exception_queue.queue import ExceptionReport
from intake.batch import Batch, LeadWork
from intake.models import Lead
from intake.pipeline import stage
from intake.subjects import lead_subject
from routing.assignment import assign_rows
from routing.engine.decide import decide
from routing.engine.references import Ref
from routing.engine.ruleset import CompiledRuleSet
from routing.exception_kinds import NO_RULE_MATCHED, NOBODY_AVAILABLE
from routing.handover.commit import draw_up, write_decisions
from routing.handover.plan import Ask, By, Placement, holder_of, plan, rotations_of
from routing.models import Assignment, Owner
from routing.rotations import roster
from routing.rotations.book import open_book
from routing.stages.lead_context import LeadContext
from routing.stages.state import Routed, look, routed, ruleset_or_hold


@stage(needs=("deduplicate",))
def route(batch: Batch) -> None:
    """Decide for every lead first; then lock what the decisions can reach, in one statement, and give out the turns."""
    works = batch.with_leads()
    in_force = ruleset_or_hold(batch)
    if in_force is None:
        return
    ruleset, ruleset_row = in_force
    look(batch, works)
    people = roster.load(now=batch.now)
    context = LeadContext(works, people)
    asks = [_ask(work, ruleset, context, batch) for work in works]
    book = open_book(rotations_of(asks), people, fallback=ruleset.queue_of_last_resort, lock=True)
    placements = plan(asks, book)
    moves, decisions = draw_up(placements, book, ruleset=ruleset_row, now=batch.now)
    for move in moves:
        batch.leave(assign_rows, move)
    for decision in decisions:
        batch.leave(write_decisions, decision)
    for work, placement in zip(works, placements, strict=True):
        _remember(work, placement, context, now=batch.now)
        _report(batch, work, routed(work))


def _ask(work: LeadWork, ruleset: CompiledRuleSet, context: LeadContext, batch: Batch) -> Ask:
    found = routed(work)
    ownership = context.ownership(work)
    if work.is_new and ownership.person is not None and ownership.person.customer:
        work.draft.change(status=Lead.Status.CUSTOMER)
    if ownership.returning is not None and ownership.returning.routes_again:
        work.draft.change(status=Lead.Status.NEW, contacted_at=None, disqualify_reason="")
    holder = context.assignments.get(work.lead.pk)
    ask = Ask(
        lead_id=work.lead.pk,
        by=By(source=Assignment.Source.PIPELINE, actor=work.form.name),
        decision=decide(found.facts, ruleset, ownership, now=batch.now),
        ownership=ownership,
        has=holder_of(holder) if holder is not None else None,
        submission_id=work.submission.pk,
        account_id=found.account.pk if found.account is not None else None,
    )

    def later(places: Mapping[UUID, Ref]) -> Ask:
        changed = context.later(work, ownership, places)
        if changed is ownership:
            return ask
        decision = decide(found.facts, ruleset, changed, now=batch.now)
        return replace(ask, ownership=changed, decision=decision)

    return replace(ask, later=later)


def _remember(work: LeadWork, placement: Placement, context: LeadContext, *, now: datetime) -> None:
    """For the stages that follow."""
    found, ask, to = routed(work), placement.ask, placement.to
    assert ask is not None
    holder = context.assignments.get(work.lead.pk)
    found.had = holder.owner if holder is not None else None
    found.assigned_at = holder.assigned_at if holder is not None and not placement.assigned else now
    found.returning, found.decision, found.resolution = (
        ask.ownership.returning,
        ask.decision,
        placement.resolution,
    )
    found.target, found.moved = placement.target, placement.moved
    found.no_clock = ask.ownership.starts_no_clock(work.form.purpose)
    found.owner, found.queue = (to, None) if isinstance(to, Owner) else (None, to)


def _report(batch: Batch, work: LeadWork, found: Routed) -> None:
    """A lead that nobody planned for is routed to the fallback queue, and somebody hears of it."""
    assert found.decision is not None
    assert found.resolution is not None
    if found.score is not None and found.score.segment == "disqualified":
        return
    if found.decision.no_rule_matched:
        kind, cause = NO_RULE_MATCHED, f"No rule matched, so it went to {found.decision.target.name}"
    elif found.resolution.nobody:
        kind, cause = NOBODY_AVAILABLE, f"Nobody of {found.decision.target.name} could take it"
    else:
        return
    shown = ("country", "state", "segment", "product_interest", "form", "territory")
    detail = {name: found.facts[name] for name in shown if name in found.facts}
    batch.report(ExceptionReport(kind=kind, subject=lead_subject(work.lead), cause=cause, detail=detail))
