"""HubSpot behind the interface that every connector has."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from crm_sync.connectors.access import Access
from crm_sync.connectors.base import (
    Need,
    Outgoing,
    Present,
    RemoteOwner,
    RemoteTask,
    Report,
    TaskReport,
    TaskToChange,
    TaskToCreate,
)
from crm_sync.connectors.capabilities import Capabilities, MessageKind
from crm_sync.connectors.definitions import PropertyNames, Schema
from crm_sync.connectors.hubspot import (
    account,
    contacts,
    events,
    formats,
    limits,
    owners,
    properties,
    reading,
    remote_records,
    schema,
    scopes,
    touches,
    versions,
)
from crm_sync.connectors.hubspot import tasks as follow_ups
from crm_sync.connectors.hubspot.client import Client
from crm_sync.connectors.records import DeletedPage, RecordPage, RemoteContact, RemoteKind, RemoteTouch
from crm_sync.connectors.writes import Author


class HubSpot:
    label = "HubSpot"
    can = Capabilities()
    messages: ClassVar[Sequence[MessageKind]] = ()
    default_address = "https://api.hubapi.com"
    api_versions = versions.VERSIONS
    names = PropertyNames(
        email=contacts.EMAIL,
        shared_email=properties.SHARED_EMAIL,
        owner=remote_records.OWNER,
        own_prefix=properties.PREFIX,
        key=properties.LEAD_ID,
        lifecycle=remote_records.LIFECYCLE,
        lead_status=remote_records.LEAD_STATUS,
        usual=properties.USUAL,
        usual_status=properties.USUAL_STATUS,
    )
    customer_lifecycles = remote_records.CUSTOMERS
    list_separator = formats.SEPARATOR
    has_duplicate_rules = False
    most_with_history = 50
    authors_of_records = False
    deletions_every = timedelta(hours=1)
    token_guide = scopes.GUIDE
    rights = scopes.RIGHTS
    credentials: ClassVar[Mapping[str, str]] = {}
    log_in = None
    webhook_security = events.WEBHOOK_SECURITY
    acknowledgement = None

    encode = staticmethod(formats.encode)
    read_limits = staticmethod(limits.read_limits)
    verify = staticmethod(events.verify)
    parse_events = staticmethod(events.parse)
    record_address_of = staticmethod(account.record_address_of)

    def __init__(self, access: Access, *, needs: Sequence[Need] = ()) -> None:
        self.client = Client(access)
        self.contacts = contacts.Contacts(self.client, needs=needs)

    def ping(self) -> None:
        owners.ping(self.client)

    def prepare(self, needs: Sequence[Need], *, create: bool = True) -> list[str]:
        return properties.prepare(self.client, needs=needs, create=create)

    def record_address(self) -> str:
        return account.record_address(self.client)

    def granted(self, rights: Collection[str]) -> Mapping[str, bool | None]:
        return scopes.granted(self.client, rights)

    def schema(self, *, since: str = "") -> Schema:
        """HubSpot does not say whether anything has changed."""
        return Schema(schema.read(self.client))

    def owners(self) -> list[RemoteOwner]:
        return owners.owners(self.client)

    def read(
        self, ids: Collection[str], *, by: str, properties: Collection[str], history: Collection[str] = ()
    ) -> dict[str, Present]:
        return self.contacts.read(ids, by=by, names=properties, history=history)

    def find_contacts(self, emails: Collection[str]) -> dict[str, RemoteContact]:
        return reading.find_contacts(self.client, emails)

    def listing(self, kind: RemoteKind, *, after: str, limit: int) -> RecordPage:
        return reading.listing(self.client, kind, after=after, limit=limit)

    def deleted(self, kind: RemoteKind, *, since: datetime | None, after: str, limit: int) -> DeletedPage:
        return reading.deleted(self.client, kind, after=after, limit=limit)

    def changed(self, kind: RemoteKind, *, since: datetime, after: str, limit: int) -> RecordPage:
        return reading.changed(self.client, kind, since=since, after=after, limit=limit)

    def touches(self, contact_ids: Collection[str], *, since: datetime) -> Sequence[RemoteTouch]:
        return touches.of_contacts(self.client, contact_ids, since=since)

    def write(self, records: Sequence[Outgoing]) -> Report:
        return self.contacts.write(records)

    def adopt(self, records: Sequence[Outgoing]) -> Report:
        return self.contacts.adopt(records)

    def create_tasks(self, tasks: Sequence[TaskToCreate]) -> TaskReport:
        return follow_ups.create(self.client, tasks)

    def change_tasks(self, tasks: Sequence[TaskToChange]) -> TaskReport:
        return follow_ups.change(self.client, tasks)

    def tasks_of(self, contact_ids: Collection[str]) -> dict[str, list[RemoteTask]]:
        return follow_ups.of_contacts(self.client, contact_ids)

    def is_person(self, author: Author) -> bool:
        return events.is_person(author)

    def is_us(self, author: Author, *, recipient: str) -> bool:
        return events.is_us(author, recipient=recipient)

    def user_id_of(self, author: Author) -> str:
        return events.user_id_of(author)
