"""Territories: a lead belongs to its deepest match and to that one's ancestors; a child matches only
inside its parent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from routing.engine.conditions import Condition
from routing.engine.references import Facts, Id, Ref, Row
from routing.engine.rule_index import RuleIndex


class TerritoryError(ValueError):
    """The tree does not hold together: an unknown parent, or a territory inside itself."""


@dataclass(frozen=True, slots=True)
class CompiledTerritory:
    id: Id
    name: str
    parent_id: Id | None = None
    when: Condition = field(default_factory=dict)

    @property
    def ref(self) -> Ref:
        return Ref("territory", self.id, self.name)

    def to_json(self) -> Row:
        return {"id": self.id, "name": self.name, "parent_id": self.parent_id, "when": dict(self.when)}


class TerritoryMap:
    """The published tree, compiled once. The order of the list breaks ties between territories equally deep."""

    def __init__(self, territories: Sequence[CompiledTerritory]) -> None:
        self._all = tuple(territories)
        by_id = {territory.id: territory for territory in self._all}
        self._place = {territory.id: place for place, territory in enumerate(self._all)}
        self._paths = [_path(territory, by_id) for territory in self._all]
        self._index = RuleIndex([territory.when for territory in self._all])

    def path(self, territory_id: Id) -> tuple[CompiledTerritory, ...]:
        """The territory and its ancestors, deepest first. Raises KeyError."""
        return self._paths[self._place[territory_id]]

    def belongs(self, facts: Facts) -> tuple[CompiledTerritory, ...]:
        """The deepest match and its ancestors, deepest first; empty when none matches."""
        matching = self._index.every(facts)
        ids = {self._all[place].id for place in matching}
        inside = [place for place in matching if all(one.id in ids for one in self._paths[place])]
        if not inside:
            return ()
        return self._paths[min(inside, key=lambda place: (-len(self._paths[place]), place))]


def names(path: Sequence[CompiledTerritory]) -> list[str]:
    """What stands under `territory` in the facts: `territory in [X]` is true for X and whatever lies below it."""
    return [territory.name for territory in path]


def _path(
    territory: CompiledTerritory, by_id: Mapping[Any, CompiledTerritory]
) -> tuple[CompiledTerritory, ...]:
    path = [territory]
    while (parent_id := path[-1].parent_id) is not None:
        parent = by_id.get(parent_id)
        if parent is None:
            raise TerritoryError(f"The parent of the territory {path[-1].name} does not exist.")
        if parent in path:
            raise TerritoryError(f"The territory {territory.name} lies inside itself.")
        path.append(parent)
    return tuple(path)
