"""Stage start_sla: the first-response clock, with its due time frozen."""

from collections.abc import Sequence
from datetime import datetime

from intake.batch import Batch, LeadWork
from intake.pipeline import stage
from routing.engine.ruleset import CompiledSlaPolicy
from routing.engine.sla import policy_for
from routing.models import SlaClock
from routing.response import clocks
from routing.stages.state import routed, ruleset_of


@stage(needs=("route",))
def start_sla(batch: Batch) -> None:
    """A clock for each lead that waits for an answer of sales. A returning lead can only shorten the one that runs."""
    works = batch.with_leads()
    ruleset, _row = ruleset_of(batch)
    returning_ids = [work.lead.pk for work in works if not work.is_new]
    running = clocks.running(returning_ids) if returning_ids else {}
    started = set()
    for work in works:
        found = routed(work)
        action = found.returning.action if found.returning else "new_clock"
        if work.lead.pk in started or found.no_clock or action in ("timeline_only", "notify_owner_only"):
            continue
        # What the decision saw (territory, account), and the score, whichever came first.
        facts = {**(found.decision.facts if found.decision else {}), **found.facts}
        policy = policy_for(facts, ruleset)
        if policy is None:
            continue
        start = _start(work, policy, ruleset.version)
        clock = running.get(work.lead.pk)
        if clock is not None and found.moved:
            batch.leave(clocks.start_owner_clocks, work.lead.pk)
        if clock is None:
            # Where nobody had to answer, somebody has to now.
            if action == "new_clock" or (found.moved and found.had is None):
                started.add(work.lead.pk)
                batch.leave(clocks.write_clocks, clocks.draft(start))
        elif action == "keep":
            batch.leave(shorten_clocks, (clock, start))


def shorten_clocks(rows: Sequence[tuple[SlaClock, clocks.Start]], *, now: datetime) -> None:
    """The batch writer for clocks that run already."""
    for clock, start in rows:
        clocks.shorten(clock, start)


def _start(work: LeadWork, policy: CompiledSlaPolicy, version: int) -> clocks.Start:
    found = routed(work)
    return clocks.Start(
        lead_id=work.lead.pk,
        policy=policy,
        ruleset_version=version,
        counts_from=work.submission.received_at,
        assigned_at=found.assigned_at or work.submission.received_at,
        owner=found.owner,
        queue=found.queue,
    )
