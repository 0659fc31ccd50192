"""The declared order of stages (settings.LEADOPS_PIPELINE), resolved and cached."""

from collections.abc import Callable
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
