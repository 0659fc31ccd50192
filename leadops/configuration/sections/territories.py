from typing import Any

from leadops.configuration.schema import Field, Flag, Item, Kind, Notes, Path, Shape, Text
from leadops.configuration.section import Reference, RowSection
from leadops.configuration.sections.conditions import Conditions
from leadops.configuration.sections.owners import TEAM
from routing.engine.conditions import GROUPS
from routing.models import Territory


class _Group(Kind):
    """The list under all, any or none; the shape checks it together with the other groups."""

    def check(self, value: Any, at: Path, notes: Notes) -> Any:
        return Conditions().check({at[-1]: value}, at[:-1], notes)[at[-1]]


class Territories(RowSection):
    """A territory's condition stands in the item itself: any, all, none."""

    name = "territories"
    model = Territory
    ordered = True
    item = Shape(
        (
            Field("name", Text(120)),
            Field("parent", Reference("territories", Territory), None, late=True),
            Field("team", TEAM, None),
            *(Field(group, _Group(), []) for group in GROUPS),
            Field("active", Flag(), True),
        )
    )

    def show(self, row: Any) -> Item:
        when = row.when or {}
        return {
            "name": row.name,
            "parent": row.parent and row.parent.name,
            "team": row.team and row.team.name,
            **{group: when.get(group, []) for group in GROUPS},
            "active": row.active,
        }

    def fill(self, row: Any, item: Item, fields: Any) -> None:
        own = [known for known in fields if known.name not in GROUPS]
        super().fill(row, item, own)
        row.when = {group: item[group] for group in GROUPS if item.get(group)}
