from typing import Any

from django.db.models import QuerySet

from leadops.configuration.schema import Field, Flag, Item, Shape, Text
from leadops.configuration.section import Reference, RowSection
from leadops.configuration.sections.conditions import Conditions
from leadops.configuration.sections.targets import Target
from leadops.configuration.sections.teams import OWNER
from routing.models import Queue, Rotation, RoutingRule

_REFS = {"rotation": Reference("rotations", Rotation), "queue": Reference("queues", Queue), "owner": OWNER}


class Rules(RowSection):
    name = "rules"
    model = RoutingRule
    ordered = True
    item = Shape(
        (
            Field("name", Text(120)),
            Field("target", Target(("account_owner",), tuple(_REFS))),
            Field("when", Conditions(), {}),
            Field("active", Flag(), True),
        )
    )

    def rows(self) -> QuerySet[Any]:
        return super().rows().select_related("target_rotation", "target_queue", "target_owner")

    def show(self, row: Any) -> Item:
        target = row.target_kind
        if target in _REFS:
            target = f"{target}:{_REFS[target].from_row(getattr(row, f'target_{target}'))}"
        return {"name": row.name, "target": target, "when": row.when, "active": row.active}

    def fill(self, row: Any, item: Item, fields: Any) -> None:
        super().fill(row, item, [known for known in fields if known.name != "target"])
        word, _, name = item["target"].partition(":")
        row.target_kind = word
        for kind, ref in _REFS.items():
            setattr(row, f"target_{kind}", ref.to_row(name) if kind == word else None)
