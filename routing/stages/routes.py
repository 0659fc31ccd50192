"""Stage route: rules -> owner, rotation or queue; the pick under the rotation's lock (I8)."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from exception_queue.queue import Problem, Subject
from intake.batch import Batch, Work
from intake.lead_values import LeadBefore
from intake.models import Lead
from routing import ledger, roster, waiting_lines
from routing.assignment import Move, assign_rows
from routing.engine.decide import Decision as Decided
from routing.engine.decide import decide
from routing.engine.eligibility import LeftOut
from routing.engine.references import Ref
from routing.engine.returning import Previous, Touch, returning
from routing.engine.rotation import Turn
from routing.engine.ruleset import RuleSet
from routing.engine.settle import Settlement, settle
from routing.engine.standing import Bond, Standing
from routing.models import Assignment, Decision, Owner, Queue
from routing.models import RuleSet as RuleSetRow
from routing.roster import Roster
from routing.stages.findings import Routed, look, routed, ruleset_or_hold

SAME_FORM_WINDOW = timedelta(minutes=10)


def route(batch: Batch) -> None:
    """Decide for every lead first; then lock what the decisions can reach, in one statement, and give out the turns."""
    works = batch.going()
    in_force = ruleset_or_hold(batch)
    if in_force is None:
        return
    ruleset, ruleset_row = in_force
    look(works)
    people = roster.load(now=batch.now)
    current = _current(
        [work.lead.pk for work in works if work.lead] + [w.candidate.pk for w in works if w.candidate]
    )
    decided: list[tuple[Work, Decided, Standing]] = []
    for work in works:
        standing = _standing(work, people, current, now=batch.now)
        decided.append((work, decide(work.facts, ruleset, standing, now=batch.now), standing))
    locked = ledger.lock({int(d.target.id) for _, d, _ in decided if d.target.kind == "rotation"})
    turns: list[tuple[Turn, UUID | None, Sequence[LeftOut]]] = []
    moves: list[tuple[Move, Turn | None]] = []
    here: dict[UUID, Ref] = {}
    roster.count(people)
    for work, decision, standing in decided:
        assert work.lead is not None
        found = routed(work)
        again = work.lead.pk in here
        if again:
            # The same person twice in one batch: the first submission has found the owner.
            standing = _again(work, standing, here[work.lead.pk])
            decision = decide(work.facts, ruleset, standing, now=batch.now)
        settlement = settle(
            decision,
            states=locked.states,
            settings=locked.settings(people) if decision.target.kind == "rotation" else {},
            fallback=_fallback(ruleset),
            skills=_skills(locked, decision),
            inactive_owners=[pk for pk, owner in people.owners.items() if not owner.active],
        )
        locked.states.update(settlement.states)
        found.decision, found.settlement = decision, settlement
        target = _target(settlement, locked)
        here[work.lead.pk] = target
        before = current.get(work.lead.pk)
        found.moved = not again and _differs(before, target)
        found.owner = people.owners[int(target.id)] if target.kind == "owner" else None
        if found.moved or (_counts(found) and not again):
            moves.append((_move(work, found, target, ruleset), settlement.turn))
            if target.kind == "owner":
                people.give(int(target.id))
        if settlement.turn is not None:
            turns.append((settlement.turn, work.lead.pk, settlement.left_out))
        batch.leave(write_decisions, _decision_row(work, found, standing, ruleset_row, target, now=batch.now))
        _report(batch, work, found, target)
    # Foreign keys are checked at commit, so a turn may name a lead that is written after it.
    written = ledger.write_turns(locked, turns, now=batch.now) if turns else {}
    for move, turn in moves:
        row = written[int(turn.rotation_id), turn.number] if turn else None
        batch.leave(assign_rows, replace(move, turn_id=row.pk if row else None))
    queues = Queue.objects.select_related("team__calendar").in_bulk(
        {int(ref.id) for ref in here.values() if ref.kind == "queue"}
    )
    for work in works:
        assert work.lead is not None
        if here[work.lead.pk].kind == "queue":
            routed(work).queue = queues[int(here[work.lead.pk].id)]


def write_decisions(rows: Sequence[Decision], *, now: datetime) -> None:
    """The batch door for decisions."""
    Decision.objects.bulk_create(rows)


def _current(lead_ids: Sequence[UUID]) -> dict[UUID, Assignment]:
    if not lead_ids:
        return {}
    rows = Assignment.objects.select_related("owner", "queue").filter(lead__in=lead_ids)
    return {row.lead_id: row for row in rows}


def _standing(work: Work, people: Roster, current: dict[UUID, Assignment], *, now: datetime) -> Standing:
    assert work.lead is not None
    found = routed(work)
    account = found.account
    base: dict[str, Any] = {
        "account_owner": people.standing(account.owner_id) if account else None,
        "account_name": account.company if account else "",
    }
    if work.candidate is not None:
        holder = current.get(work.candidate.pk)
        base["candidate_owner"] = people.standing(holder.owner_id) if holder else None
        base["candidate_name"] = str(work.candidate)
    row = current.get(work.lead.pk)
    if work.is_new or row is None:
        return Standing(**base)
    before: LeadBefore = work.findings["before"]
    same_form = (
        before.last_form_key == work.form.key
        and before.last_submitted_at is not None
        and work.submission.received_at - before.last_submitted_at < SAME_FORM_WINDOW
    )
    found.returning = returning(
        Previous(before.status, contacted=work.lead.contacted_at is not None, open_deal=before.has_open_deal),
        Touch(work.form.purpose, same_form_within_10_minutes=same_form),
    )
    if found.returning.routes_again:
        work.lead.status = Lead.Status.NEW
        work.lead.contacted_at = None
        work.lead.disqualify_reason = ""
    owner = people.standing(row.owner_id)
    since = max(filter(None, (row.assigned_at, work.lead.contacted_at)))
    return Standing(
        **base,
        manual_lock=owner if row.locked else None,
        open_deal=owner if before.has_open_deal else None,
        sticky=Bond(owner, since) if owner else None,
        current=_ref(row),
        current_active=row.owner is None or row.owner.active,
        returning=found.returning,
    )


def _again(work: Work, standing: Standing, current: Ref) -> Standing:
    """The lead has just been given out, earlier in this batch."""
    found = routed(work)
    found.returning = returning(
        Previous(Lead.Status.NEW, contacted=False),
        Touch(work.form.purpose, same_form_within_10_minutes=True),
    )
    return Standing(
        account_owner=standing.account_owner,
        account_name=standing.account_name,
        current=current,
        returning=found.returning,
    )


def _target(settlement: Settlement, locked: ledger.Locked) -> Ref:
    """Owner or queue: a lead on hold waits in its rotation's line."""
    if settlement.target.kind != "hold":
        return settlement.target
    line = waiting_lines.line_of(locked.rotations[int(settlement.target.id)])
    return Ref("queue", line.pk, line.name)


def _skills(locked: ledger.Locked, decision: Decided) -> list[str]:
    if decision.target.kind != "rotation" or int(decision.target.id) not in locked.rotations:
        return []
    return list(locked.rotations[int(decision.target.id)].required_skills)


def _fallback(ruleset: RuleSet) -> Ref:
    assert ruleset.fallback_queue is not None  # The publish gate sees to it.
    return ruleset.fallback_queue


def _differs(before: Assignment | None, target: Ref) -> bool:
    return before is None or _ref(before) != Ref(target.kind, target.id, _ref(before).name)


def _counts(found: Routed) -> bool:
    """A sticky pick with a new clock is an assignment of its own: it counts toward caps."""
    return found.returning is not None and found.returning.routes_again


def _ref(row: Assignment) -> Ref:
    holder: Owner | Queue | None = row.owner or row.queue
    assert holder is not None
    return Ref("owner" if row.owner_id else "queue", holder.pk, holder.name)


def _move(work: Work, found: Routed, target: Ref, ruleset: RuleSet) -> Move:
    assert work.lead is not None
    assert found.decision is not None
    turn = found.settlement.turn if found.settlement else None
    return Move(
        lead_id=work.lead.pk,
        owner_id=int(target.id) if target.kind == "owner" else None,
        queue_id=int(target.id) if target.kind == "queue" else None,
        reason=found.decision.reason,
        source=Assignment.Source.PIPELINE,
        actor=work.form.name,
        rule_name=found.decision.rule_name or "",
        ruleset_version=ruleset.version,
        automatic=target.kind == "owner",
        turn_number=turn.number if turn else None,
    )


def _decision_row(
    work: Work, found: Routed, standing: Standing, ruleset: RuleSetRow, target: Ref, *, now: datetime
) -> Decision:
    assert work.lead is not None
    assert found.decision is not None
    assert found.settlement is not None
    outcome = found.decision.to_json()
    trace = outcome.pop("trace")
    turn = found.settlement.turn
    return Decision(
        lead_id=work.lead.pk,
        submission_id=work.submission.pk,
        at=now,
        ruleset=ruleset,
        facts=dict(found.decision.facts),
        standing=_plain(asdict(standing)),
        outcome=outcome
        | {
            "assigned": target.to_json(),
            "rotation": found.settlement.rotation_id,
            "turn": turn.to_json() if turn else None,
        },
        trace=[*trace, *found.settlement.trace],
    )


def _plain(value: Any) -> Any:
    """As JSON: instants in ISO 8601, sets and tuples as lists."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value


def _report(batch: Batch, work: Work, found: Routed, target: Ref) -> None:
    """A lead that nobody planned for is routed to the fallback queue, and somebody hears of it."""
    assert work.lead is not None
    assert found.decision is not None
    assert found.settlement is not None
    if found.score is not None and found.score.segment == "disqualified":
        return
    if found.decision.no_rule_matched:
        kind, cause = "routing.no_rule_matched", f"No rule matched, so it went to {target.name}"
    elif found.settlement.nobody:
        kind, cause = "routing.nobody_available", f"Nobody of {found.decision.target.name} could take it"
    else:
        return
    subject = Subject(
        "lead", str(work.lead.pk), str(work.lead)[:200], f"/admin/intake/lead/{work.lead.pk}/change/"
    )
    shown = ("country", "state", "segment", "product_interest", "form", "territory")
    detail = {name: work.facts[name] for name in shown if name in work.facts}
    batch.report(Problem(kind=kind, subject=subject, cause=cause, detail=detail))
