"""The stages of crm_sync: what the CRM knows, before it is decided; what the CRM is to know, afterwards."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from crm_sync import outbox
from crm_sync.born_records import records_of
from crm_sync.looking import backgrounds
from crm_sync.looking.finding import wanted_of
from crm_sync.models import CrmConnection
from intake.batch import Batch, Work
from intake.models import IntakeForm
from intake.pipeline import stage
from routing.background import Told
from routing.engine.account_family import USUAL_RULES, AccountRules
from routing.notices import sending
from routing.rules.publishing import NothingPublished
from routing.stages.state import ruleset_of


@stage(needs=("normalize",), wire=True)
def look_up(batch: Batch) -> None:
    """Customers, deals, accounts and owners that the CRM knows: from the mirror, and by one call for those it does not know."""
    works = batch.going()
    others = [work for work in works if work.form.kind != IntakeForm.Kind.CRM]
    asked = backgrounds.asked_connections()
    if asked and others:
        _look_up_in(asked, others, {}, batch)
    # Whom a CRM has made is looked up there.
    makers = {work.form.key for work in works} - {work.form.key for work in others}
    for connection in CrmConnection.objects.filter(key__in=makers) if makers else ():
        theirs = [work for work in works if work.form.key == connection.key]
        _look_up_in(
            [connection], theirs, records_of(connection, [work.submission.pk for work in theirs]), batch
        )


def _look_up_in(
    connections: Sequence[CrmConnection], works: Sequence[Work], records: Mapping[UUID, str], batch: Batch
) -> None:
    wanted = [
        wanted_of(work.values, extra=work.extra, record=records.get(work.submission.pk, "")) for work in works
    ]
    told = backgrounds.look_up(connections, wanted, rules=_account_rules(batch), now=batch.now)
    for work, background in zip(works, told, strict=True):
        work.slot(Told).background = background


def _account_rules(batch: Batch) -> AccountRules:
    try:
        return ruleset_of(batch)[0].account_match
    except NothingPublished:
        return USUAL_RULES


@stage(needs=("deduplicate",))
def queue_push(batch: Batch) -> None:
    """Leave one pending outbox row per lead and connection. Notices wait for the primary one, where that writes the lead."""
    for work in batch.with_leads():
        batch.leave(outbox.queue_rows, work.lead.pk)
        batch.leave(tell_at_once, work.lead.pk)


def tell_at_once(rows: Sequence[UUID], *, now: datetime) -> None:
    """The batch writer that lets those notices go for whose leads nobody has to look in a CRM first."""
    if at_once := outbox.not_waited_for(rows):
        sending.release(at_once, now=now)
