"""What every connector can do, in words that no CRM owns.

A connector owns its CRM whole: paths, formats, signatures, events and limits are known in its folder and nowhere else.
It knows no table and no lead. Errors that concern the whole connection are those of `plumbing.http` (Transient,
Throttled, AuthLost); what a CRM says about single records is in the reports. docs/howto/add-a-connector.md tells how to
write one.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Protocol

from crm_sync.connectors.access import Access, Credentials, Login
from crm_sync.connectors.access import SetupProblem as SetupProblem
from crm_sync.connectors.budget import RateLimits
from crm_sync.connectors.capabilities import Capabilities, MessageKind
from crm_sync.connectors.definitions import PropertyNames, Schema
from crm_sync.connectors.events import Events, ToldState
from crm_sync.connectors.granted import Purpose, TokenGuide
from crm_sync.connectors.records import DeletedPage, RecordPage, RemoteContact, RemoteKind, RemoteTouch
from crm_sync.connectors.writes import AlikeRecords as AlikeRecords
from crm_sync.connectors.writes import Author as Author
from crm_sync.connectors.writes import Outgoing as Outgoing
from crm_sync.connectors.writes import Present as Present
from crm_sync.connectors.writes import Refusal as Refusal
from crm_sync.connectors.writes import Report as Report
from crm_sync.connectors.writes import Written as Written
from plumbing.http import RemoteError
from plumbing.signatures import SignedRequest


@dataclass(frozen=True, slots=True)
class ApiVersion:
    """`ends_on`: the first day on which the vendor does not support it any more, None where none is announced."""

    name: str
    ends_on: date | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """A property that we write. `type` is text, number, boolean, datetime or date."""

    name: str
    label: str
    type: str = "text"


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
    """`also`: other names of theirs that may be the address of an owner here, the surest first; they go before `email`."""

    remote_id: str
    email: str
    name: str
    user_id: str
    archived: bool
    also: Sequence[str] = ()


class Connector(Protocol):
    """One CRM account. All calls raise RemoteError for the connection as a whole; none is made in a transaction.

    What its `can` says no to is never asked of it, and need not be there.
    """

    # What people call the CRM.
    label: ClassVar[str]
    can: ClassVar[Capabilities]
    # What it tells, where it keeps nothing; none for a CRM.
    messages: ClassVar[Sequence[MessageKind]]
    # "" where every account has an address of its own.
    default_address: ClassVar[str]
    # The one to use first; each was tested.
    api_versions: ClassVar[Sequence[ApiVersion]]
    names: ClassVar[PropertyNames]
    # Lifecycles of a record that mean: somebody who has bought.
    customer_lifecycles: ClassVar[Collection[str]]
    # Between the values of a property that takes several.
    list_separator: ClassVar[str]
    # Whether its admins make rules about records that are too much alike, which refuse some (`Report.alike`).
    has_duplicate_rules: ClassVar[bool]
    # Records that one read with history can name.
    most_with_history: ClassVar[int]
    # The CRM says of a record who changed it last, and not of its properties: a write of ours hides what a person did before.
    authors_of_records: ClassVar[bool]
    # How often what was deleted is read: rarely where events tell of it.
    deletions_every: ClassVar[timedelta]
    # How people get a token there, and what it has to be allowed for each purpose, by the names that they find there.
    token_guide: ClassVar[TokenGuide]
    rights: ClassVar[Mapping[Purpose, Sequence[str]]]
    # What else people enter to be let in, field of Credentials -> what the CRM calls it.
    credentials: ClassVar[Mapping[str, str]]
    # Exchanges credentials for a login at the connection's address; None where calls carry what people enter. Raises RemoteError,
    # and SetupProblem where something lacks.
    log_in: ClassVar[Callable[[str, Credentials], Login] | None]
    # Security scheme of the events in our OpenAPI document, None where the CRM sends none.
    webhook_security: ClassVar[Mapping[str, Any] | None]
    # What it wants to hear when events have arrived, (content type, text); None where a status is enough.
    acknowledgement: ClassVar[tuple[str, str] | None]

    def __init__(self, access: Access, *, needs: Sequence[Need] = ()) -> None:
        """Raises ValueError where the address is none. `needs` are the properties that are mapped."""

    @staticmethod
    def encode(value: Any) -> str:
        """A value of ours as the CRM's text, not longer than it takes; "" for nothing."""

    @staticmethod
    def read_limits(headers: Mapping[str, str]) -> RateLimits | None:
        """What an answer says about calls that are left; None where it says nothing."""

    @staticmethod
    def verify(request: SignedRequest) -> str:
        """The signature that the request carries. Raises plumbing.signatures.BadSignature unless the CRM has sent it."""

    @staticmethod
    def parse_events(raw_body: bytes) -> Events:
        """One that cannot be read costs no other. Raises MalformedEvents where the body as a whole is none of this CRM's."""

    @staticmethod
    def told(raw: Mapping[str, Any]) -> ToldState:
        """What an event says, by its `RemoteChange.raw`: only asked where records cannot be read."""

    @staticmethod
    def message(
        kind: MessageKind, record: Outgoing, *, body: Any, connection: str, types: Mapping[str, str]
    ) -> Any:
        """What is told by a body like that of the kind; `types` are those of `Need`. Only asked where there are messages."""

    def ping(self) -> None:
        """The cheapest call that the CRM answers only to those whom it lets in."""

    def prepare(self, needs: Sequence[Need], *, create: bool = True) -> list[str]:
        """Make the properties that are ours; returns those of `needs` that do not exist and are not ours to make.

        Without `create` those of ours that do not exist are returned as well. Raises SetupProblem where the account cannot
        be used.
        """

    def record_address(self) -> str:
        """Where people look at a contact's record: an address with `{id}` for its number, "" where the CRM does not say."""

    @staticmethod
    def record_address_of(kind: RemoteKind, contacts: str) -> str:
        """The same for other kinds of record of the account whose contacts are looked at there, "" where it does not follow."""

    def granted(self, rights: Collection[str]) -> Mapping[str, bool | None]:
        """Whether the token has each of these rights, tried by a call that changes nothing there.

        None where that cannot be told while it lacks another one.
        """

    def schema(self, *, since: str = "") -> Schema | None:
        """All properties that a record can have, as far as the token sees them: one call.

        `since`: the stamp of an earlier one; None where nothing has changed since then, permissions included.
        """

    def owners(self) -> list[RemoteOwner]:
        """Everybody, archived ones too."""

    def read(
        self, ids: Collection[str], *, by: str, properties: Collection[str], history: Collection[str] = ()
    ) -> dict[str, Present]:
        """Records by "id", "lead" (our key) or "email"; keyed by what was asked for; what is missing is left out.

        A record that was merged into another is answered with that one, whose `remote_id` is another.
        """

    def find_contacts(self, emails: Collection[str]) -> dict[str, RemoteContact]:
        """By the address that was asked for; those whom nobody has are left out. One call for a hundred addresses.

        Whether additional addresses find somebody too is the CRM's affair.
        """

    def listing(self, kind: RemoteKind, *, after: str, limit: int) -> RecordPage:
        """All records of a kind, in an order that stays while others are made and changed.

        `after` "" is the first page; `limit` is cut to what the CRM gives.
        """

    def changed(self, kind: RemoteKind, *, since: datetime, after: str, limit: int) -> RecordPage:
        """Records that were made or changed at `since` or later, the longest unchanged first, however many there are.

        `after` and `limit` as in `listing`. What changes meanwhile may come once more. Deleted records are not among them.
        """

    def deleted(self, kind: RemoteKind, *, since: datetime | None, after: str, limit: int) -> DeletedPage:
        """What was deleted, at least since then, as far as the CRM still lists it; `after` and `limit` as in `listing`."""

    def touches(self, contact_ids: Collection[str], *, since: datetime) -> Sequence[RemoteTouch]:
        """Calls, e-mails and meetings of these contacts at `since` or later, the earliest first; what is booked counts from when
        it was booked."""

    def write(self, records: Sequence[Outgoing]) -> Report:
        """Create or update by our key; what `exists` is only updated."""

    def adopt(self, records: Sequence[Outgoing]) -> Report:
        """Update records that exist already, by `remote_id`, and put our key on them."""

    def create_tasks(self, tasks: Sequence[TaskToCreate]) -> TaskReport: ...

    def change_tasks(self, tasks: Sequence[TaskToChange]) -> TaskReport: ...

    def tasks_of(self, contact_ids: Collection[str]) -> dict[str, list[RemoteTask]]:
        """Tasks with a reference of ours, by contact."""

    def is_person(self, author: Author) -> bool:
        """Whether somebody made the change by hand."""

    def is_us(self, author: Author, *, recipient: str) -> bool:
        """Whether the change is certainly one of our own writes: never where the CRM shows the same for what follows of them."""

    def user_id_of(self, author: Author) -> str:
        """The `RemoteOwner.user_id` of a person, "" where the CRM does not say."""
