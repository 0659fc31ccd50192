"""What a push needs to know about its lead, read for a whole batch in a fixed number of queries."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from crm_sync.connectors.base import AlikeRecords, Outgoing, Present, Written
from crm_sync.crm_state import owner_shown
from crm_sync.models import CrmLink, LeftOutValue, OutboxEntry
from intake import last_words
from intake.last_words import CONSENT_FIELDS, NewestSubmission
from intake.models import Lead
from routing import lead_state
from routing.models import Assignment, LeadScore, SlaClock

# Fields that are read from the newest submission.
_OF_SUBMISSION = frozenset({"submitted_at", "last_touch"})


@dataclass(eq=False, slots=True)
class Push:
    """One outbox row on its way, with the newest of everything.

    `owner` is the e-mail address of whom the CRM should show ("" for nobody), `owner_id` their id there ("" when
    nobody or unknown). `present` is what stands in the CRM, where that had to be read; `adopting`: the record there
    was not ours until now.
    """

    entry: OutboxEntry
    lead: Lead
    assignment: Assignment | None = None
    score: LeadScore | None = None
    clock: SlaClock | None = None
    link: CrmLink | None = None
    shares_email: bool = False
    # By canonical field; both are read only where a mapping or a task asks for one of theirs.
    consents: Mapping[str, Any] = field(default_factory=dict)
    newest: NewestSubmission | None = None

    owner: str = ""
    owner_id: str = ""
    present: Present | None = None
    adopting: bool = False
    # Whom a rule of the CRM takes the lead for, where that stands in the way; `anyway`: it may be written all the same.
    alike: AlikeRecords | None = None
    anyway: bool = False
    # Who has the record there, by their id, where they are to keep it and we say somebody else.
    kept_owner: str = ""
    sending: dict[str, str] = field(default_factory=dict)
    # All that should stand there by now, sent or not.
    whole: dict[str, str] = field(default_factory=dict)
    # What else to remember as standing there: values that we leave alone, and of a list our own part.
    unchanged: dict[str, str] = field(default_factory=dict)
    # What stood in a record that was not ours, and is left as it is.
    kept: dict[str, str] = field(default_factory=dict)
    # Properties whose value does not fit -> why (`LeftOutValue.Why`); those that the CRM itself refused -> its words.
    left_out: dict[str, str] = field(default_factory=dict)
    refused_values: dict[str, str] = field(default_factory=dict)
    # Mappings whose value the record has lacked until now.
    lacking: frozenset[int] = frozenset()
    written: Written | None = None
    # What became of the record, where it turned out not to be there: a `CrmLink.Gone`.
    gone: str = ""
    # The intention to make a task was written down in this round, so there cannot be a lost one.
    intends_task: bool = False

    @property
    def key(self) -> str:
        return str(self.lead.pk)

    @property
    def outgoing(self) -> Outgoing:
        """For a write by our key."""
        link = self.link
        return Outgoing(
            self.key,
            self.sending,
            link.remote_id if link is not None else "",
            exists=link is not None,
            anyway=self.shares_email or self.anyway,
            whole=self.whole,
            known=link.sent if link is not None else {},
            number=(link.writes if link is not None else 0) + 1,
            push=f"{self.entry.pk}-{link.writes if link is not None else 0}",
            changed_at=self.lead.updated_at,
        )

    def outgoing_to(self, remote_id: str) -> Outgoing:
        """For a record that was not ours until now, or has lost our key."""
        anyway = self.anyway or self.entry.same_as == remote_id
        return Outgoing(self.key, self.sending, remote_id, anyway=anyway)

    @property
    def stands(self) -> dict[str, str]:
        """property -> what we know to stand there once the record is written."""
        return self.sending | self.unchanged

    @property
    def owner_unknown(self) -> bool:
        return bool(self.owner and not self.owner_id)


def load(
    entries: Sequence[OutboxEntry], *, connection_id: int, email_property: str, fields: Collection[str]
) -> list[Push]:
    """In the entries' order. `fields` are the names that mappings and tasks ask for."""
    lead_ids = [entry.lead_id for entry in entries]
    leads = Lead.objects.in_bulk(lead_ids)
    states = lead_state.of_leads(lead_ids)
    links = {
        each.lead_id: each
        for each in CrmLink.objects.filter(connection_id=connection_id, lead_id__in=lead_ids)
    }
    sharing = _sharing_email(leads.values(), connection_id=connection_id, email_property=email_property)
    consents = last_words.consents(lead_ids) if not CONSENT_FIELDS.isdisjoint(fields) else {}
    newest = last_words.newest_submissions(lead_ids) if not _OF_SUBMISSION.isdisjoint(fields) else {}
    lacking: dict[UUID, set[int]] = {}
    left_out = LeftOutValue.objects.filter(mapping__connection=connection_id, lead_id__in=lead_ids)
    for mapping_id, lead_id in left_out.values_list("mapping_id", "lead_id"):
        lacking.setdefault(lead_id, set()).add(mapping_id)
    return [
        Push(
            entry=entry,
            lead=leads[entry.lead_id],
            assignment=states[entry.lead_id].assignment,
            score=states[entry.lead_id].score,
            clock=states[entry.lead_id].running_clock,
            link=links.get(entry.lead_id),
            owner=owner_shown(states[entry.lead_id].assignment),
            shares_email=entry.lead_id in sharing,
            anyway=entry.anyway,
            consents=consents.get(entry.lead_id, {}),
            newest=newest.get(entry.lead_id),
            lacking=frozenset(lacking.get(entry.lead_id, ())),
        )
        for entry in entries
        if entry.lead_id in leads
    ]


def _sharing_email(leads: Collection[Lead], *, connection_id: int, email_property: str) -> set[UUID]:
    """Leads that are not the first with their e-mail address: the CRM takes an address once.

    The address belongs to whoever has it there already, else to the oldest lead.
    """
    addresses = {lead.email for lead in leads if lead.email}
    rows = Lead.objects.filter(email__in=addresses, merged_into=None).order_by("created_at", "pk")
    having: dict[str, list[UUID]] = {}
    for lead_id, address in rows.values_list("pk", "email"):
        having.setdefault(address, []).append(lead_id)
    shared = {address: lead_ids for address, lead_ids in having.items() if len(lead_ids) > 1}
    if not shared:
        return set()
    everybody = [lead_id for lead_ids in shared.values() for lead_id in lead_ids]
    links = CrmLink.objects.filter(connection_id=connection_id, lead_id__in=everybody, gone_at=None)
    there = {(link.sent.get(email_property), link.lead_id) for link in links}
    sharing: set[UUID] = set()
    for address, lead_ids in shared.items():
        crm_owner = next((lead_id for lead_id in lead_ids if (address, lead_id) in there), lead_ids[0])
        sharing |= {lead_id for lead_id in lead_ids if lead_id != crm_owner}
    return sharing
