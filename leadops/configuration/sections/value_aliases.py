from collections.abc import Collection
from typing import Any

from intake.canonical import CANONICAL_FIELDS
from intake.models import ValueAlias
from leadops.configuration.schema import Item, MapOf, Notes, Path, Text
from leadops.configuration.section import Saver, Section
from plumbing.spelling import did_you_mean


def canonical_field(name: str) -> str:
    if name in CANONICAL_FIELDS or name.startswith("extra."):
        return ""
    return f"“{name}” is not a field of a lead.{did_you_mean(name, CANONICAL_FIELDS)}"


class _AliasOnce(MapOf):
    def check(self, value: Any, at: Path, notes: Notes) -> Any:
        aliases = super().check(value, at, notes)
        seen: set[str] = set()
        for raw in aliases if isinstance(aliases, dict) else ():
            if raw.lower() in seen:
                notes.problem((*at, raw), "This stands here twice: aliases are compared without case.")
            seen.add(raw.lower())
        return aliases


class ValueAliases(Section):
    """{field: {raw: canonical}}. What is not active is left out: an alias that is off says nothing."""

    name = "value_aliases"
    shape = MapOf(_AliasOnce(Text(200), Text(200)), Text(50, also=canonical_field))

    def read(self) -> Any:
        plain: dict[str, Item] = {}
        for alias in ValueAlias.objects.filter(active=True).order_by("id"):
            plain.setdefault(alias.field, {})[alias.raw] = alias.canonical
        return plain

    def items(self, plain: Any) -> dict[str, Item]:
        return {
            f"{field}: {raw.lower()}": {"stands for": canonical}
            for field, aliases in plain.items()
            for raw, canonical in aliases.items()
        }

    def write(self, plain: Any, changed: Collection[str], saver: Saver) -> None:
        rows = {f"{alias.field}: {alias.raw.lower()}": alias for alias in ValueAlias.objects.all()}
        wanted = self.items(plain)
        for key in changed:
            if key in rows and key not in wanted:
                rows[key].active = False
                saver.save(rows[key])
        for field, aliases in plain.items():
            for raw, canonical in aliases.items():
                key = f"{field}: {raw.lower()}"
                if key in changed:
                    row = rows.get(key) or ValueAlias(field=field)
                    row.raw, row.canonical, row.active = raw, canonical, True
                    saver.save(row)
