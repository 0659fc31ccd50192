"""Records there of people who are new to us: which they are, and whether whoever has one keeps it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from crm_sync.born_records import records_of_leads
from crm_sync.connectors.base import Present
from crm_sync.connectors.definitions import PropertyNames
from crm_sync.looking import backgrounds, finding
from crm_sync.looking.finding import NOBODY, FoundContact
from crm_sync.models import CrmConnection
from crm_sync.outbound.lead_push import Push
from crm_sync.outbound.session import ConnectionSession
from intake.models import Lead
from routing import background
from routing.models import LeadBackground, Owner

Keeps = LeadBackground.Keeps
# Whoever was looked up so short a time ago has no record there that a person has made since, or so we take it.
STILL_TRUE = timedelta(minutes=5)


def of_leads(connection: CrmConnection, pushes: Sequence[Push]) -> dict[str, Push]:
    """By the record's id, the lead that was made of it, that a person says it is, or for whom it was found before it was decided;
    two queries."""
    asked = {push.lead.pk: push for push in pushes if not push.shares_email}
    told = background.of_leads(asked)
    found = {pk: record for pk, one in told.items() if (record := one.record_in(connection.key))}
    found |= records_of_leads(connection, list(asked))
    said = {push.lead.pk: push for push in pushes if push.entry.same_as}
    found |= {pk: push.entry.same_as for pk, push in said.items()}
    asked |= said
    return {record: asked[pk] for pk, record in found.items()}


def to_be_found(
    connection: CrmConnection, pushes: Sequence[Push], *, names: PropertyNames, now: datetime
) -> dict[str, Push]:
    """By address, those who may have a record there that nobody has looked for. Only where one address may stand on several,
    since there a write by our key would make another one, and where the connection links such records. Not those who share
    their address here, or of whom a person said that they are somebody else. One query."""
    if names.shared_email != names.email or connection.on_duplicate != CrmConnection.OnDuplicate.LINK:
        return {}
    asked = [push for push in pushes if push.lead.email and not push.shares_email and not push.anyway]
    told = background.of_leads([push.lead.pk for push in asked])
    return {
        push.lead.email.lower(): push
        for push in asked
        if not _was_asked(told.get(push.lead.pk), connection, since=now - STILL_TRUE)
    }


def _was_asked(told: LeadBackground | None, connection: CrmConnection, *, since: datetime) -> bool:
    return told is not None and connection.key in told.records and told.looked_up_at > since


def kept_owner(push: Push, present: Present, session: ConnectionSession) -> str:
    """The id of whoever has the record there, where they keep it as the connection says; "" where ours goes over it."""
    names = session.plan.names
    owner_id = present.properties.get(names.owner) or ""
    if not owner_id or owner_id == push.owner_id or not session.plan.shows_owner:
        return ""
    owner = finding.people(session.pk, [owner_id]).get(owner_id, NOBODY)
    status = present.properties.get(names.lead_status) or ""
    contact = FoundContact(present.remote_id, owner, "", status, is_ours=False)
    keeps = backgrounds.keeps(session.connection, contact)
    if keeps == Keeps.WHILE_ACTIVE:
        here = Owner.objects.filter(email__iexact=owner.email).first()
        return owner_id if here is not None and here.available else ""
    return owner_id if keeps == Keeps.ALWAYS else ""


def of_other_leads(taken: Mapping[str, Present]) -> set[str]:
    """Keys whose e-mail address is on the record of another lead that we know."""
    known = leads_on(taken.values())
    return {key for key, present in taken.items() if present.lead_id in known and present.lead_id != key}


def leads_on(records: Iterable[Present]) -> set[str]:
    """The keys on these records that are leads here: one that we do not know is from an installation that is gone. One query."""
    named: dict[UUID, str] = {}
    for one in records:
        try:
            named[UUID(one.lead_id)] = one.lead_id
        except ValueError:
            continue
    known = Lead.objects.filter(pk__in=named).values_list("pk", flat=True) if named else ()
    return {named[pk] for pk in known}
