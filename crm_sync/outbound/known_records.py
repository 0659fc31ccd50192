"""Records there of people who are new to us: which they are, and whether whoever has one keeps it."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from crm_sync.born_records import records_of_leads
from crm_sync.connectors.base import Present
from crm_sync.looking import backgrounds, finding
from crm_sync.looking.finding import NOBODY, FoundContact
from crm_sync.models import CrmConnection
from crm_sync.outbound.lead_push import Push
from crm_sync.outbound.session import ConnectionSession
from intake.models import Lead
from routing import background
from routing.models import LeadBackground, Owner

Keeps = LeadBackground.Keeps


def of_leads(connection: CrmConnection, pushes: Sequence[Push]) -> dict[str, Push]:
    """By the record's id, the lead that was made of it, that a person says it is, or for whom it was found before it was decided;
    two queries."""
    asked = {push.lead.pk: push for push in pushes if not push.shares_email}
    told = background.of_leads(asked)
    found = {pk: one.record for pk, one in told.items() if one.record and one.source == connection.key}
    found |= records_of_leads(connection, list(asked))
    said = {push.lead.pk: push for push in pushes if push.entry.same_as}
    found |= {pk: push.entry.same_as for pk, push in said.items()}
    asked |= said
    return {record: asked[pk] for pk, record in found.items()}


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
