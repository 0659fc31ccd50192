"""Stage score: points with reasons by the published rules -> hot, warm, cold or disqualified."""

from collections.abc import Sequence
from datetime import datetime

from intake.batch import Batch
from intake.models import Lead, TimelineEntry
from intake.pipeline import stage
from intake.timeline import record
from routing.engine import decide as engine
from routing.engine.scoring import Score, ScoreReason, after_return
from routing.models import LeadScore
from routing.stages.state import look, routed, ruleset_or_hold


@stage(needs=("deduplicate",))
def score(batch: Batch) -> None:
    """Points with reasons; a score never falls because somebody came back."""
    works = batch.with_leads()
    in_force = ruleset_or_hold(batch)
    if in_force is None:
        return
    ruleset, _row = in_force
    look(batch, works)
    returning_ids = [work.lead.pk for work in works if not work.is_new]
    before = (
        {row.lead_id: row for row in LeadScore.objects.filter(lead__in=returning_ids)}
        if returning_ids
        else {}
    )
    for work in works:
        found = routed(work)
        account = found.account.company if found.account else ""
        fresh = engine.score(found.facts, ruleset, account=account)
        previous = before.get(work.lead.pk)
        result = after_return(_as_score(previous), fresh) if previous else fresh
        found.score = result
        found.facts["score"], found.facts["segment"] = result.points, result.segment
        row = LeadScore(
            lead_id=work.lead.pk,
            points=result.points,
            segment=result.segment,
            reasons=[reason.to_json() for reason in result.reasons],
            disqualify_reason=result.disqualify_reason,
            ruleset_version=ruleset.version,
            scored_at=batch.now,
        )
        before[work.lead.pk] = row
        batch.leave(write_scores, row)
        batch.leave(
            record,
            TimelineEntry(
                lead_id=work.lead.pk,
                at=batch.now,
                verb="routing.scored",
                source="pipeline",
                data={"points": result.points, "segment": result.segment, "reasons": row.reasons},
            ),
        )
        if result.segment == "disqualified" and work.is_new:
            work.draft.change(status=Lead.Status.DISQUALIFIED, disqualify_reason=result.disqualify_reason)


def write_scores(rows: Sequence[LeadScore], *, now: datetime) -> None:
    """The batch writer: the newest score of each lead wins."""
    newest = {row.lead_id: row for row in rows}
    LeadScore.objects.bulk_create(
        newest.values(),
        update_conflicts=True,
        unique_fields=["lead"],
        update_fields=["points", "segment", "reasons", "disqualify_reason", "ruleset_version", "scored_at"],
    )


def _as_score(row: LeadScore) -> Score:
    reasons = tuple(ScoreReason(one["label"], one["points"], one.get("category", "")) for one in row.reasons)
    return Score(row.points, row.segment, reasons, row.disqualify_reason)  # type: ignore[arg-type]
