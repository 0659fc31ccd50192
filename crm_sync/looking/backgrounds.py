"""From what was found to what is told below: facts, and whose the record, the deal and the account are."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from crm_sync.connectors import connector_class, kinds_that_cannot
from crm_sync.connectors.base import Present
from crm_sync.looking import asking, families, finding
from crm_sync.looking.finding import NOBODY, Found, FoundContact, Wanted
from crm_sync.models import CrmConnection
from routing.engine.account_family import USUAL_RULES, AccountRules
from routing.models import LeadBackground

Keeps = LeadBackground.Keeps


def asked_connection() -> CrmConnection | None:
    """The CRM that is asked about people: the primary one; one query."""
    primary = CrmConnection.objects.filter(active=True, primary=True)
    return primary.exclude(kind__in=kinds_that_cannot("reads")).first()


def look_up(
    connection: CrmConnection, wanted: Sequence[Wanted], *, rules: AccountRules = USUAL_RULES, now: datetime
) -> list[LeadBackground]:
    """What is known of each, in their order, unsaved and without a lead; two queries, and at most one call."""
    found = families.found(connection.pk, wanted, rules)
    unknown = sorted(
        {one.email for one, known in zip(wanted, found, strict=True) if one.email and not known.contact}
    )
    answer = asking.ask(connection, unknown, now=now)
    if answer.records:
        contacts = _contacts(connection, answer.records)
        for one, known in zip(wanted, found, strict=True):
            known.contact = known.contact or contacts.get(one.email)
    return [
        _background(connection, known, missed=answer.missed if one.email in unknown else "", now=now)
        for one, known in zip(wanted, found, strict=True)
    ]


def known_now(
    connection: CrmConnection, wanted: Sequence[Wanted], *, rules: AccountRules = USUAL_RULES, now: datetime
) -> list[LeadBackground]:
    """What the mirror alone says of each, as in `look_up`; one query."""
    found = families.found(connection.pk, wanted, rules)
    return [_background(connection, known, missed="", now=now) for known in found]


def _contacts(connection: CrmConnection, records: Mapping[str, Present]) -> dict[str, FoundContact]:
    made = connector_class(connection.kind)
    assert made is not None  # It has just answered.
    names = made.names
    owner_of = {email: one.properties.get(names.owner) or "" for email, one in records.items()}
    people = finding.people(connection.pk, sorted({owner_id for owner_id in owner_of.values() if owner_id}))
    return {
        email: FoundContact(
            one.remote_id,
            people.get(owner_of[email], NOBODY),
            one.properties.get(names.lifecycle) or "",
            one.properties.get(names.lead_status) or "",
            is_ours=bool(one.lead_id),
        )
        for email, one in records.items()
    }


def _background(connection: CrmConnection, known: Found, *, missed: str, now: datetime) -> LeadBackground:
    contact, account, deal = known.contact, known.account, known.deal
    told = LeadBackground(source=connection.key, looked_up_at=now, missed=missed)
    if contact is not None:
        made = connector_class(connection.kind)
        told.is_known, told.record = True, contact.remote_id
        told.is_customer = made is not None and contact.lifecycle in made.customer_lifecycles
        told.crm_owner, told.crm_owner_name = contact.owner.email, contact.owner.name
        told.crm_lifecycle, told.crm_lead_status = contact.lifecycle[:100], contact.lead_status[:100]
        told.keeps_owner = keeps(connection, contact)
    told.account_candidates = [one.to_json() for one in known.accounts.judged]
    if account is not None:
        told.is_customer = told.is_customer or account.is_customer
        told.account, told.account_tier, told.account_by = account.name[:300], account.tier[:100], account.by
        told.account_owner = "" if account.owner.archived else account.owner.email
        told.account_owner_of = account.owner_of[:300]
    if deal is not None:
        told.deal, told.deal_owner = deal.name[:300] or "An open deal", deal.owner.email
    return told


def keeps(connection: CrmConnection, contact: FoundContact) -> str:
    """Whether the owner of a record keeps a lead that is new to us, as the connection says. What we gave away ourselves is known
    here already."""
    if contact.is_ours or not (contact.owner.email or contact.owner.name) or contact.owner.archived:
        return Keeps.NO
    if connection.known_owner == CrmConnection.KnownOwner.KEEP:
        return Keeps.ALWAYS
    return Keeps.NO if contact.lead_status in connection.recycled else Keeps.WHILE_ACTIVE
