"""What is written into a CRM and what stands there, record by record, in words that no CRM owns."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from crm_sync.connectors.access import SetupProblem
from plumbing.http import RemoteError


@dataclass(frozen=True, slots=True)
class Author:
    """Who made a change there, in the CRM's own words."""

    source: str
    source_id: str = ""


@dataclass(frozen=True, slots=True)
class Present:
    """What stands in the CRM. `lead_id` is our key on it, "" where it is not ours.

    `kind` is what the CRM calls such a record, where it has several. `lacks`: properties that were asked for, and that such a
    record has not or does not show us, so that nothing there says nothing. `authors` says for properties whose history was asked
    for who wrote the present value, `changed_at` when.
    """

    remote_id: str
    properties: Mapping[str, str]
    lead_id: str
    modified_at: datetime | None = None
    kind: str = ""
    lacks: Collection[str] = frozenset()
    authors: Mapping[str, Author] = field(default_factory=dict)
    changed_at: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One record to write: `key` is our lead's id, `remote_id` is known for one that is to be adopted or `exists`.

    `exists`: it has been written before, so it is not made anew. `anyway`: somebody there may have the same
    address, or be too much alike by a rule that lets it pass.
    `whole`: all that should stand there by now, `known`: all that stands there as far as we know. `number` counts the writes of
    the record, from 1, and `push` names this one: both stay until it is confirmed. `changed_at`: when the lead was changed last.
    """

    key: str
    properties: Mapping[str, str]
    remote_id: str = ""
    exists: bool = False
    anyway: bool = False
    whole: Mapping[str, str] = field(default_factory=dict)
    known: Mapping[str, str] = field(default_factory=dict)
    number: int = 1
    push: str = ""
    changed_at: datetime | None = None


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


@dataclass(frozen=True, slots=True)
class AlikeRecords:
    """Whom a rule of the CRM takes for the same as a record that was to be written: `records` as far as we see them, and how many
    are `unseen`.

    `made` is what the CRM calls what was to be written. `passable`: it is taken all the same if it is sent `anyway`.
    """

    message: str
    records: Sequence[Present] = ()
    unseen: int = 0
    made: str = ""
    passable: bool = False


@dataclass(slots=True)
class Report:
    """What became of each record of a write, by key; a key that stands nowhere was not reached.

    `taken`: a record that is not ours has the e-mail address. `alike`: a rule of the CRM says that it is there already.
    `again`: failed this time, the words say why.
    `unknown`: property -> keys whose value was left out because the CRM does not have the property.
    `gone`: our key is on no record any more, though one was there. `stopped`: the error that ended the write, or what has to
    be set up first.
    """

    written: dict[str, Written] = field(default_factory=dict)
    refused: dict[str, Refusal] = field(default_factory=dict)
    taken: dict[str, Present] = field(default_factory=dict)
    alike: dict[str, AlikeRecords] = field(default_factory=dict)
    again: dict[str, str] = field(default_factory=dict)
    unknown: dict[str, set[str]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    stopped: RemoteError | SetupProblem | None = None

    @property
    def reached(self) -> set[str]:
        """Keys that something became of."""
        return {*self.written, *self.refused, *self.taken, *self.alike, *self.again, *self.gone}
