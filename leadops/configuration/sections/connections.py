from typing import Any

from crm_sync.connection_settings import BornThere, Ownership, SystemOfRecord, TaskRule
from crm_sync.connectors import CONNECTORS, connector_class, default_kind, version_of
from crm_sync.models import CrmConnection, FieldMapping
from leadops.configuration.schema import (
    Choice,
    Field,
    Flag,
    Item,
    ListOf,
    MapOf,
    Notes,
    Path,
    Plain,
    Shape,
    Shaped,
    Text,
    Whole,
    environment_name,
)
from leadops.configuration.section import RowSection, Saver, columns
from leadops.configuration.sections.conditions import Conditions
from leadops.configuration.sections.forms import key, url
from plumbing.spelling import did_you_mean

_MAPPING = Shape(
    (
        Field("property", Text(120)),
        Field("mode", Choice(tuple(FieldMapping.Mode.values)), "overwrite", shown=True),
        Field("values", MapOf(Plain()), {}),
        Field("active", Flag(), True),
    )
)


def _has_address(item: Item, at: Path, notes: Notes) -> None:
    kind = item.get("kind", default_kind())
    found = connector_class(kind)
    if not item.get("base_url") and not (found and found.default_address):
        notes.problem(at, f"A connection of the kind “{kind}” needs its “base_url”.{_which(kind)}")
    if found and version_of(kind, item.get("api_version", "")) is None:
        known = ", ".join(version.name for version in found.api_versions)
        notes.problem((*at, "api_version"), f"Known versions are {known}.")


def _which(kind: str) -> str:
    """An unknown kind may be one of a later leadops, or a slip."""
    return "" if kind in CONNECTORS else f" No such connector is known.{did_you_mean(kind, CONNECTORS)}"


class Connections(RowSection):
    """Secrets never stand in the file: `token_env` and `webhook_secret_env` name the variables that hold them."""

    name = "connections"
    model = CrmConnection
    keys = ("key",)
    alone = "primary"
    item = Shape(
        (
            Field("key", Text(64, also=key)),
            Field("kind", Text(12), default_kind(), shown=True),
            Field("primary", Flag(), False),
            Field("base_url", Text(200, also=url), ""),
            Field("api_version", Text(20), ""),
            Field("token_env", Text(100, also=environment_name), ""),
            Field("webhook_secret_env", Text(100, also=environment_name), ""),
            Field("system_of_record", Shaped(SystemOfRecord), {}),
            Field("ownership", Shaped(Ownership), {}),
            Field("mode", Choice(tuple(CrmConnection.Mode.values)), "live"),
            Field("when", Conditions(), {}),
            Field("known_owner", Choice(tuple(CrmConnection.KnownOwner.values)), "keep"),
            Field("recycled", ListOf(Text(60)), []),
            Field("born_there", Shaped(BornThere), {}),
            Field("poll_seconds", Whole(5, 86_400), 30),
            Field("look_up_ms", Whole(0, 5_000), 400),
            Field("mappings", MapOf(_MAPPING, Text(60)), {}),
            Field("task", Shaped(TaskRule), {}),
            Field("active", Flag(), True),
        ),
        also=_has_address,
    )

    def show(self, row: Any) -> Item:
        mappings = FieldMapping.objects.filter(connection=row).order_by("position", "id") if row.pk else ()
        own = {
            known.name: known.kind.from_row(getattr(row, known.attribute))
            for known in self.item.fields
            if known.name != "mappings"
        }
        return {
            **{name: own.get(name) for name in self.item.names},
            "mappings": {m.canonical: _shown(m) for m in mappings},
        }

    def comparable(self, item: Item) -> Item:
        mappings = item.get("mappings", {})
        return {**item, "mappings": {name: m for name, m in mappings.items() if m.get("active", True)}}

    def fill(self, row: Any, item: Item, fields: Any) -> None:
        super().fill(row, item, [known for known in fields if known.name != "mappings"])

    def write_children(self, row: Any, item: Item, saver: Saver) -> None:
        rows = {mapping.canonical: mapping for mapping in FieldMapping.objects.filter(connection=row)}
        position = 0
        for canonical, wanted in item.get("mappings", {}).items():
            full = _MAPPING.full(wanted)
            mapping = rows.pop(canonical, None) or FieldMapping(connection=row, canonical=canonical)
            before = columns(mapping)
            for name, value in full.items():
                setattr(mapping, name, value)
            position = mapping.position = (
                mapping.position if mapping.pk and mapping.position > position else position + 1
            )
            saver.save_if_changed(mapping, before)
        for mapping in rows.values():
            if mapping.active:
                mapping.active = False
                saver.save(mapping)


def _shown(mapping: FieldMapping) -> Item:
    return {name: getattr(mapping, name) for name in _MAPPING.names}
