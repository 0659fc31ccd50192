"""What a stage works on: a batch of submissions on their way to becoming leads.

A stage is `def stage(batch: Batch) -> None`. It reads what it needs in a fixed number of queries, decides for each
`work in batch.going()` in memory, and leaves rows with `batch.leave(writer, row)`. The runner calls every writer once, in
the order of first use, inside the transaction.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

from exception_queue.queue import ExceptionReport
from intake.models import IntakeForm, Lead, Submission
from intake.outcomes import Outcome

R = TypeVar("R", contravariant=True)
Row = TypeVar("Row")


class Writer(Protocol[R]):
    """Writes rows of one kind in bulk."""

    def __call__(self, rows: Sequence[R], *, now: datetime) -> object: ...


@dataclass(eq=False, slots=True)
class Work:
    """One submission in hand. `values` are canonical and normalized, `facts` what rules see (filled by stages below the mark)."""

    submission: Submission
    form: IntakeForm
    cursor: int
    values: dict[str, Any] = field(default_factory=dict)
    raw_values: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    notes: list[dict[str, Any]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    outcome: Outcome | None = None
    # Where in the pipeline the outcome fell.
    stopped_at: int = 0
    unchecked: bool = False
    lead: Lead | None = None
    is_new: bool = False
    # The lead that this person could be, when that is not certain.
    candidate: Lead | None = None
    # What later layers know about this work, by layer name: intake carries it and does not look inside.
    findings: dict[str, Any] = field(default_factory=dict)


class Batch:
    """Works in the order they were received."""

    def __init__(self, works: Iterable[Work], *, now: datetime) -> None:
        self.works = list(works)
        self.now = now
        self.position = 0
        self.problems: list[ExceptionReport] = []
        # What a layer reads once for the whole batch, by a name of its own: intake carries it and does not look inside.
        self.shared: dict[str, Any] = {}
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
