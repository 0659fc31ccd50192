"""The declared order of stages (settings.LEADOPS_PIPELINE), resolved and cached."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from intake.batch import Batch
from plumbing import dotted

# The line in the pipeline below which everything happens in one database transaction.
TRANSACTION = "TRANSACTION"

Stage = Callable[[Batch], None]


@dataclass(frozen=True, slots=True)
class StageNeeds:
    """`above` are names of stages, or TRANSACTION, that must stand above it. `wire`: it must stand above TRANSACTION."""

    above: tuple[str, ...] = ()
    wire: bool = False


def stage(*, needs: Sequence[str] = (), wire: bool = False) -> Callable[[Stage], Stage]:
    """Says beside a stage what it needs to stand above it, and whether it goes on the wire; system checks compare."""

    def with_needs(function: Stage) -> Stage:
        function.needs = StageNeeds(tuple(needs), wire)  # type: ignore[attr-defined]
        return function

    return with_needs


def needs_of(function: Stage) -> StageNeeds:
    """A stage that says nothing can stand anywhere."""
    found: StageNeeds = getattr(function, "needs", StageNeeds())
    return found


@dataclass(frozen=True, slots=True)
class Pipeline:
    """`names` are the last parts of the dotted paths: the cursor of a submission is one of them."""

    paths: tuple[str, ...]
    names: tuple[str, ...]
    stages: tuple[Stage, ...]
    # Index of the first stage inside the transaction.
    mark: int

    def position(self, name: str) -> int:
        """Where a submission with this cursor goes on; a stage that is no longer there means: from the start."""
        return self.names.index(name) if name in self.names else 0


def declared() -> list[str]:
    """The pipeline as its file says it."""
    return list(import_string(settings.LEADOPS_PIPELINE))


@cache
def pipeline() -> Pipeline:
    """The pipeline in force. Raises `plumbing.dotted.DottedPathError` for a stage that cannot be found."""
    lines = declared()
    paths = tuple(line for line in lines if line != TRANSACTION)
    return Pipeline(
        paths=paths,
        names=tuple(path.rsplit(".", 1)[-1] for path in paths),
        stages=tuple(dotted.resolve(path) for path in paths),
        mark=lines.index(TRANSACTION),
    )


@cache
def wake_ups() -> tuple[Callable[[], None], ...]:
    """What to call once a batch is committed (settings.LEADOPS_WAKE_UPS)."""
    return tuple(dotted.resolve(path) for path in import_string(settings.LEADOPS_WAKE_UPS))
