"""What other layers say to the exception queue, and what they hear from it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from exception_queue import kinds
from exception_queue.causes import fingerprint, fit, fit_json
from exception_queue.models import ExceptionItem


@dataclass(frozen=True, slots=True)
class Subject:
    """What a problem is about: a type word, id and label for people. Its page is looked up (`exception_queue.pages`)."""

    type: str
    id: str
    label: str


@dataclass(frozen=True, slots=True)
class ExceptionReport:
    """`cause` is in words for people. Problems of a kind whose cause differs only in ids and numbers are
    one group; `cause_key` says so where the words cannot. `owner_hint` is who would probably know, an
    e-mail address or name.
    """

    kind: str
    subject: Subject
    cause: str
    detail: dict[str, Any] = field(default_factory=dict)
    owner_hint: str = ""
    cause_key: str = ""


@dataclass(slots=True)
class Retried:
    """What a retry did to items: the answer is still to come (`trying`), there is nothing left to do (`done`), or
    it has failed again. `refusals` is one sentence for each kind and reason that something could not be done.
    """

    trying: list[ExceptionItem] = field(default_factory=list)
    done: list[ExceptionItem] = field(default_factory=list)
    failed: list[ExceptionItem] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    @property
    def taken(self) -> list[ExceptionItem]:
        """What was tried, whatever came of it."""
        return [*self.trying, *self.done, *self.failed]


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a retry handler has done about its subjects, by id.

    `pending`: due again, and the answer comes later: the layer reports the problem again or closes the item.
    `failed`: tried at once without success, and why, in a plain sentence. All others wait for nothing any more.
    """

    pending: Collection[str] = ()
    failed: Mapping[str, str] = field(default_factory=dict)


class RetryRefused(Exception):
    """A retry handler says, in one plain sentence, why it cannot try again now."""


def row_of(problem: ExceptionReport) -> dict[str, Any]:
    """The columns that a report fills, fit for PostgreSQL. Raises kinds.UnknownKind."""
    subject = problem.subject
    cause = fit(problem.cause, longest=5000)
    return {
        "kind": kinds.known(problem.kind).key,
        "subject_type": fit(subject.type),
        "subject_id": fit(str(subject.id)),
        "subject_label": fit(subject.label, longest=255),
        "cause": cause,
        "cause_key": fingerprint(problem.cause_key or cause),
        "detail": fit_json(problem.detail),
        "owner_hint": fit(problem.owner_hint, longest=255),
        "count": 1,
    }
