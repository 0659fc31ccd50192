"""Which leads belong into which CRM: the conditions of a connection, as its rules would see the lead now.

They are asked until a lead has a record there; from then on it is kept in step, whatever it becomes, unless it moves: the
conditions here do not hold any more, and those of another connection that writes it do.
"""

from collections.abc import Collection, Iterator, Sequence
from uuid import UUID

from crm_sync import outbox
from crm_sync.born_records import records_of_leads
from crm_sync.models import CrmConnection
from intake.models import Lead
from routing import facts
from routing.engine.conditions import matcher

_BATCH = 500


def outside(connection: CrmConnection, leads: Sequence[Lead]) -> set[UUID]:
    """Those of these leads that do not belong there. No query where every lead does; one that came from there always does."""
    if not connection.when or not leads:
        return set()
    belongs = matcher(connection.when)
    away = {pk for pk, seen in facts.for_conditions(leads).items() if not belongs(seen)}
    return away - records_of_leads(connection, list(away)).keys()


def moved(connection: CrmConnection, leads: Sequence[Lead]) -> dict[UUID, CrmConnection]:
    """Those of these leads that belong into another connection instead, and into which. A connection for all leads takes nobody
    from another; a lead that came from there stays there. No query of leads where no other has conditions."""
    if not connection.when or not leads:
        return {}
    others = CrmConnection.objects.filter(active=True).exclude(pk=connection.pk).exclude(when={})
    takers = [(other, matcher(other.when)) for other in others.order_by("-primary", "key") if other.writes]
    if not takers:
        return {}
    away = outside(connection, leads)
    gone = [lead for lead in leads if lead.pk in away]
    facts_now = facts.for_conditions(gone) if gone else {}
    found: dict[UUID, CrmConnection] = {}
    for lead in gone:
        for other, takes in takers:
            if other.writes_lead(is_test=lead.is_test) and takes(facts_now[lead.pk]):
                found[lead.pk] = other
                break
    return found


def missing(connection: CrmConnection, *, lead_ids: Collection[UUID] | None = None) -> list[UUID]:
    """Leads that belong there and have no record, the oldest first; of these only, where some are named. Of a connection in test
    mode: test leads."""
    rows = outbox.missing(connection).order_by("created_at", "pk")
    if lead_ids is not None:
        rows = rows.filter(pk__in=lead_ids)
    if not connection.when:
        return list(rows.values_list("pk", flat=True))
    return [
        pk
        for some in _batches(list(rows.values_list("pk", flat=True)))
        for pk in _belonging(connection, some)
    ]


def _belonging(connection: CrmConnection, lead_ids: Sequence[UUID]) -> list[UUID]:
    leads = Lead.objects.in_bulk(lead_ids)
    away = outside(connection, list(leads.values()))
    return [pk for pk in lead_ids if pk in leads and pk not in away]


def _batches(lead_ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    for start in range(0, len(lead_ids), _BATCH):
        yield lead_ids[start : start + _BATCH]
