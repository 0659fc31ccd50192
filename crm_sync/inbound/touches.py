"""What people log in the CRM stops clocks: calls, one-to-one e-mails, meetings. It is proof; a status is what somebody says.

Whoever hears of a contact writes `CrmLink.touched_at`; here it is read who it was, how, and when.
"""

from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from crm_sync.connection import circuit, owners
from crm_sync.connection.connecting import connect
from crm_sync.connectors.base import SetupProblem
from crm_sync.connectors.budget import Budget
from crm_sync.connectors.records import RemoteTouch
from crm_sync.models import CrmConnection, CrmLink
from plumbing.http import RemoteError
from routing.handover.actions import Refused, came_in, mark_contacted

READ = "crm_sync.read_touches"
SOURCE = "crm"
_MOST = 100


def read_all() -> int:
    """Every connection that may be called; how many leads turned out to have been contacted."""
    now = timezone.now()
    waiting = CrmLink.objects.filter(touched_at__isnull=False).values("connection")
    connections = CrmConnection.objects.filter(pk__in=waiting, active=True)
    return sum(
        _read_some(connection)
        for connection in connections.exclude(health=CrmConnection.Health.AUTH_LOST)
        if connection.not_before is None or connection.not_before <= now
    )


def _read_some(connection: CrmConnection) -> int:
    links = list(
        CrmLink.objects.filter(connection=connection, touched_at__isnull=False).order_by("touched_at")[:_MOST]
    )
    since = {link.pk: came_in(link.lead_id) for link in links}
    budget, now = Budget(connection.budget), timezone.now()
    try:
        connector = connect(connection, budget=budget)
        touches = connector.touches([link.remote_id for link in links], since=min(since.values()))
    except (RemoteError, SetupProblem) as error:
        circuit.failed(connection, error, now=now)
        return 0
    finally:
        CrmConnection.objects.filter(pk=connection.pk).update(budget=budget.state)
    contacted = 0
    for link in links:
        theirs = [
            touch for touch in touches if touch.contact_id == link.remote_id and touch.at >= since[link.pk]
        ]
        contacted += tell(connection, link, theirs, now=now)
        # Whoever has heard of another one meanwhile has written another moment.
        CrmLink.objects.filter(pk=link.pk, touched_at=link.touched_at).update(touched_at=None)
    return contacted


def tell(connection: CrmConnection, link: CrmLink, touches: Sequence[RemoteTouch], *, now: datetime) -> bool:
    """The first one counts, whoever it was: a colleague's too."""
    if not touches:
        return False
    first = touches[0]
    who = (
        owners.shown_as(connection.pk, first.owner_id)
        if first.owner_id
        else f"somebody in {connection.crm_name}"
    )
    try:
        mark_contacted(
            lead_id=link.lead_id, at=first.at, by=who, evidence="verified", source=SOURCE, actor=who, now=now
        )
    except Refused:
        return False  # It is closed, or was contacted in another way meanwhile.
    return True
