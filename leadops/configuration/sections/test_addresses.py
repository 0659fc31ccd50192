from collections.abc import Collection
from typing import Any

from intake.models import TestAddress
from intake.test_addresses import problem, tidy
from leadops.configuration.schema import Item, ListOf, Notes, Path, Text
from leadops.configuration.section import Saver, Section


class _Addresses(ListOf):
    """As rows hold them, each once."""

    def check(self, value: Any, at: Path, notes: Notes) -> Any:
        patterns = super().check(value, at, notes)
        if not isinstance(patterns, list):
            return patterns
        plain: list[Any] = []
        for place, pattern in enumerate(patterns):
            text = tidy(pattern) if isinstance(pattern, str) and not problem(pattern) else pattern
            if text in plain:
                notes.problem((*at, place), f"{text} stands here twice.")
            plain.append(text)
        return plain


class TestAddresses(Section):
    """A list of texts. What is not active is left out: an address that is off makes no test lead."""

    name = "test_addresses"
    shape = _Addresses(Text(254, also=problem))

    def read(self) -> Any:
        return list(TestAddress.objects.filter(active=True).order_by("id").values_list("pattern", flat=True))

    def items(self, plain: Any) -> dict[str, Item]:
        return {pattern: {} for pattern in plain}

    def write(self, plain: Any, changed: Collection[str], saver: Saver) -> None:
        rows = {row.pattern: row for row in TestAddress.objects.all()}
        for pattern in changed:
            row = rows.get(pattern) or TestAddress(pattern=pattern)
            row.active = pattern in plain
            saver.save(row)
