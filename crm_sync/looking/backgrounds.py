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


def asked_connections() -> list[CrmConnection]:
    """The CRMs that are asked about people, the primary one first; one query."""
    active = CrmConnection.objects.filter(active=True).exclude(kind__in=kinds_that_cannot("reads"))
    return list(active.order_by("-primary", "key"))


def look_up(
    connections: Sequence[CrmConnection],
    wanted: Sequence[Wanted],
    *,
    rules: AccountRules = USUAL_RULES,
    now: datetime,
) -> list[LeadBackground]:
    """What is known of each, in their order, unsaved and without a lead: of several CRMs, what the one says that `weighs` most.
    Two queries for each CRM, and at most one call, to all at the same time."""
    found = [families.found(connection.pk, wanted, rules) for connection in connections]
    unknown = [
        sorted(
            {one.email for one, known in zip(wanted, told, strict=True) if one.email and not known.contact}
        )
        for told in found
    ]
    answers = asking.ask(list(zip(connections, unknown, strict=True)), now=now)
    for connection, told, answer in zip(connections, found, answers, strict=True):
        contacts = _contacts(connection, answer.records) if answer.records else {}
        for one, known in zip(wanted, told, strict=True):
            known.contact = known.contact or contacts.get(one.email)
    return [
        of_most_weight(
            [
                _background(
                    connections[place],
                    found[place][number],
                    missed=answers[place].missed if one.email in unknown[place] else "",
                    now=now,
                )
                for place in range(len(connections))
            ]
        )
        for number, one in enumerate(wanted)
    ]


def weighs(told: LeadBackground) -> int:
    """How much it says about who gets somebody: that they buy, then that somebody has them, then that they are known at all."""
    if told.is_customer or told.has_open_deal:
        return 3
    if told.keeps_owner or told.account_owner:
        return 2
    return 1 if told.is_known or told.account else 0


def of_most_weight(told: Sequence[LeadBackground]) -> LeadBackground:
    """The first of those that weigh most, with what the others know too: the records, what could not be asked, and who keeps
    somebody of whom it says neither that nor whose account it is."""
    most = max(told, key=weighs)
    keeper = next((one for one in told if one.keeps_owner), most)
    if not most.keeps_owner and (keeper.source == most.source or not most.account_owner):
        most.is_known, most.keeps_owner = most.is_known or keeper.is_known, keeper.keeps_owner
        if keeper.keeps_owner:
            most.crm_owner, most.crm_owner_name = keeper.crm_owner, keeper.crm_owner_name
    most.missed = "; ".join(one.missed for one in told if one.missed)[:200]
    most.records = {key: number for one in told for key, number in one.records.items()}
    return most


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
    if not missed:
        told.records = {connection.key: contact.remote_id if contact is not None else ""}
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
