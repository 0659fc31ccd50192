"""What a connection tells, on its page: which messages, and the body of each."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldBooleanSwitchWidget

from crm_sync.connectors import messages_of
from crm_sync.connectors.capabilities import MessageKind
from crm_sync.models import CrmConnection
from crm_sync.outbound import message_checks
from plumbing import json_templates
from plumbing.json_templates import BadTemplate

TAB = "What is told"
_ROWS = 14


class BodyField(forms.CharField):
    """JSON with placeholders. What is left empty, or as it usually is, is the usual body."""

    def __init__(self, kind: MessageKind, lines: Sequence[str]) -> None:
        super().__init__(
            label="Body",
            required=False,
            widget=UnfoldAdminTextareaWidget({"rows": _ROWS, "spellcheck": "false", "class": "lo-mono"}),
            help_text="JSON with placeholders in braces; empty: the usual body.",
        )
        self.kind, self.lines = kind, lines

    def clean(self, value: Any) -> dict[str, Any] | None:
        text = str(super().clean(value)).strip()
        if not text:
            return None
        try:
            body = json_templates.read(text)
            message_checks.check_body(self.kind, body, self.lines)
        except BadTemplate as error:
            raise ValidationError(str(error)) from error
        return None if body == self.kind.body else body


class MessagesForm(forms.ModelForm):  # type: ignore[type-arg]
    """With `tells_<kind>` and `body_<kind>` for each of `kinds`, which `fields_for` adds."""

    kinds: Sequence[MessageKind] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in self.kinds:
            rule = self.instance.messages.of(kind.name)
            self.initial.setdefault(_tells(kind), rule.active)
            self.initial.setdefault(_body(kind), json_templates.shown(rule.body or kind.body))

    def _post_clean(self) -> None:
        said = self.instance.messages.plain()
        for kind in self.kinds:
            if _body(kind) not in self.fields:
                continue
            rule: dict[str, Any] = {}
            if not kind.always and not self.cleaned_data.get(_tells(kind)):
                rule["active"] = False
            # What is wrong stays as it was, and stands in the form with what is wrong with it.
            own = self.instance.messages.of(kind.name).body
            body = own if _body(kind) in self.errors else self.cleaned_data.get(_body(kind))
            if body is not None:
                rule["body"] = body
            said.pop(kind.name, None)
            if rule:
                said[kind.name] = rule
        self.instance.messages = said
        super()._post_clean()  # type: ignore[misc]


def fields_for(connection: CrmConnection) -> dict[str, Any]:
    """Of the class of a form; nothing where nothing is told. One query."""
    kinds = messages_of(connection.kind)
    if not kinds:
        return {}
    lines = sorted(set(connection.mappings.filter(active=True).values_list("property", flat=True)))
    fields: dict[str, Any] = {"kinds": kinds}
    for kind in kinds:
        if not kind.always:
            fields[_tells(kind)] = forms.BooleanField(
                label=f"{kind.label} ({kind.name})", required=False, widget=UnfoldBooleanSwitchWidget()
            )
        fields[_body(kind)] = BodyField(kind, lines)
        if kind.always:
            fields[_body(kind)].label = f"{kind.label} ({kind.name}), always sent"
    return fields


def rows(connection: CrmConnection) -> list[str]:
    """The fieldset."""
    return [
        name
        for kind in messages_of(connection.kind)
        for name in ([] if kind.always else [_tells(kind)]) + [_body(kind)]
    ]


def placeholders(connection: CrmConnection) -> list[tuple[str, str]]:
    """What every body can name, with the words for it; what only one kind adds comes with the kind's name."""
    kinds = messages_of(connection.kind)
    if not kinds:
        return []
    lines = connection.mappings.filter(active=True).values_list("property", flat=True)
    shared = set.intersection(*(set(kind.adds) for kind in kinds))
    known = message_checks.known_names(kinds[0], sorted(set(lines)))
    own = [
        (name, f"{words} (only in {kind.name})")
        for kind in kinds
        for name, words in kind.adds.items()
        if name not in shared
    ]
    return [*known.items(), *own, ("extra.…", "any other value of a form, by its key")]


def _tells(kind: MessageKind) -> str:
    return f"tells_{kind.name.replace('.', '_')}"


def _body(kind: MessageKind) -> str:
    return f"body_{kind.name.replace('.', '_')}"
