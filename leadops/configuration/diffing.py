"""What would change, from plain data alone; one mechanism for apply, diff and the question who changed what."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from leadops.configuration.section import ACTIVE
from leadops.configuration.sections import SECTIONS

What = Literal["add", "change", "deactivate", "order"]
_SIGNS: dict[What, str] = {"add": "+", "change": "~", "deactivate": "-", "order": "~"}
_NOTHING: Any = object()
_LONGEST = 160


@dataclass(frozen=True, slots=True)
class Detail:
    """One value: where in the item, and how it reads before and after; "" is nothing."""

    where: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    section: str
    item: str
    what: What
    details: tuple[Detail, ...] = ()


def compare(wanted: Mapping[str, Any], current: Mapping[str, Any]) -> list[Change]:
    """Both are plain data by section. Sections that `wanted` leaves out, and what is inactive already,
    are no difference.
    """
    return [
        change
        for name in SECTIONS
        if name in wanted
        for change in _compare(name, wanted[name], current[name])
    ]


def lines(changes: Iterable[Change]) -> list[str]:
    """For people: a line per section, one per item, one per value."""
    found: list[str] = []
    section = ""
    for change in changes:
        if change.section != section:
            section = change.section
            found.append(section)
        found.append(f"  {_SIGNS[change.what]} {_said(change)}")
        found += [f"      {_detail(detail)}" for detail in change.details]
    return found


def _compare(name: str, wanted: Any, current: Any) -> Iterator[Change]:
    section = SECTIONS[name]
    after, before = section.items(wanted), section.items(current)
    for key, item in after.items():
        if key not in before:
            yield Change(name, key, "add")
        elif details := tuple(_details(section.comparable(before[key]), section.comparable(item))):
            yield Change(name, key, "change", details)
    for key, item in before.items():
        if key not in after and item.get(ACTIVE, True) and not section.stays(item):
            yield Change(name, key, "deactivate")
    if section.ordered and _shared(after, before) != _shared(before, after):
        yield Change(
            name,
            "",
            "order",
            (Detail("", ", ".join(_shared(before, after)), ", ".join(_shared(after, before))),),
        )


def _shared(items: Iterable[str], others: Mapping[str, Any]) -> list[str]:
    return [key for key in items if key in others]


def _details(before: Any, after: Any, where: str = "") -> Iterator[Detail]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from _details(
                before.get(key, _NOTHING), after.get(key, _NOTHING), f"{where}.{key}" if where else str(key)
            )
    elif type(before) is not type(after) or before != after:
        yield Detail(where, _short(before), _short(after))


def _short(value: Any) -> str:
    if value is _NOTHING:
        return ""
    if isinstance(value, dict):
        text = "{" + ", ".join(f"{key}: {_short(item)}" for key, item in value.items()) + "}"
    elif isinstance(value, list):
        text = "[" + ", ".join(map(_short, value)) + "]"
    elif isinstance(value, bool):
        text = str(value).lower()
    else:
        text = value.isoformat() if isinstance(value, date) else str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _said(change: Change) -> str:
    if change.what == "order":
        return "order"
    words = change.item or change.section
    return f"{words} (deactivated)" if change.what == "deactivate" else words


def _detail(detail: Detail) -> str:
    where = f"{detail.where}: " if detail.where else ""
    if not detail.before:
        return f"{where}{detail.after} (new)"
    if not detail.after:
        return f"{where}{detail.before} (removed)"
    return f"{where}{detail.before} → {detail.after}"
