"""The writer for timeline entries: what happened to a lead, in order, append-only."""

from collections.abc import Sequence
from datetime import datetime

from intake.models import TimelineEntry
from plumbing.bulk import insert_rows


def record(rows: Sequence[TimelineEntry], *, now: datetime | None = None) -> None:
    """Append entries; verbs are dotted by layer: `intake.submitted`, `routing.assigned`, `crm_sync.pushed`."""
    insert_rows(rows)
