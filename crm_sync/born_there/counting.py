"""How far contacts made there are on their way to becoming leads, for the connection's page."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q

from crm_sync.born_there.which import is_switched_off, waiting
from crm_sync.models import BornContact, CrmConnection

Status = BornContact.Status


@dataclass(frozen=True, slots=True)
class BornCount:
    """`taken` became leads within 24 hours; `waiting` have still to be looked at, `minutes` at the connection's rate.

    `is_paused`: the form by which they come in is switched off."""

    taken: int
    waiting: int
    minutes: int
    is_paused: bool


def of_connection(connection: CrmConnection, *, now: datetime) -> BornCount | None:
    """None where they do not become leads. Three queries."""
    said = connection.born_there
    if not said.active:
        return None
    rows = BornContact.objects.filter(connection=connection).aggregate(
        taken=Count("pk", filter=Q(status=Status.TAKEN, begun_at__gt=now - timedelta(days=1))),
        begun=Count("pk", filter=Q(status=Status.WAITING)),
    )
    left = waiting(connection).count()
    return BornCount(
        rows["taken"], left + rows["begun"], -(-left // said.per_minute), is_switched_off(connection)
    )
