"""Any other system behind the interface that every connector has: it is told, by signed messages, and may tell back.

Nothing is kept there that we could read: a lead is told of when it is new, and whenever something changes that the connection
wants told. What it says about a lead comes in by events alone.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from uuid import uuid4

from crm_sync.connectors.access import Access
from crm_sync.connectors.base import ApiVersion, Need, Outgoing, Refusal, Report, Written
from crm_sync.connectors.capabilities import Capabilities, MessageKind
from crm_sync.connectors.definitions import PropertyNames, Schema
from crm_sync.connectors.records import RemoteKind
from crm_sync.connectors.webhook import answers, bodies, events, formats, guide, signing
from crm_sync.connectors.webhook.client import ReceiverClient
from crm_sync.connectors.writes import Author
from plumbing.http import Permanent, RemoteError

PING = "ping"


class Webhook:
    label = "Webhook"
    can = Capabilities(reads=False, properties=False, owners=False, tasks=False)
    messages: ClassVar[Sequence[MessageKind]] = bodies.KINDS
    default_address = ""
    api_versions = (ApiVersion("1"),)
    names = PropertyNames(
        email="email", shared_email="email", owner=events.OWNER, own_prefix="", key="lead_id"
    )
    customer_lifecycles = ()
    list_separator = formats.SEPARATOR
    most_with_history = 100
    token_guide = guide.GUIDE
    rights = guide.RIGHTS
    credentials: ClassVar[Mapping[str, str]] = {}
    log_in = None
    webhook_security = signing.WEBHOOK_SECURITY
    acknowledgement = None
    has_duplicate_rules = False
    authors_of_records = False
    deletions_every = timedelta(days=1)

    encode = staticmethod(formats.encode)
    read_limits = staticmethod(answers.read_limits)
    verify = staticmethod(signing.verify)
    parse_events = staticmethod(events.parse)
    told = staticmethod(events.told)
    message = staticmethod(bodies.filled)

    def __init__(self, access: Access, *, needs: Sequence[Need] = ()) -> None:
        self.access = access
        self.receiver = ReceiverClient(access)
        self.types = {need.name: need.type for need in needs}

    def ping(self) -> None:
        """A message that says only that we are here. Whoever does not know the kind has let us in all the same."""
        body = {
            "type": PING,
            "timestamp": formats.encode(datetime.now(UTC)),
            "connection": self.access.connection,
            "data": {},
        }
        try:
            self.receiver.tell(body, message_id=f"msg_{uuid4().hex}")
        except Permanent as error:
            said = answers.judged(error)
            if not isinstance(said, Refusal):
                raise said from error

    def prepare(self, needs: Sequence[Need], *, create: bool = True) -> list[str]:
        """Whatever is told is taken: there is nothing to make."""
        return []

    def schema(self, *, since: str = "") -> Schema | None:
        return Schema({})

    def record_address(self) -> str:
        return ""

    @staticmethod
    def record_address_of(kind: RemoteKind, contacts: str) -> str:
        return ""

    def granted(self, rights: Collection[str]) -> Mapping[str, bool | None]:
        """One message that says only that we are here tells whether ours are believed. Raises RemoteError, SetupProblem."""
        if not rights:
            return {}
        self.ping()
        return dict.fromkeys(rights, True)

    def write(self, records: Sequence[Outgoing]) -> Report:
        """One after the other, each by as many messages as there are things to tell of it."""
        report = Report()
        for each in records:
            try:
                self._tell(each, report)
            except Permanent as error:
                said = answers.judged(error)
                if isinstance(said, Refusal):
                    report.refused[each.key] = said
                    continue
                report.stopped = said
            except RemoteError as error:
                report.stopped = error
            if report.stopped is not None:
                break
        return report

    def _tell(self, record: Outgoing, report: Report) -> None:
        """Raises RemoteError."""
        remote_id = record.remote_id or record.key
        for kind in bodies.due(record, self.access.bodies):
            body = self.message(
                kind,
                record,
                body=self.access.bodies.get(kind.name, kind.body),
                connection=self.access.connection,
                types=self.types,
            )
            message_id = bodies.message_id(kind, record, connection=self.access.connection)
            answer = self.receiver.tell(body, message_id=message_id)
            if not record.exists:
                remote_id = answers.record_id(answer, key=record.key)
        report.written[record.key] = Written(remote_id, created=not record.exists)

    def is_person(self, author: Author) -> bool:
        return author.source == events.PERSON

    def is_us(self, author: Author, *, recipient: str) -> bool:
        """Never: whatever comes in, somebody there has sent."""
        return False

    def user_id_of(self, author: Author) -> str:
        return author.source_id if author.source == events.PERSON else ""
