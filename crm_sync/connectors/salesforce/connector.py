"""Salesforce behind the interface that every connector has."""

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
from crm_sync.connectors.records import DeletedPage, RecordPage, RemoteContact, RemoteKind, RemoteTouch
from crm_sync.connectors.salesforce import (
    fields,
    formats,
    limits,
    login,
    mirrored,
    records,
    touches,
    users,
    versions,
)
from crm_sync.connectors.salesforce import messages as outbound_messages
from crm_sync.connectors.salesforce import people as persons
from crm_sync.connectors.salesforce import rights as permissions
from crm_sync.connectors.salesforce.client import OrgClient
from crm_sync.connectors.salesforce.people import People
from crm_sync.connectors.salesforce.reading import MirrorReading
from crm_sync.connectors.salesforce.tasks import Tasks
from crm_sync.connectors.salesforce.writing import Writing
from crm_sync.connectors.writes import Author


class Salesforce:
    label = "Salesforce"
    can = Capabilities()
    messages: ClassVar[Sequence[MessageKind]] = ()
    default_address = ""
    api_versions = versions.VERSIONS
    names = PropertyNames(
        email=records.EMAIL,
        # Two leads may have one address.
        shared_email=records.EMAIL,
        owner=records.OWNER,
        own_prefix="",
        key=records.KEY,
        lead_status=records.STATUS,
        usual=fields.USUAL,
        usual_status=fields.USUAL_STATUS,
        gone=fields.GONE,
    )
    customer_lifecycles = mirrored.CUSTOMERS
    list_separator = formats.SEPARATOR
    has_duplicate_rules = True
    most_with_history = 200
    authors_of_records = True
    # No event tells of a deletion.
    deletions_every = timedelta(minutes=2)
    token_guide = permissions.GUIDE
    rights = permissions.RIGHTS
    credentials: ClassVar[Mapping[str, str]] = {
        "client_id": "consumer key of the External Client App",
        "username": "the user to run as, with a private key only",
    }
    log_in = staticmethod(login.log_in)
    webhook_security = outbound_messages.WEBHOOK_SECURITY
    acknowledgement = outbound_messages.ACKNOWLEDGEMENT

    encode = staticmethod(formats.encode)
    read_limits = staticmethod(limits.read_limits)
    verify = staticmethod(outbound_messages.verify)
    parse_events = staticmethod(outbound_messages.parse)

    def __init__(self, access: Access, *, needs: Sequence[Need] = ()) -> None:
        self.client = OrgClient(access)
        self.people = People(self.client)
        self.writing = Writing(self.client, self.people, properties=[need.name for need in needs])
        self.reading = MirrorReading(self.client, self.people.asking)
        self.tasks = Tasks(self.client, self.people.asking)

    def ping(self) -> None:
        self.client.read("/limits")

    def prepare(self, needs: Sequence[Need], *, create: bool = True) -> list[str]:
        return fields.prepare(self.client, needs)

    def record_address(self) -> str:
        """Any record's, whatever it is."""
        return f"{self.client.login.address}/{{id}}"

    @staticmethod
    def record_address_of(kind: RemoteKind, contacts: str) -> str:
        """An id says of what it is, and is looked at in one place."""
        return contacts

    def granted(self, rights: Collection[str]) -> Mapping[str, bool | None]:
        return permissions.granted(self.client, rights)

    def schema(self, *, since: str = "") -> Schema | None:
        return fields.schema(self.client, since=since)

    def owners(self) -> list[RemoteOwner]:
        return users.owners(self.people.asking)

    def read(
        self, ids: Collection[str], *, by: str, properties: Collection[str], history: Collection[str] = ()
    ) -> dict[str, Present]:
        return self.people.read(ids, by=by, names=properties, history=history)

    def find_contacts(self, emails: Collection[str]) -> dict[str, RemoteContact]:
        return self.reading.find_contacts(emails)

    def listing(self, kind: RemoteKind, *, after: str, limit: int) -> RecordPage:
        return self.reading.listing(kind, after=after, limit=limit)

    def changed(self, kind: RemoteKind, *, since: datetime, after: str, limit: int) -> RecordPage:
        return self.reading.changed(kind, since=since, after=after, limit=limit)

    def deleted(self, kind: RemoteKind, *, since: datetime | None, after: str, limit: int) -> DeletedPage:
        return self.reading.deleted(kind, since=since, after=after, limit=limit)

    def touches(self, contact_ids: Collection[str], *, since: datetime) -> Sequence[RemoteTouch]:
        return touches.of_people(self.people.asking, contact_ids, since=since)

    def write(self, records: Sequence[Outgoing]) -> Report:
        return self.writing.write(records)

    def adopt(self, records: Sequence[Outgoing]) -> Report:
        return self.writing.adopt(records)

    def create_tasks(self, tasks: Sequence[TaskToCreate]) -> TaskReport:
        return self.tasks.create(tasks)

    def change_tasks(self, tasks: Sequence[TaskToChange]) -> TaskReport:
        return self.tasks.change(tasks)

    def tasks_of(self, contact_ids: Collection[str]) -> dict[str, list[RemoteTask]]:
        return self.tasks.of_contacts(contact_ids)

    def is_person(self, author: Author) -> bool:
        return author.source == persons.PERSON

    def is_us(self, author: Author, *, recipient: str) -> bool:
        """Never for certain: what an org's automation does after our write has our user's name."""
        return False

    def user_id_of(self, author: Author) -> str:
        return author.source_id if author.source == persons.PERSON else ""
