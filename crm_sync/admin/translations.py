"""Translations of a mapping as people type them: new=NEW; working=IN_PROGRESS.

What has a semicolon, an equals sign or a quote in it, or blanks at an end, stands in quotes as in JSON. Nothing after the
equals sign: the property is left empty for that value.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminTextInputWidget

_SPECIAL = frozenset(';="')
_QUOTED = json.JSONDecoder()


class TranslationsField(forms.CharField):
    """{"new": "NEW"} as new=NEW. Remembers what stood there when the page was shown: see `merged`."""

    widget = UnfoldAdminTextInputWidget

    def __init__(self, **more: Any) -> None:
        super().__init__(show_hidden_initial=True, **more)

    def prepare_value(self, value: Any) -> Any:
        return in_words(value) if isinstance(value, dict) else value

    def clean(self, value: Any) -> dict[str, str]:
        return read(super().clean(value) or "")

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (self.prepare_value(initial or {}) or "") != (data or "").strip()


def in_words(values: Mapping[str, Any]) -> str:
    return "; ".join(f"{_as_typed(ours)}={_as_typed(str(theirs))}" for ours, theirs in values.items())


def read(text: str) -> dict[str, str]:
    """Raises ValidationError."""
    found, place = {}, 0
    while place < len(text):
        began = place
        ours, place = _side(text, place, ends="=;")
        is_pair = text[place : place + 1] == "="
        theirs, place = _side(text, place + 1, ends=";") if is_pair else ("", place)
        if is_pair and ours:
            found[ours] = theirs
        elif ours or is_pair:
            said = text[began:place].strip()
            raise ValidationError(f"“{said}” is no translation: write ours=theirs; ours=theirs.")
        place += 1
    return found


def merged(was: Mapping[str, str], typed: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """What somebody made of `was`, done to what stands there `now`: what others have translated meanwhile stays."""
    if was == now:
        return dict(typed)
    found = dict(now)
    for ours in {**was, **typed}:
        if typed.get(ours) == was.get(ours):
            continue
        found.pop(ours, None)
        if ours in typed:
            found[ours] = typed[ours]
    return found


def contested(was: Mapping[str, str], typed: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    """Values of ours that two people have translated in two ways."""
    for ours in {**was, **typed, **now}:
        mine, theirs, before = typed.get(ours), now.get(ours), was.get(ours)
        if before not in (mine, theirs) and mine != theirs:
            yield ours


def _as_typed(text: str) -> str:
    plain = text == text.strip() and text.isprintable() and not _SPECIAL.intersection(text)
    return text if plain else json.dumps(text, ensure_ascii=False)


def _side(text: str, place: int, *, ends: str) -> tuple[str, int]:
    """One side of a translation, and where it ends."""
    while text[place : place + 1].isspace():
        place += 1
    if text[place : place + 1] != '"':
        end = min((found for each in ends if (found := text.find(each, place)) >= 0), default=len(text))
        return text[place:end].strip(), end
    try:
        said, end = _QUOTED.raw_decode(text, place)
    except json.JSONDecodeError:
        raise ValidationError(f"{text[place:]}: these quotes do not end, or say nothing.") from None
    while text[end : end + 1].isspace():
        end += 1
    if end < len(text) and text[end] not in ends:
        raise ValidationError(f"{text[place:]}: after the quotes comes = or a semicolon.")
    return str(said), end
