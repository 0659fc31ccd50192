"""What the CRMs have against leads that are to go there, for the page that publishes (settings.LEADOPS_BEFORE_PUBLISHING)."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from crm_sync.connectors import kinds_that_cannot
from crm_sync.models import CrmConnection
from crm_sync.outbound import drift
from crm_sync.outbound.drift import Standing
from crm_sync.outbound.drift_findings import OWNER_THERE, Drift
from leadops.console.exception_pages import SUBJECTS
from plumbing import access
from routing.models import Owner
from routing.rules.elsewhere import Heard, Objection


def of_crms(user: Any, *, ask: bool, now: datetime) -> list[Heard]:
    """Each active connection whose CRM says what it takes. With `ask` those that were read a while ago are read again, unless
    they do not answer. Somebody who sees some owners only hears of these only."""
    connections = CrmConnection.objects.filter(active=True).order_by("-primary", "key")
    connections = connections.exclude(kind__in=kinds_that_cannot("properties"))
    return [_heard(user, drift.stand(connection, ask=ask, now=now)) for connection in connections]


def _heard(user: Any, standing: Standing) -> Heard:
    return Heard(
        source=f"{standing.connection.crm_name} ({standing.connection.key})",
        as_of=standing.read_at,
        is_old=standing.is_old,
        trouble=standing.trouble,
        objections=list(_objections(user, standing.found)),
    )


def _objections(user: Any, found: Iterable[Drift]) -> Iterator[Objection]:
    for one in found:
        if one.subject.type == OWNER_THERE:
            email = one.subject.id.partition(" ")[2]
            if user is not None and not _sees(user, email):
                continue
            may_open = user is not None and user.has_perm("routing.view_owner")
        else:
            may_open = user is not None and user.has_perm("crm_sync.view_crmconnection")
        pages = SUBJECTS[one.subject.type]([one.subject.id]) if may_open else {}
        yield Objection(one.subject.label, one.cause, pages.get(one.subject.id, ""))


def _sees(user: Any, email: str) -> bool:
    return access.rows_for(user, Owner.objects.all()).filter(email__iexact=email).exists()
