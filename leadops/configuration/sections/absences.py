from typing import Any

from leadops.configuration.schema import Day, Field, Flag, Item, Notes, Path, Shape, Text
from leadops.configuration.section import RowSection
from leadops.configuration.sections.teams import OWNER
from routing.models import Absence


def _ends_after_start(item: Item, at: Path, notes: Notes) -> None:
    if item["until"] < item["from"]:
        notes.problem((*at, "until"), "The last day cannot be before the first day.")
    if item.get("backup") == item["owner"]:
        notes.problem((*at, "backup"), "Nobody covers for themselves.")


class Absences(RowSection):
    name = "absences"
    model = Absence
    keys = ("owner", "from", "until")
    item = Shape(
        (
            Field("owner", OWNER),
            Field("from", Day(), column="starts_on"),
            Field("until", Day(), column="ends_on"),
            Field("reason", Text(120), ""),
            Field("backup", OWNER, None),
            Field("active", Flag(), True),
        ),
        also=_ends_after_start,
    )

    def read(self) -> Any:
        """One item per owner and days, also where somebody has entered the same absence twice."""
        found: dict[str, Item] = {}
        for item in super().read():
            if item.get("active", True) or self.key(item) not in found:
                found[self.key(item)] = item
        return list(found.values())
