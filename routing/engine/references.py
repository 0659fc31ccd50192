"""What the engine calls the rows it speaks of: an id, the name people know it by, and the kind of thing it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Id = int | str
Facts = Mapping[str, Any]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ref:
    """A row named in a ruleset or a decision. The id decides; the name is what it was called at that moment."""

    kind: str
    id: Id
    name: str

    def to_json(self) -> Row:
        return {"kind": self.kind, "id": self.id, "name": self.name}


def id_order(value: Id) -> tuple[int, int, str]:
    """A sort key for ids: numbers as numbers before text, so that 9 comes before 10."""
    return (0, value, "") if isinstance(value, int) else (1, 0, value)
