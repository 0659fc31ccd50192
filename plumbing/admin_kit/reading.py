"""Pages as somebody sees them who may not change them: values in words, without fields that do not apply."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import ForeignKey, JSONField, Model
from django.utils.text import capfirst

from plumbing.json_shapes import JsonShape, plain
from plumbing.stored_secrets import SecretField

Words = Callable[[Any], str]
_EMPTY: tuple[Any, ...] = (None, "", [], {})
# Shown as Django shows it.
_PLAIN = object()


def fieldsets(page: Any, given: Sequence[Any], row: Model, *, opens: Callable[[Model], bool]) -> list[Any]:
    """The fieldsets with what is stored as JSON or a list in words (`page.words`), without empty fields that the form
    would show on a condition only, and with links to related rows that the viewer may open (`opens`) only."""
    return [
        (title, {**options, "fields": list(_fields(page, options["fields"], row, opens))})
        for title, options in given
    ]


def without_conditions(page: Any) -> Any:
    """The page for templates: values that are only read are no fields that a condition could ask."""
    shown = copy(page)
    shown.conditional_fields = {}
    return shown


def _fields(page: Any, names: Sequence[Any], row: Model, opens: Callable[[Model], bool]) -> Iterator[Any]:
    for name in names:
        if isinstance(name, list | tuple):
            if line := tuple(_fields(page, name, row, opens)):
                yield line
            continue
        found = _found(page, name, row)
        if name in (getattr(page, "conditional_fields", None) or {}) and found in _EMPTY:
            continue
        related = _related(row, name) if found is _PLAIN else None
        if related is not None and not opens(related):
            yield _in_words(page, name, str(related))
        else:
            yield name if found is _PLAIN else _in_words(page, name, found)


def _related(row: Model, name: str) -> Model | None:
    """The row that this field refers to."""
    field = next((field for field in row._meta.concrete_fields if field.name == name), None)
    return getattr(row, name) if isinstance(field, ForeignKey) else None


def _found(page: Any, name: str, row: Model) -> Any:
    """What the form would show where it is stored as JSON or a list; "" for a conditional field without a value."""
    for column, parts in getattr(page.form, "json_parts", {}).items():
        for key, part in parts.items():
            if part == name:
                return plain(getattr(row, column)).get(key, "")
    field = next((field for field in row._meta.concrete_fields if field.name == name), None)
    if isinstance(field, SecretField):
        # Not even encrypted: whoever has the keys elsewhere could read it.
        stored, conditional = getattr(row, name), name in (getattr(page, "conditional_fields", None) or {})
        return "Stored" if stored else "" if conditional else "Not stored"
    if isinstance(field, JSONField | ArrayField):
        value = getattr(row, name)
        return plain(value) if isinstance(value, JsonShape) else value or []
    if name in (getattr(page, "conditional_fields", None) or {}) and field is not None:
        return _PLAIN if getattr(row, field.attname) not in _EMPTY else ""
    return _PLAIN


def _in_words(page: Any, name: str, value: Any) -> Callable[[Model], str]:
    says: Words = page.words.get(name, in_words)
    label = _label(page, name)

    def shown(row: Model) -> str:
        return says(value) or "–"

    shown.__name__ = name
    shown.short_description = label  # type: ignore[attr-defined]
    return shown


def _label(page: Any, name: str) -> str:
    declared = page.form.base_fields.get(name)
    return str(capfirst((declared.label if declared else "") or name.replace("_", " ")))


def in_words(value: Any) -> str:
    """["a", "b"] is "a, b"; {"a": 1} is "a: 1"."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {in_words(part)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(in_words(part) for part in value)
    return str(value)
