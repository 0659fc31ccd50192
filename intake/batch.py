"""What a stage works on: a batch of submissions on their way to becoming leads.

A stage is `def stage(batch: Batch) -> None`. It reads what it needs in a fixed number of queries, decides for each
`work in batch.going()` in memory, and leaves rows with `batch.leave(writer, row)`. The runner calls every writer once, in
the order of first use, inside the transaction.

A row that was left may still be changed, by the stage that left it or a later one, until the batch is written: a stage
that learns something for all its rows at the end says it then. Leads are changed through their draft only
(`work.draft.change`), so that it is plain to see which stage does.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Protocol, TypeVar, cast

from exception_queue.queue import ExceptionReport
from intake.lead_draft import LeadBefore, LeadDraft
from intake.models import IntakeForm, Lead, Submission
from intake.outcomes import Outcome

R = TypeVar("R", contravariant=True)
Row = TypeVar("Row")
Kept = TypeVar("Kept")


class Writer(Protocol[R]):
    """Writes rows of one kind in bulk."""

    def __call__(self, rows: Sequence[R], *, now: datetime) -> object: ...


@dataclass(eq=False, slots=True)
class Work:
    """One submission in hand. `values` are canonical and normalized."""

    submission: Submission
    form: IntakeForm
    cursor: int
    values: dict[str, Any] = field(default_factory=dict)
    raw_values: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    notes: list[dict[str, Any]] = field(default_factory=list)
    # Something is in the honeypot field.
    bot_filled: bool = False
    # The vendor marks it as a test delivery.
    is_test: bool = False
    # What it tells of a meeting, where it is no request (`Submission.Meeting`).
    meeting: str = ""
    unchecked: bool = False
    outcome: Outcome | None = None
    # Where in the pipeline the outcome fell.
    stopped_at: int = 0
    _slots: dict[type, Any] = field(default_factory=dict)

    def slot(self, kind: type[Kept]) -> Kept:
        """What a layer above keeps with this work: one object of each type, made empty when it is first asked for.

        It lasts as long as the batch. A work that is held below the mark has written nothing, and makes it anew.
        """
        found = self._slots.get(kind)
        if found is None:
            found = self._slots[kind] = kind()
        return cast(Kept, found)


@dataclass(eq=False, slots=True, kw_only=True)
class LeadWork(Work):
    """A work whose person is known: what the stages below deduplicate work on."""

    draft: LeadDraft
    # Before this touch; None where this submission made the lead.
    before: LeadBefore | None
    # The lead that this person could be, when that is not certain, and why.
    candidate: Lead | None = None
    duplicate_reasons: Sequence[str] = ()

    @property
    def lead(self) -> Lead:
        """To be read. Changed through the draft."""
        return self.draft.lead

    @property
    def is_new(self) -> bool:
        """Whether this submission made the lead."""
        return self.before is None

    @classmethod
    def of(
        cls,
        work: Work,
        *,
        draft: LeadDraft,
        before: LeadBefore | None,
        candidate: Lead | None = None,
        duplicate_reasons: Sequence[str] = (),
    ) -> "LeadWork":
        """The same work, with its lead."""
        return cls(
            **{one.name: getattr(work, one.name) for one in fields(Work)},
            draft=draft,
            before=before,
            candidate=candidate,
            duplicate_reasons=duplicate_reasons,
        )


class Batch:
    """Works in the order they were received."""

    def __init__(self, works: Iterable[Work], *, now: datetime) -> None:
        self.works = list(works)
        self.now = now
        self.position = 0
        self.problems: list[ExceptionReport] = []
        self._read: dict[Callable[[], object], Any] = {}
        self._left: dict[Callable[..., object], list[Any]] = {}

    def run(self, stage: Callable[["Batch"], None], *, position: int) -> None:
        """Run one stage and remember where works got their outcome."""
        self.position = position
        if not self.going():
            return
        before = {work for work in self.works if work.outcome is not None}
        stage(self)
        for work in self.works:
            if work.outcome is not None and work not in before:
                work.stopped_at = position

    def going(self) -> list[Work]:
        """The works that have reached this stage and have no outcome yet."""
        return self.going_at(self.position)

    def going_at(self, position: int) -> list[Work]:
        """The works that go on into the stage at this position."""
        return [work for work in self.works if work.outcome is None and work.cursor <= position]

    def with_leads(self) -> list[LeadWork]:
        """The same for the stages below deduplicate. Raises TypeError in a stage that stands above it."""
        works = self.going()
        found = [work for work in works if isinstance(work, LeadWork)]
        if len(found) != len(works):
            raise TypeError("This stage needs leads: it belongs below deduplicate in the pipeline.")
        return found

    def identify(self, found: Mapping[Work, LeadWork]) -> None:
        """Go on with works that know their leads in the place of those that did not."""
        self.works = [found.get(work, work) for work in self.works]

    def once(self, read: Callable[[], Kept]) -> Kept:
        """What `read` says, asked once for all stages of this batch."""
        if read not in self._read:
            self._read[read] = read()
        return cast(Kept, self._read[read])

    def leave(self, writer: Writer[Row], row: Row) -> None:
        """Queue a row for a writer."""
        self._left.setdefault(writer, []).append(row)

    def report(self, problem: ExceptionReport) -> None:
        """Open an exception item after the rows are written; it never stops the work."""
        self.problems.append(problem)

    def write(self) -> None:
        """Call the writers, each once, in the order of first use."""
        for writer, rows in self._left.items():
            writer(rows, now=self.now)
