from collections.abc import Collection
from typing import Any

from crm_sync.connection_settings import BornThere, Messages, Ownership, SystemOfRecord, TaskRule
from crm_sync.connectors import CONNECTORS, can, connector_class, default_kind, version_of
from crm_sync.models import CrmConnection
from crm_sync.outbound import message_checks
from crm_sync.outbound.set_up_anew import set_up_anew
from leadops.configuration.schema import (
    Choice,
    Field,
    Flag,
    Item,
    ListOf,
    Notes,
    Path,
    Shape,
    Shaped,
    Text,
    Whole,
    environment_name,
)
from leadops.configuration.section import CHANGE_REASON, RowSection, Saver
from leadops.configuration.sections import mapping_lines
from leadops.configuration.sections.conditions import Conditions
from leadops.configuration.sections.forms import key, url
from leadops.configuration.sections.mapping_lines import Lines
from plumbing.spelling import did_you_mean


def _has_address(item: Item, at: Path, notes: Notes) -> None:
    kind = item.get("kind", default_kind())
    found = connector_class(kind)
    if not item.get("base_url") and not (found and found.default_address):
        notes.problem(at, f"A connection of the kind “{kind}” needs its “base_url”.{_which(kind)}")
    if found and version_of(kind, item.get("api_version", "")) is None:
        known = ", ".join(version.name for version in found.api_versions)
        notes.problem((*at, "api_version"), f"Known versions are {known}.")


def _is_possible(item: Item, at: Path, notes: Notes) -> None:
    _has_address(item, at, notes)
    mapping_lines.go_together(item, at, notes)
    found = connector_class(item.get("kind", default_kind()))
    if found and not found.has_duplicate_rules and item.get("on_duplicate", "link") != "link":
        words = f"{found.label} has no rules about duplicates: leave “on_duplicate” out."
        notes.problem((*at, "on_duplicate"), words)
    _can_be_done(item, at, notes)


# Settings that are only for what can do it, by the fields of Capabilities.
_ONLY_WHERE = {
    "reads": ("known_owner", "recycled", "born_there", "poll_seconds", "look_up_ms"),
    "tasks": ("task",),
}


def _can_be_done(item: Item, at: Path, notes: Notes) -> None:
    """A setting that does nothing for this kind of connection is refused, and so is a message that cannot be told."""
    kind = item.get("kind", default_kind())
    for capability, names in _ONLY_WHERE.items():
        for name in names:
            if not getattr(can(kind), capability) and item.get(name):
                notes.problem(
                    (*at, name), f"A connection of the kind “{kind}” has no use for “{name}”: leave it out."
                )
    lines = [
        said["property"] for _, _, said in mapping_lines.of_file(item.get("mappings", {})) if said["active"]
    ]
    messages = Messages.model_validate(item.get("messages", {}))
    for place, words in message_checks.troubles(kind, messages, lines):
        notes.problem((*at, "messages", *place), words)


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
            Field("client_id", Text(300), ""),
            Field("username", Text(200), ""),
            Field("token_env", Text(100, also=environment_name), ""),
            Field("webhook_secret_env", Text(100, also=environment_name), ""),
            Field("system_of_record", Shaped(SystemOfRecord), {}),
            Field("ownership", Shaped(Ownership), {}),
            Field("mode", Choice(tuple(CrmConnection.Mode.values)), "live"),
            Field("when", Conditions(), {}),
            Field("known_owner", Choice(tuple(CrmConnection.KnownOwner.values)), "keep"),
            Field("on_duplicate", Choice(tuple(CrmConnection.OnDuplicate.values)), "link"),
            Field("recycled", ListOf(Text(60)), []),
            Field("born_there", Shaped(BornThere), {}),
            Field("poll_seconds", Whole(5, 86_400), 30),
            Field("look_up_ms", Whole(0, 5_000), 400),
            Field("messages", Shaped(Messages), {}),
            Field("mappings", Lines(), {}),
            Field("task", Shaped(TaskRule), {}),
            Field("active", Flag(), True),
        ),
        also=_is_possible,
    )

    def show(self, row: Any) -> Item:
        own = {
            known.name: known.kind.from_row(getattr(row, known.attribute))
            for known in self.item.fields
            if known.name != "mappings"
        }
        return {
            **{name: own.get(name) for name in self.item.names},
            "mappings": mapping_lines.shown(row),
        }

    def comparable(self, item: Item) -> Item:
        return {**item, "mappings": mapping_lines.active(item.get("mappings", {}))}

    def fill(self, row: Any, item: Item, fields: Any) -> None:
        super().fill(row, item, [known for known in fields if known.name != "mappings"])

    def link(self, plain: Any, changed: Collection[str], saver: Saver) -> None:
        """Whoever waits for another mapping, or for other credentials, need not wait any longer."""
        super().link(plain, changed, saver)
        by = str(saver.user) if saver.user else CHANGE_REASON
        set_up_anew(changed, by=by, now=saver.now)

    def write_children(self, row: Any, item: Item, saver: Saver) -> None:
        mapping_lines.write(row, item.get("mappings", {}), saver)
