"""Placements become rows: turns, decisions, assignments with their history, notices, a word to the layers above.

The same for everybody who hands a lead over. The pipeline alone leaves `draw_up`'s rows to its batch, which writes them with
the others: its stages write the notices and the push themselves.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from intake.lead_changes import announce
from intake.models import Lead
from plumbing.bulk import insert_rows
from routing.assignment import Move, assign
from routing.handover.plan import Placement
from routing.models import Assignment, Decision, Owner, OwnerNotice, RuleSet
from routing.notices import sending
from routing.response import clocks
from routing.rotations import ledger
from routing.rotations.book import RotationBook
from routing.rules import row_versions

CLOSED = (Lead.Status.DISQUALIFIED, Lead.Status.SPAM, Lead.Status.CLOSED_LOST)


def commit(
    placements: Sequence[Placement],
    leads: Mapping[UUID, Lead],
    before: Mapping[UUID, Assignment],
    *,
    book: RotationBook | None = None,
    ruleset: RuleSet | None = None,
    now: datetime,
) -> dict[UUID, Assignment]:
    """Write what was planned, in the caller's transaction, which holds the leads; returns the assignments of those that moved.

    `before` is who had them, with owner; `book` and `ruleset` are needed where rules or rotations were asked.
    """
    if book is not None and ruleset is not None:
        moves, decisions = draw_up(placements, book, ruleset=ruleset, now=now)
        write_decisions(decisions, now=now)
    else:
        moves = [move_of(one, turns={}) for one in placements if one.assigned]
    rows = assign(moves, now=now)
    clocks.start_owner_clocks([one.lead_id for one in placements if one.moved], now=now)
    _notify([one for one in placements if one.moved], leads, before, now=now)
    announce([one.lead_id for one in placements if one.assigned], source=_source(placements), now=now)
    return rows


def draw_up(
    placements: Sequence[Placement], book: RotationBook, *, ruleset: RuleSet, now: datetime
) -> tuple[list[Move], list[Decision]]:
    """Write the turns; returns the moves and decisions, unwritten. Two or three statements and one question, however many."""
    used = [
        (one.resolution.turn, one.lead_id, one.resolution.left_out)
        for one in placements
        if one.resolution is not None and one.resolution.turn is not None
    ]
    # Foreign keys are checked at commit, so a turn may name a lead that is written after it.
    turns = ledger.write_turns(book.rotations, used, now=now) if used else {}
    ids = {number: row.pk for number, row in turns.items()}
    decisions = [_decision(one, ruleset, now=now) for one in placements if one.ask is not None]
    accounts = {one.lead_id: one.ask.account_id for one in placements if one.ask is not None}
    row_versions.note(decisions, accounts=accounts, members=book.rotations.members)
    return [move_of(one, turns=ids) for one in placements if one.assigned], decisions


def move_of(one: Placement, *, turns: Mapping[tuple[int, int], int]) -> Move:
    """The assignment's change. `turns` are the ids of written turns, by rotation and number."""
    decision = one.ask.decision if one.ask is not None else None
    turn = one.resolution.turn if one.resolution is not None else None
    return Move(
        lead_id=one.lead_id,
        to=one.to,
        reason=one.by.reason or (decision.reason if decision else ""),
        source=one.by.source,
        actor=one.by.actor,
        rule_name=(decision.rule_name or "") if decision else "",
        ruleset_version=decision.ruleset_version if decision else None,
        automatic=decision is not None and isinstance(one.to, Owner),
        turn_id=turns[int(turn.rotation_id), turn.number] if turn else None,
        turn_number=turn.number if turn else None,
        locked=one.by.locked,
        sticky_to=one.sticky_to,
    )


def write_decisions(rows: Sequence[Decision], *, now: datetime) -> None:
    """The batch writer for decisions."""
    insert_rows(rows)


def _decision(one: Placement, ruleset: RuleSet, *, now: datetime) -> Decision:
    ask, resolution, seen = one.ask, one.resolution, one.seen
    assert ask is not None and resolution is not None and seen is not None
    outcome = ask.decision.to_json()
    trace = outcome.pop("trace")
    return Decision(
        lead_id=one.lead_id,
        submission_id=ask.submission_id,
        at=now,
        ruleset=ruleset,
        facts=dict(ask.decision.facts),
        ownership=_plain(asdict(ask.ownership)),
        seen=seen.to_json(),
        outcome=outcome
        | {
            "resolved": resolution.target.to_json(),
            "assigned": one.target.to_json(),
            "rotation": resolution.rotation_id,
            "turn": resolution.turn.to_json() if resolution.turn else None,
        },
        trace=[*trace, *resolution.trace],
    )


def _plain(value: Any) -> Any:
    """As JSON: instants in ISO 8601, sets and tuples as lists."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value


def _notify(
    placements: Iterable[Placement],
    leads: Mapping[UUID, Lead],
    before: Mapping[UUID, Assignment],
    *,
    now: datetime,
) -> None:
    """Both sides hear of it. Who was to hear of the lead's last place hears nothing any more; nobody reads the mail of an
    owner who is switched off."""
    moved = {one.lead_id: one for one in placements}
    kinds = [OwnerNotice.Kind.ASSIGNED, OwnerNotice.Kind.REMINDER, OwnerNotice.Kind.QUEUED]
    sending.cancel(moved, kinds=kinds)
    notices: list[OwnerNotice] = []
    for lead_id, one in moved.items():
        cause = f"move:{now.isoformat()}"
        if leads[lead_id].status not in CLOSED:
            notice = sending.for_holder(one.to, returned=False, lead_id=lead_id, cause=cause, now=now)
            notices += [notice] if notice is not None else []
        had = before[lead_id].owner
        if had is not None and had.active and had != one.to:
            notices.append(sending.for_former_owner(had, lead_id=lead_id, cause=cause, now=now))
    sending.write_notices(notices, now=now)


def _source(placements: Sequence[Placement]) -> str:
    return placements[0].by.source if placements else ""
