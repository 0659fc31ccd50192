from typing import Any

from django.db.models import QuerySet

from leadops.configuration.schema import Field, Flag, Notes, Path, Shape, Text
from leadops.configuration.section import Items, RowSection
from leadops.configuration.sections.owners import TEAM
from leadops.configuration.sections.teams import OWNER
from routing.models import Queue


class _OneFallback(Items):
    def check(self, value: Any, at: Path, notes: Notes) -> Any:
        before = len(notes.problems)
        items = super().check(value, at, notes)
        if len(notes.problems) > before:
            return items
        fallbacks = [
            place for place, item in enumerate(items) if item.get("fallback") and item.get("active", True)
        ]
        if not fallbacks:
            notes.problem(at, "One queue must say “fallback: true”: it gets whatever no rule matched.")
        for place in fallbacks[1:]:
            notes.problem((*at, place), "Another queue is the fallback already; there is exactly one.")
        return items


class Queues(RowSection):
    name = "queues"
    model = Queue
    alone = "fallback"
    item = Shape(
        (
            Field("name", Text(120)),
            Field("team", TEAM, None),
            Field("crm_owner", OWNER, None),
            Field("fallback", Flag(), False),
            Field("customers", Flag(), False),
            Field("active", Flag(), True),
        )
    )

    def __init__(self) -> None:
        self.shape = _OneFallback(self.item, keys=self.keys)

    def rows(self) -> QuerySet[Any]:
        # Holding queues belong to their rotations.
        return super().rows().filter(holding_queue=False)
