"""What rounds have found, for screens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count

from crm_sync.models import CrmConnection, CrmDifference, Reconciliation
from crm_sync.reconcile.keeping import ON_THEIR_WAY

# Rounds that a trend shows.
_MOST = 30


@dataclass(frozen=True, slots=True)
class KindCount:
    """One kind of difference in a round. `still_open`: of this kind now, in any round; `share`: of the most frequent, in %."""

    kind: str
    label: str
    number: int
    still_open: int
    share: float


@dataclass(frozen=True, slots=True)
class RoundReport:
    round: Reconciliation
    answer: str
    shares: Sequence[KindCount]
    on_their_way: int
    took: timedelta | None
    progress: float

    @property
    def is_over(self) -> bool:
        return self.round.finished_at is not None


def of_round(round_: Reconciliation, *, now: datetime) -> RoundReport:
    """One query."""
    still_open = dict(
        CrmDifference.objects.filter(connection=round_.connection_id, settled_at=None)
        .order_by()
        .values_list("kind")
        .annotate(Count("pk"))
    )
    most = max([*round_.found.values(), 1])
    shares = [
        KindCount(kind, label, round_.found[kind], still_open.get(kind, 0), 100 * round_.found[kind] / most)
        for kind, label in CrmDifference.Kind.choices
        if round_.found.get(kind)
    ]
    over = round_.finished_at is not None
    return RoundReport(
        round=round_,
        answer=sentence(round_),
        shares=shares,
        on_their_way=round_.found.get(ON_THEIR_WAY, 0),
        took=round_.finished_at - round_.started_at if round_.finished_at else now - round_.started_at,
        progress=100.0 if over or not round_.total else min(99.0, 100 * round_.checked / round_.total),
    )


def sentence(round_: Reconciliation) -> str:
    """ "9,998 of 10,000 leads are equal there." """
    if round_.finished_at is None:
        return (
            f"Comparing: {round_.checked:,} of about {round_.total:,} leads so far, {round_.equal:,} equal."
        )
    if not round_.total:
        return "There was nothing to compare."
    return (
        f"{round_.equal:,} of {round_.total:,} {'lead is' if round_.total == 1 else 'leads are'} equal there."
    )


def newest(connection: CrmConnection) -> Reconciliation | None:
    """The last round that is over, else the one that is under way."""
    rounds = Reconciliation.objects.filter(connection=connection)
    return rounds.exclude(finished_at=None).order_by("-started_at").first() or rounds.first()


def trend(connection_id: int) -> Mapping[str, Sequence[float | str]]:
    """Of the last rounds that are over, the oldest first: when, and how many in a hundred were equal."""
    rounds = Reconciliation.objects.filter(connection=connection_id, total__gt=0).exclude(finished_at=None)
    last = list(rounds.order_by("-started_at")[:_MOST])[::-1]
    return {
        "labels": [row.started_at.isoformat() for row in last],
        "equal": [round(100 * row.equal / row.total, 2) for row in last],
    }
