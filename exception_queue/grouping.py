"""Open items as people look at them: causes rather than rows, and how many there are."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min, Q, QuerySet, Sum

from exception_queue import kinds
from exception_queue.models import ExceptionItem

Status = ExceptionItem.Status


@dataclass(frozen=True, slots=True)
class Group:
    """Items of one kind with one cause. `items` are rows, `times` is how often it happened over all of
    them, `trying` how many are being tried again.
    """

    kind: kinds.ExceptionKind
    cause_key: str
    items: int
    times: int
    claimed: int
    trying: int
    first_seen_at: datetime
    last_seen_at: datetime
    sample: ExceptionItem

    @property
    def several(self) -> bool:
        return self.items > 1

    @property
    def cause(self) -> str:
        return self.sample.cause


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of items for the tabs of the screen. `mine` and `unclaimed` are open ones."""

    mine: int
    unclaimed: int
    snoozed: int
    unresolved: int


def groups(items: QuerySet[ExceptionItem] | None = None) -> list[Group]:
    """Causes, not rows: the worst and most frequent first. Two queries. Without `items`: all open ones."""
    rows = ExceptionItem.objects.filter(status=Status.OPEN) if items is None else items
    causes = list(
        rows.order_by()
        .values("kind", "cause_key")
        .annotate(
            items=Count("pk"),
            times=Sum("count"),
            claimed=Count("pk", filter=~Q(claimed_by="")),
            trying=Count("pk", filter=Q(retried_at__isnull=False)),
            first=Min("first_seen_at"),
            last=Max("last_seen_at"),
            newest=Max("pk"),
        )
    )
    samples = ExceptionItem.objects.in_bulk([cause["newest"] for cause in causes])
    found = [
        Group(
            kind=kinds.described(cause["kind"]),
            cause_key=cause["cause_key"],
            items=cause["items"],
            times=cause["times"],
            claimed=cause["claimed"],
            trying=cause["trying"],
            first_seen_at=cause["first"],
            last_seen_at=cause["last"],
            sample=samples[cause["newest"]],
        )
        for cause in causes
        if cause["newest"] in samples
    ]
    return sorted(found, key=lambda group: (group.kind.rank, -group.items, group.first_seen_at))


def counts(items: QuerySet[ExceptionItem], *, by: str) -> Counts:
    """How many of these the tabs of the screen hold for this person. One query."""
    is_open = Q(status=Status.OPEN)
    found = items.filter(status__in=ExceptionItem.UNRESOLVED).aggregate(
        mine=Count("pk", filter=is_open & Q(claimed_by=by)),
        unclaimed=Count("pk", filter=is_open & Q(claimed_by="")),
        snoozed=Count("pk", filter=~is_open),
        unresolved=Count("pk"),
    )
    return Counts(**found)
