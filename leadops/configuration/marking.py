"""Has somebody changed the configuration since it last went through a file?"""

from datetime import datetime
from typing import Any

from leadops.configuration.diffing import Change, compare
from leadops.configuration.section import RowSection
from leadops.configuration.sections import SECTIONS
from leadops.models import ConfigurationMark


def mark(configuration: dict[str, Any], *, by: str, now: datetime) -> None:
    ConfigurationMark.objects.update_or_create(
        id=1, defaults={"configuration": configuration, "by": by, "at": now}
    )


def last_mark() -> ConfigurationMark | None:
    return ConfigurationMark.objects.filter(id=1).first()


def changed_since(marked: ConfigurationMark | None, configuration: dict[str, Any]) -> list[Change]:
    """What people did since then, from the mark to now. Without a mark everything there is counts."""
    before = marked.configuration if marked else {}
    return compare(configuration, {name: _plain(name, before.get(name)) for name in SECTIONS})


def _plain(name: str, marked: Any) -> Any:
    """As the database would say it today: a mark may be older than a default, and holds dates as text."""
    empty: Any = [] if isinstance(SECTIONS[name], RowSection) else {}
    return SECTIONS[name].tidy(empty if marked is None else marked)
