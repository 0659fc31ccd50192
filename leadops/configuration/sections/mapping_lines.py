"""The lines of a connection's mapping in the file: a table by field, or a list where a field has several or they go together.

Both mean the same: the order of the lines is that of the file.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crm_sync.connection_settings import Ownership, SystemOfRecord
from crm_sync.models import CrmConnection, FieldMapping
from crm_sync.outbound import lines_together
from crm_sync.outbound.lines_together import WhoDecides
from crm_sync.outbound.mapping_rules import MappingLine
from leadops.configuration.schema import (
    Choice,
    Field,
    Flag,
    Item,
    Kind,
    ListOf,
    MapOf,
    Notes,
    Path,
    Plain,
    Shape,
    Text,
)
from leadops.configuration.section import Saver, columns

_FIELD = "field"


@dataclass(frozen=True)
class AsItIs(Text):
    """A text with the blanks that it begins or ends with; it may be empty."""

    def check(self, value: Any, at: Path, notes: Notes) -> Any:
        if not isinstance(value, str):
            return super().check(value, at, notes)
        if self.limit and len(value) > self.limit:
            notes.problem(at, f"This is longer than {self.limit} characters.")
        return value


_OF_LINE = (
    Field("property", Text(120)),
    Field("mode", Choice(tuple(FieldMapping.Mode.values)), "overwrite", shown=True),
    Field("values", MapOf(Plain(), AsItIs()), {}),
    Field("combine", Choice(tuple(filter(None, FieldMapping.Combine.values))), ""),
    Field("separator", AsItIs(10), ""),
    Field("transform", Choice(tuple(filter(None, FieldMapping.Transform.values))), ""),
    Field("zone", Text(60), ""),
    Field("default", Text(255), ""),
    Field("active", Flag(), True),
)
_LINE = Shape(_OF_LINE)
_LISTED = Shape((Field(_FIELD, Text(60)), *_OF_LINE))


class Lines(Kind):
    """The plain form is a table where that says everything."""

    def check(self, value: Any, at: Path, notes: Notes) -> Any:
        if not isinstance(value, list):
            return MapOf(_LINE, Text(60)).check(value, at, notes)
        listed = ListOf(_LISTED).check(value, at, notes)
        if not all(isinstance(line, dict) for line in listed):
            return listed
        seen = set[tuple[Any, Any]]()
        for place, line in enumerate(listed):
            pair = (line.get(_FIELD), line.get("property"))
            if pair in seen:
                notes.problem((*at, place), f"“{pair[0]}” to “{pair[1]}” stands here twice.")
            seen.add(pair)
        fields = [line.get(_FIELD) for line in listed]
        is_table = len(set(fields)) == len(fields) and not any(line.get("combine") for line in listed)
        return {line.pop(_FIELD, ""): line for line in listed} if is_table else listed


def of_file(plain: Any) -> Iterator[tuple[Path, str, Item]]:
    """Where each line stands, its field, and all that it says."""
    if isinstance(plain, Mapping):
        yield from (((canonical,), canonical, _LINE.full(line)) for canonical, line in plain.items())
    else:
        yield from (((place,), line[_FIELD], _LINE.full(line)) for place, line in enumerate(plain))


def active(plain: Any) -> Any:
    if isinstance(plain, Mapping):
        return {name: line for name, line in plain.items() if line.get("active", True)}
    return [line for line in plain if line.get("active", True)]


def shown(connection: CrmConnection) -> list[Item]:
    rows = connection.mappings.order_by("position", "id") if connection.pk else ()
    return [{_FIELD: row.canonical, **{name: getattr(row, name) for name in _LINE.names}} for row in rows]


def go_together(item: Item, at: Path, notes: Notes) -> None:
    """Notes what speaks against the lines of a connection, whatever its CRM says."""
    who = WhoDecides(
        SystemOfRecord.model_validate(item.get("system_of_record", {})),
        Ownership.model_validate(item.get("ownership", {})),
    )
    places: dict[int, Path] = {}
    lines = []
    for place, canonical, said in of_file(item.get("mappings", {})):
        if said["active"]:
            line = MappingLine(
                canonical,
                said["property"],
                said["values"],
                mode=said["mode"],
                combine=said["combine"],
                separator=said["separator"],
                transform=said["transform"],
                zone=said["zone"],
                default=said["default"],
            )
            places[id(line)] = place
            lines.append(line)
    for line, trouble in lines_together.troubles(lines, who):
        key = () if trouble.field == "canonical" else (trouble.field,)
        notes.problem((*at, "mappings", *places[id(line)], *key), trouble.words)


def write(connection: CrmConnection, plain: Any, saver: Saver) -> None:
    """Whatever the file does not name is switched off."""
    wanted = [(canonical, said) for _, canonical, said in of_file(plain)]
    left = list(connection.mappings.order_by("-active", "position", "id"))
    rows: dict[int, FieldMapping] = {}
    for exact in (True, False):
        for place, (canonical, said) in enumerate(wanted):
            row = next(
                (
                    each
                    for each in left
                    if place not in rows
                    and each.canonical == canonical
                    and (each.property == said["property"] or not exact)
                ),
                None,
            )
            if row is not None:
                rows[place] = row
                left.remove(row)
    position = 0
    for place, (canonical, said) in enumerate(wanted):
        row = rows.get(place) or FieldMapping(connection=connection, canonical=canonical)
        before = columns(row)
        for name, value in said.items():
            setattr(row, name, value)
        position = row.position = row.position if row.pk and row.position > position else position + 1
        saver.save_if_changed(row, before)
    for row in left:
        if row.active:
            row.active = False
            saver.save(row)
