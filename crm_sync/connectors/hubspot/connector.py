"""HubSpot behind the interface that every connector has."""

from collections.abc import Callable, Collection, Sequence

from crm_sync.connectors.base import (
    Author,
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
from crm_sync.connectors.budget import Budget
from crm_sync.connectors.hubspot import contacts, owners, properties
from crm_sync.connectors.hubspot import tasks as follow_ups
from crm_sync.connectors.hubspot.client import Client

# Where a change comes from that a person made: in the CRM, its apps, in bulk or with a file.
_PEOPLE = frozenset(
    {
        "CRM_UI",
        "CRM_UI_BULK_ACTION",
        "CONTACTS_WEB",
        "CONTACTS",
        "BATCH_UPDATE",
        "IMPORT",
        "MOBILE_IOS",
        "MOBILE_ANDROID",
        "MERGE_OBJECTS",
        "SIDEKICK",
        "SALES",
    }
)
_INTEGRATION = "INTEGRATION"


class HubSpot:
    email_property = contacts.EMAIL
    shared_email_property = properties.SHARED_EMAIL
    duplicate_property = properties.DUPLICATE_OF
    owner_property = "hubspot_owner_id"
    most_with_history = 50

    def __init__(
        self,
        *,
        base_url: str,
        token: str,
        budget: Budget,
        before_call: Callable[[], None],
        needs: Sequence[Need] = (),
    ) -> None:
        self.client = Client(base_url=base_url, token=token, budget=budget, before_call=before_call)
        self.contacts = contacts.Contacts(self.client, needs=needs)

    def prepare(self, needs: Sequence[Need], *, create: bool = True) -> list[str]:
        return properties.prepare(self.client, needs=needs, create=create)

    def owners(self) -> list[RemoteOwner]:
        return owners.owners(self.client)

    def read(
        self, ids: Collection[str], *, by: str, properties: Collection[str], history: Collection[str] = ()
    ) -> dict[str, Present]:
        return self.contacts.read(ids, by=by, names=properties, history=history)

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
        return author.source in _PEOPLE

    def is_us(self, author: Author, *, app_id: str) -> bool:
        return author.source == _INTEGRATION and bool(app_id) and author.source_id == app_id
