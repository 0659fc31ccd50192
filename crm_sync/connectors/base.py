"""What every connector can do, in words that no CRM owns.

Connectors know HTTP and their CRM; they know no table and no lead. Errors that concern the whole connection are
those of `plumbing.http` (Transient, Throttled, AuthLost); what a CRM says about single records is in the reports.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from plumbing.http import RemoteError


class SetupProblem(Exception):
    """One plain sentence: why this connection cannot be used as it is set up."""


@dataclass(frozen=True, slots=True)
class Need:
    """A property that we write. `type` is text, number or datetime."""

    name: str
    label: str
    type: str = "text"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One record to write: `key` is our lead's id, `remote_id` is known only for one that is to be adopted."""

    key: str
    properties: Mapping[str, str]
    remote_id: str = ""


@dataclass(frozen=True, slots=True)
class Present:
    """What stands in the CRM. `lead_id` is our key on it, "" where it is not ours.

    `authors` says for properties whose history was asked for who wrote the present value.
    """

    remote_id: str
    properties: Mapping[str, str]
    lead_id: str
    modified_at: datetime | None = None
    authors: Mapping[str, "Author"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Author:
    """Who made a change there, in the CRM's own words."""

    source: str
    source_id: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    remote_id: str
    created: bool
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """The CRM's own words about one record, and the properties that it complains of by their error codes."""

    message: str
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Report:
    """What became of each record of a write, by key; a key that stands nowhere was not reached.

    `taken`: a record that is not ours has the e-mail address. `again`: failed this time, the words say why.
    `unknown`: property -> keys whose value was left out because the CRM does not have the property.
    `stopped`: the error that ended the write.
    """

    written: dict[str, Written] = field(default_factory=dict)
    refused: dict[str, Refusal] = field(default_factory=dict)
    taken: dict[str, Present] = field(default_factory=dict)
    again: dict[str, str] = field(default_factory=dict)
    unknown: dict[str, set[str]] = field(default_factory=dict)
    stopped: RemoteError | None = None


@dataclass(frozen=True, slots=True)
class TaskToCreate:
    """`reference` is ours, unique per lead and clock; it can be read back from the task."""

    reference: str
    contact_id: str
    subject: str
    due_at: datetime
    owner_id: str
    urgent: bool


@dataclass(frozen=True, slots=True)
class TaskToChange:
    """None leaves a value as it is; `owner_id` "" takes the owner away."""

    reference: str
    task_id: str
    subject: str | None = None
    due_at: datetime | None = None
    owner_id: str | None = None
    done: bool = False


@dataclass(frozen=True, slots=True)
class RemoteTask:
    task_id: str
    reference: str
    open: bool


@dataclass(slots=True)
class TaskReport:
    """By reference: `done` has the task's id. `gone`: the task does not exist any more."""

    done: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    refused: dict[str, Refusal] = field(default_factory=dict)
    again: dict[str, str] = field(default_factory=dict)
    stopped: RemoteError | None = None


@dataclass(frozen=True, slots=True)
class RemoteOwner:
    remote_id: str
    email: str
    name: str
    user_id: str
    archived: bool


class Connector(Protocol):
    """One CRM account. All calls raise RemoteError for the connection as a whole; none is made in a transaction."""

    email_property: str
    shared_email_property: str
    duplicate_property: str
    owner_property: str
    # Records that one read with history can name.
    most_with_history: int

    def prepare(self, needs: Sequence[Need], *, create: bool = True) -> list[str]:
        """Make the properties that are ours; returns those of `needs` that do not exist and are not ours to make.

        Raises SetupProblem where the account cannot be used.
        """

    def owners(self) -> list[RemoteOwner]:
        """Everybody, archived ones too."""

    def read(
        self, ids: Collection[str], *, by: str, properties: Collection[str], history: Collection[str] = ()
    ) -> dict[str, Present]:
        """Records by "id", "lead" (our key) or "email"; keyed by what was asked for; what is missing is left out."""

    def write(self, records: Sequence[Outgoing]) -> Report:
        """Create or update by our key."""

    def adopt(self, records: Sequence[Outgoing]) -> Report:
        """Update records that exist already, by `remote_id`, and put our key on them."""

    def create_tasks(self, tasks: Sequence[TaskToCreate]) -> TaskReport: ...

    def change_tasks(self, tasks: Sequence[TaskToChange]) -> TaskReport: ...

    def tasks_of(self, contact_ids: Collection[str]) -> dict[str, list[RemoteTask]]:
        """Tasks with a reference of ours, by contact."""

    def is_person(self, author: Author) -> bool: ...

    def is_us(self, author: Author, *, app_id: str) -> bool: ...
