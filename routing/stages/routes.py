"""Stage route: rules -> owner, rotation or queue; the pick under the rotation's lock (I8)."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from exception_queue.queue import ExceptionReport
from intake.batch import Batch, LeadWork
from intake.subjects import lead_subject
from plumbing.bulk import insert_rows
from routing.assignment import Move, assign_rows
from routing.engine.decide import decide
from routing.engine.eligibility import LeftOut
from routing.engine.ownership import OwnershipContext
from routing.engine.references import Ref
from routing.engine.rotation_state import Turn
from routing.engine.ruleset import CompiledRuleSet
from routing.engine.seen import Seen
from routing.models import Assignment, Decision, Queue, RuleSet
from routing.rotations import ledger, roster
from routing.rotations.book import open_book
from routing.rules import row_versions
from routing.stages.lead_context import LeadContext, ref_of
from routing.stages.state import Routed, look, routed, ruleset_or_hold


def route(batch: Batch) -> None:
    """Decide for every lead first; then lock what the decisions can reach, in one statement, and give out the turns."""
    works = batch.with_leads()
    in_force = ruleset_or_hold(batch)
    if in_force is None:
        return
    ruleset, ruleset_row = in_force
    look(works)
    people = roster.load(now=batch.now)
    world = LeadContext(works, people)
    decided = []
    for work in works:
        ownership = world.ownership(work)
        decided.append((work, ownership, decide(routed(work).facts, ruleset, ownership, now=batch.now)))
    assert ruleset.fallback_queue is not None  # The publish gate sees to it.
    rotations = {int(decision.target.id) for *_, decision in decided if decision.target.kind == "rotation"}
    book = open_book(rotations, people, fallback=ruleset.fallback_queue, lock=True)
    turns: list[tuple[Turn, UUID | None, Sequence[LeftOut]]] = []
    moves: list[tuple[Move, Turn | None]] = []
    here: dict[UUID, Ref] = {}
    rows: list[Decision] = []
    for work, ownership, decision in decided:
        found = routed(work)
        again = work.lead.pk in here
        later = world.later(work, ownership, here)
        if later is not ownership:
            decision = decide(routed(work).facts, ruleset, later, now=batch.now)
        resolution, seen = book.resolve(decision)
        target = book.destination(resolution)
        found.decision, found.resolution = decision, resolution
        found.owner = people.owners[int(target.id)] if target.kind == "owner" else None
        found.moved = not again and _differs(world.assignments.get(work.lead.pk), target)
        # A sticky pick with a new clock is an assignment of its own: it counts toward caps.
        if found.moved or (not again and found.returning is not None and found.returning.routes_again):
            moves.append((_move(work, found, target, ruleset), resolution.turn))
            if target.kind == "owner":
                people.give(int(target.id))
        if resolution.turn is not None:
            turns.append((resolution.turn, work.lead.pk, resolution.left_out))
        if found.returning is None or found.returning.action != "timeline_only":
            here[work.lead.pk] = target
        found.target = target
        rows.append(_decision_row(work, found, later, seen, ruleset_row, now=batch.now))
        batch.leave(write_decisions, rows[-1])
        _report(batch, work, found)
    # Foreign keys are checked at commit, so a turn may name a lead that is written after it.
    written = ledger.write_turns(book.rotations, turns, now=batch.now) if turns else {}
    for move, turn in moves:
        row = written[int(turn.rotation_id), turn.number] if turn else None
        batch.leave(assign_rows, replace(move, turn_id=row.pk if row else None))
    accounts = {work.lead.pk: routed(work).account for work in works}
    row_versions.note(rows, accounts=accounts, members=book.rotations.members)
    _name_queues(works)


def _name_queues(works: Sequence[LeadWork]) -> None:
    """Put the queue's row beside the target, for the stages that follow; one query."""
    targets = [(routed(work), routed(work).target) for work in works]
    ids = {int(target.id) for _, target in targets if target and target.kind == "queue"}
    rows = Queue.objects.select_related("team__calendar").in_bulk(ids)
    for found, target in targets:
        if target is not None and target.kind == "queue":
            found.queue = rows[int(target.id)]


def write_decisions(rows: Sequence[Decision], *, now: datetime) -> None:
    """The batch writer for decisions."""
    insert_rows(rows)


def _differs(before: Assignment | None, target: Ref) -> bool:
    if before is None:
        return True
    holder = ref_of(before)
    return (holder.kind, holder.id) != (target.kind, target.id)


def _move(work: LeadWork, found: Routed, target: Ref, ruleset: CompiledRuleSet) -> Move:
    assert found.decision is not None
    turn = found.resolution.turn if found.resolution else None
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
    work: LeadWork, found: Routed, ownership: OwnershipContext, seen: Seen, ruleset: RuleSet, *, now: datetime
) -> Decision:
    assert found.decision is not None
    assert found.resolution is not None
    assert found.target is not None
    outcome = found.decision.to_json()
    trace = outcome.pop("trace")
    turn = found.resolution.turn
    return Decision(
        lead_id=work.lead.pk,
        submission_id=work.submission.pk,
        at=now,
        ruleset=ruleset,
        facts=dict(found.decision.facts),
        ownership=_plain(asdict(ownership)),
        seen=seen.to_json(),
        outcome=outcome
        | {
            "resolved": found.resolution.target.to_json(),
            "assigned": found.target.to_json(),
            "rotation": found.resolution.rotation_id,
            "turn": turn.to_json() if turn else None,
        },
        trace=[*trace, *found.resolution.trace],
    )


def _plain(value: Any) -> Any:
    """As JSON: instants in ISO 8601, sets and tuples as lists."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value


def _report(batch: Batch, work: LeadWork, found: Routed) -> None:
    """A lead that nobody planned for is routed to the fallback queue, and somebody hears of it."""
    assert found.decision is not None
    assert found.resolution is not None
    if found.score is not None and found.score.segment == "disqualified":
        return
    if found.decision.no_rule_matched:
        kind, cause = (
            "routing.no_rule_matched",
            f"No rule matched, so it went to {found.decision.target.name}",
        )
    elif found.resolution.nobody:
        kind, cause = "routing.nobody_available", f"Nobody of {found.decision.target.name} could take it"
    else:
        return
    shown = ("country", "state", "segment", "product_interest", "form", "territory")
    detail = {name: found.facts[name] for name in shown if name in found.facts}
    batch.report(ExceptionReport(kind=kind, subject=lead_subject(work.lead), cause=cause, detail=detail))
