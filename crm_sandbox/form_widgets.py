"""The pieces of forms, as HTML. They are sent without JavaScript; whatever comes in as plain text is escaped here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from crm_sandbox.widgets import Html

Choices = Sequence[tuple[str, str]]


def form(
    what: str,
    *parts: Html,
    button: str,
    back: str,
    hidden: Mapping[str, str] | None = None,
    to: str = "/play",
) -> Html:
    """`what` is the name of a move in `playing_forms`; `back` the page that it is made on; `to` what takes it."""
    values = {"do": what, "back": back} | dict(hidden or {})
    kept = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in values.items()
    )
    return Html(
        f'<form class="play" method="post" action="{escape(to)}">{kept}{"".join(parts)}'
        f"<button>{escape(button)}</button></form>"
    )


def move(
    what: str, *, label: str, back: str, hidden: Mapping[str, str], mood: str = "", to: str = "/play"
) -> Html:
    """A button alone."""
    kept = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in ({"do": what, "back": back} | dict(hidden)).items()
    )
    return Html(
        f'<form class="move" method="post" action="{escape(to)}">{kept}'
        f'<button class="{mood}">{escape(label)}</button></form>'
    )


def text_field(
    name: str,
    label: str,
    *,
    value: str = "",
    kind: str = "text",
    hint: str = "",
    required: bool = False,
    wide: bool = False,
) -> Html:
    needed = " required" if required else ""
    return _labelled(
        label,
        f'<input type="{kind}" name="{escape(name)}" value="{escape(value)}" '
        f'placeholder="{escape(hint)}" autocomplete="off"{needed}>',
        wide=wide,
    )


def choice(name: str, label: str, choices: Choices, *, chosen: str = "", wide: bool = False) -> Html:
    options = "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(shown)}</option>'
        for value, shown in choices
    )
    return _labelled(label, f'<select name="{escape(name)}">{options}</select>', wide=wide)


def _labelled(label: str, field: str, *, wide: bool) -> Html:
    return Html(f'<label class="{"wide" if wide else ""}"><span>{escape(label)}</span>{field}</label>')


def card(title: str, *forms: Html) -> Html:
    return Html(f'<section class="card"><h2>{escape(title)}</h2>{"".join(forms)}</section>')


def cards(*made: Html) -> Html:
    return Html(f'<div class="cards">{"".join(made)}</div>')
