"""What changed in the CRM after a lead was decided: its deals, its account, its record. Whoever writes mirror rows says so here.

A deal that is won, lost or open again gives its leads their status and ends their clocks. Everything else is stored, and the
lead is decided again by the rule of late facts. Whose a linked record is, is no part of that: such changes come in as events.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from uuid import UUID

from django.db.models import Exists, F, Func, OuterRef, Q, TextField, Value
from django.db.models.functions import Coalesce, Lower

from crm_sync.looking import backgrounds
from crm_sync.looking.finding import wanted_of
from crm_sync.looking.learning import decide_again
from crm_sync.models import Account, CrmConnection, CrmLink, KnownContact, OpenDeal
from intake.lead_values import values_of
from intake.models import Lead
from routing import background
from routing.handover.outcomes import Outcome, settle
from routing.late_facts import STILL_YOUNG
from routing.models import LeadBackground, SlaClock
from routing.rules.publishing import account_rules_in_force

BATCH = 100
SOURCE = "crm"
State = OpenDeal.State
# Whose a record is, and that somebody has one, is told by its events: most records that change are our own.
_STAYS = ("is_known", "record", "keeps_owner", "crm_owner", "crm_owner_name")
# What a lead is decided again for.
_DECIDES = ("is_customer", "deal", "deal_owner", "account", "account_owner", "account_tier")
_STORED = (*_DECIDES, "account_owner_of", "account_by", "crm_lifecycle", "crm_lead_status")


def changed(
    connection: CrmConnection,
    *,
    contact_ids: Collection[str] = (),
    account_ids: Collection[str] = (),
    deal_ids: Collection[str] = (),
    now: datetime,
) -> None:
    """Rows of the mirror with these ids are new or others, and written already, maybe in the caller's transaction."""
    deals = list(OpenDeal.objects.filter(connection=connection, remote_id__in=list(deal_ids)))
    accounts = {*account_ids, *(deal.account_id for deal in deals if deal.account_id)}
    contacts = {*contact_ids, *(each for deal in deals for each in deal.contact_ids)}
    contacts.update(
        KnownContact.objects.filter(connection=connection, account_id__in=accounts).values_list(
            "remote_id", flat=True
        )
    )
    linked = dict(
        CrmLink.objects.filter(connection=connection, remote_id__in=contacts).values_list(
            "lead_id", "remote_id"
        )
    )
    _note_touches(connection, linked, now=now)
    outcomes = _outcomes(connection, deals, linked)
    if outcomes:
        settle(outcomes, source=SOURCE, now=now)
    if connection not in backgrounds.asked_connections():
        return
    concerned = dict.fromkeys(_young_ones_of(connection, account_ids, now=now), "") | linked
    lead_ids = sorted(concerned)
    for start in range(0, len(lead_ids), BATCH):
        _learn(connection, {pk: concerned[pk] for pk in lead_ids[start : start + BATCH]}, now=now)


def _note_touches(connection: CrmConnection, linked: Mapping[UUID, str], *, now: datetime) -> None:
    """Somebody there has been in contact since a lead came in whom nobody has answered, as far as is known here or was seen."""
    contacts = KnownContact.objects.filter(
        connection=connection,
        remote_id=OuterRef("remote_id"),
        last_contacted_at__gte=Coalesce(OuterRef("lead__last_submitted_at"), OuterRef("lead__created_at")),
    )
    asking = SlaClock.objects.filter(
        Q(status=SlaClock.Status.RUNNING) | Q(proof_due_at__isnull=False), lead=OuterRef("lead")
    )
    links = CrmLink.objects.filter(
        Q(lead__contacted_at=None) | Exists(asking), Exists(contacts), lead__in=linked
    )
    links.filter(connection=connection, touched_at=None).update(touched_at=now)


def _outcomes(
    connection: CrmConnection, deals: Sequence[OpenDeal], linked: Mapping[UUID, str]
) -> dict[UUID, Outcome]:
    """What these deals mean for the leads that are linked to their contacts. One that was closed before a lead last came in says
    nothing of it, and while another one is open none is lost."""
    by_contact: dict[str, list[OpenDeal]] = {}
    for deal in deals:
        for contact_id in deal.contact_ids if not deal.gone else ():
            by_contact.setdefault(contact_id, []).append(deal)
    concerned = {pk: by_contact[remote_id] for pk, remote_id in linked.items() if remote_id in by_contact}
    if not concerned:
        return {}
    came_in = dict(Lead.objects.filter(pk__in=concerned).values_list("pk", "last_submitted_at"))
    open_ones = OpenDeal.objects.filter(
        connection=connection, state=State.OPEN, gone=False, contact_ids__overlap=list(by_contact)
    )
    still_open = {each for ids in open_ones.values_list("contact_ids", flat=True) for each in ids}
    found: dict[UUID, Outcome] = {}
    for lead_id, theirs in concerned.items():
        since = came_in.get(lead_id)
        closed = {deal.state for deal in theirs if deal.state != State.OPEN and _closed_since(deal, since)}
        if State.WON in closed:
            found[lead_id] = "won"
        elif any(deal.state == State.OPEN for deal in theirs):
            found[lead_id] = "reopened"
        elif State.LOST in closed and linked[lead_id] not in still_open:
            found[lead_id] = "lost"
    return found


def _closed_since(deal: OpenDeal, since: datetime | None) -> bool:
    at = deal.closed_at or deal.modified_at
    if at is None or since is None:
        return True
    # A date without a time means that whole day.
    return (at + timedelta(days=1) if at.time() == time.min else at) >= since


def _young_ones_of(
    connection: CrmConnection, account_ids: Collection[str], *, now: datetime
) -> Iterator[UUID]:
    """Leads that may still go elsewhere, and belong to these accounts by domain or name rather than by their contact."""
    if not account_ids:
        return
    accounts = Account.objects.filter(connection=connection, remote_id__in=list(account_ids))
    domains, names = set(), set()
    for name, each in accounts.values_list("name", "domains"):
        domains.update(each)
        names.add(name.lower())
    host = Func(F("email"), Value("@"), Value(2), function="split_part", output_field=TextField())
    young = Lead.objects.filter(created_at__gt=now - STILL_YOUNG).annotate(host=host, name=Lower("company"))
    yield from young.filter(Q(host__in=domains) | Q(name__in=names - {""})).values_list("pk", flat=True)


def _learn(connection: CrmConnection, records: Mapping[UUID, str], *, now: datetime) -> None:
    """`records` are the ids of their records there, "" for none, by lead."""
    leads = list(Lead.objects.filter(pk__in=records, merged_into=None))
    before = background.of_leads(records)
    wanted = [wanted_of(values_of(lead), extra=lead.extra, record=records[lead.pk]) for lead in leads]
    told = backgrounds.known_now(connection, wanted, rules=account_rules_in_force(), now=now)
    news, again = [], []
    for lead, row in zip(leads, told, strict=True):
        had = before.get(lead.pk, LeadBackground())
        if had.missed and connection.key not in had.records:
            continue  # A sweep looks again, also in the CRM itself.
        row.lead_id, row.missed, row.records = lead.pk, had.missed, had.records
        for name in _STAYS:
            setattr(row, name, getattr(had, name))
        if had.source not in ("", connection.key):
            if backgrounds.weighs(row) <= backgrounds.weighs(had):
                continue  # Another CRM says as much.
            row.record = ""
        differs = {name for name in _STORED if getattr(row, name) != getattr(had, name)}
        if differs:
            news.append(row)
        if differs.intersection(_DECIDES):
            again.append(lead.pk)
    background.write_backgrounds(news, now=now)
    if again:
        decide_again(again, now=now)
