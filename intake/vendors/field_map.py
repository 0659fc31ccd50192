"""From a vendor's named values to canonical ones, by a form's field map."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from intake.canonical import CANONICAL_FIELDS
from intake.vendors.clean import is_blank
from intake.vendors.flat import Flat, fold_name
from intake.vendors.sources import find_by_path

EXTRA_PREFIX = "extra."
_BY_FOLDED_NAME = {fold_name(name): name for name in CANONICAL_FIELDS}


@dataclass(slots=True)
class Mapped:
    """A submission's values by canonical name, and whatever else it said.

    `unknown` lists targets of the field map that are no canonical field (the map is broken, nothing is lost:
    the value stays in `extra`); `missing` lists sources of the map that this body does not have.
    """

    values: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def apply_field_map(flat: Flat, field_map: Mapping[str, str], defaults: Mapping[str, Any]) -> Mapped:
    """Rename by `field_map` (source -> canonical or `extra.<key>`), keep the rest, fill gaps with `defaults`.

    A source is a name, a label (case and spaces do not count), or a path into the body. The first source with a
    value wins its target. A value whose own name is canonical and which the map does not set is taken as it is.
    """
    mapped = Mapped()
    used: set[str] = set()
    own_values = flat.own_values()
    for source, target in field_map.items():
        if target in CANONICAL_FIELDS:
            place, key = mapped.values, target
        elif target.startswith(EXTRA_PREFIX) and len(target) > len(EXTRA_PREFIX):
            place, key = mapped.extra, target.removeprefix(EXTRA_PREFIX)
        else:
            mapped.unknown.append(target)
            continue
        found, own_name, value = _find(flat, source)
        if not found:
            mapped.missing.append(source)
            continue
        if key in place or is_blank(value):
            continue
        place[key] = value
        if own_name is not None:
            used.add(own_name)
    rest = {name: value for name, value in own_values.items() if name not in used}
    mentioned = {source for source in field_map if field_map[source] in CANONICAL_FIELDS}
    _take_canonical(flat, mapped, rest, mentioned)
    for name, value in rest.items():
        mapped.extra.setdefault(name, value)
    for name, value in defaults.items():
        if is_blank(value):
            continue
        if name in CANONICAL_FIELDS:
            mapped.values.setdefault(name, value)
        else:
            mapped.extra.setdefault(name.removeprefix(EXTRA_PREFIX), value)
    return mapped


def _take_canonical(flat: Flat, mapped: Mapped, rest: dict[str, Any], mentioned: set[str]) -> None:
    """Move values with a canonical name among theirs from `rest` to `mapped.values`."""
    names_of: dict[str, list[str]] = {name: [name] for name in rest}
    for other, main in flat.main_names.items():
        if main in names_of:
            names_of[main].append(other)
    for spelled_out in (True, False):
        for main, names in names_of.items():
            for name in names:
                canonical = name if spelled_out else _BY_FOLDED_NAME.get(fold_name(name))
                if main not in rest or canonical is None or name in mentioned:
                    continue
                if canonical in CANONICAL_FIELDS and canonical not in mapped.values:
                    mapped.values[canonical] = rest.pop(main)


def _find(flat: Flat, source: str) -> tuple[bool, str | None, Any]:
    """(found, the value's own name, value) for a source of a field map."""
    if source in flat.values:
        return True, flat.main_names.get(source, source), flat.values[source]
    wanted = fold_name(source)
    if wanted:
        for name, value in flat.values.items():
            if fold_name(name) == wanted:
                return True, flat.main_names.get(name, name), value
    found, value = find_by_path(flat.body, source)
    # A path may end in an object; the same value then stands in `extra` by its leaves, which does no harm.
    return found, _name_of(flat, value) if found else None, value


def _name_of(flat: Flat, value: Any) -> str | None:
    """The own name of a value found by its path, so that it is not kept a second time under `extra`.

    Known by identity, so only where that proves something: Python shares numbers, booleans
    and single letters.
    """
    if not isinstance(value, (str, list)) or len(value) < 2:
        return None
    names = [name for name, known in flat.own_values().items() if known is value]
    return names[0] if len(names) == 1 else None
