"""Has somebody changed the configuration since it last went through a file?"""

import json
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from leadops.models import ConfigurationMark

from .diffing import Change, compare
from .section import RowSection
from .sections import SECTIONS


def mark(configuration: dict[str, Any], *, by: str, now: datetime) -> None:
    ConfigurationMark.objects.update_or_create(
        id=1, defaults={"configuration": configuration, "by": by, "at": now}
    )


def last_mark() -> ConfigurationMark | None:
    return ConfigurationMark.objects.filter(id=1).first()


def changed_since(marked: ConfigurationMark | None, configuration: dict[str, Any]) -> list[Change]:
    """What people did since then, from the mark to now. Without a mark everything there is counts."""
    before = marked.configuration if marked else {}
    return compare(_as_json(configuration), {name: before.get(name, _empty(name)) for name in SECTIONS})


def _empty(name: str) -> Any:
    return SECTIONS[name].tidy([] if isinstance(SECTIONS[name], RowSection) else {})


def _as_json(configuration: dict[str, Any]) -> dict[str, Any]:
    """As the mark gives it back: dates are text."""
    plain: dict[str, Any] = json.loads(json.dumps(configuration, cls=DjangoJSONEncoder))
    return plain
