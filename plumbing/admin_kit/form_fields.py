"""Form fields for lists and parts of JSON columns, so that nobody has to write JSON; and for secrets."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import Model
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from plumbing import notify, notify_addresses, secrets
from plumbing.json_shapes import ShapedJSONField, plain, problems

FORGET = "-"
ADDRESSES_HELP = (
    "One a line: mailto:team@example.com for e-mail, an Apprise address (slack://…, msteams://…), or env:NAME for one "
    "that stands in a variable. Addresses are stored encrypted and shown by their beginning: leave such a line to keep it."
)


class WordsField(forms.CharField):
    """A list of texts in one line, with commas between them."""

    widget = UnfoldAdminTextInputWidget
    separators = re.compile(r"[,\n]")
    joint = ", "

    def prepare_value(self, value: Any) -> Any:
        return self.joint.join(map(str, value)) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> list[str]:
        text = super().clean(value)
        words = (word.strip() for word in self.separators.split(text or ""))
        return list(dict.fromkeys(word for word in words if word))

    def has_changed(self, initial: Any, data: Any) -> bool:
        words = [word.strip() for word in self.separators.split(data or "") if word.strip()]
        return list(initial or []) != words


class LinesField(WordsField):
    """A list of texts, one a line."""

    widget = UnfoldAdminTextareaWidget
    separators = re.compile(r"[\s,]+")
    joint = "\n"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.widget.attrs["rows"] = 3


class AddressesForm(forms.ModelForm):  # type: ignore[type-arg]
    """With a field `notify`: addresses with secrets are shown by scheme and host, and a line that stays as shown is kept."""

    def clean_notify(self) -> list[str]:
        try:
            addresses = notify_addresses.kept(self.cleaned_data["notify"], among=self.instance.notify)
            for address in addresses:
                notify.check_address(address)
        except (ValueError, notify.NotifyError) as error:
            raise forms.ValidationError(str(error)) from error
        return addresses


class SecretsForm(forms.ModelForm):  # type: ignore[type-arg]
    """`secret_fields` are stored encrypted, never shown. Empty keeps what is stored, a single - removes it.

    `variable_fields` name variables of the environment that hold a secret; only some may be named.
    """

    secret_fields: tuple[str, ...] = ()
    variable_fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.secret_fields:
            if name not in self.fields:
                continue
            stored = bool(getattr(self.instance, name))
            self.initial[name] = ""
            self.fields[name] = forms.CharField(
                label=self.fields[name].label,
                required=False,
                widget=UnfoldAdminPasswordWidget(
                    attrs={
                        "autocomplete": "new-password",
                        "placeholder": "•••••••• (stored)" if stored else "Not set",
                    }
                ),
                help_text="Leave it empty to keep what is stored; type a single - to remove it."
                if stored
                else "Stored encrypted and never shown again.",
            )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        for name in self.secret_fields:
            typed = cleaned.get(name)
            if not typed:
                cleaned[name] = getattr(self.instance, name)
            elif typed == FORGET:
                cleaned[name] = ""
            else:
                cleaned[name] = self._encrypted(name, typed)
        for name in self.variable_fields:
            variable = cleaned.get(name)
            if variable and (why_not := secrets.why_not_named(variable)):
                self.add_error(name, why_not)
        return cleaned

    def _encrypted(self, name: str, typed: str) -> str:
        try:
            return secrets.encrypt(typed)
        except secrets.SecretError as error:
            self.add_error(name, str(error))
            return ""


class PartsForm(forms.ModelForm):  # type: ignore[type-arg]
    """`json_parts` is {JSON column: {key: form field}}: each key of the column is a field of its own.

    Empty parts leave the object; keys that the form does not know stay in it. What the column's shape does not take stands
    as an error at the field of its key.
    """

    json_parts: Mapping[str, Mapping[str, str]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for column, parts in self.json_parts.items():
            stored = plain(getattr(self.instance, column))
            for key, name in parts.items():
                if key in stored:
                    self.initial.setdefault(name, stored[key])

    def _post_clean(self) -> None:
        for column, parts in self.json_parts.items():
            self._gather(self.instance, column, parts)
        super()._post_clean()  # type: ignore[misc]

    def _gather(self, instance: Model, column: str, parts: Mapping[str, str]) -> None:
        kept = {key: value for key, value in plain(getattr(instance, column)).items() if key not in parts}
        for key, name in parts.items():
            if name not in self.fields:
                continue
            value = self.cleaned_data.get(name)
            if value not in (None, "", []):
                kept[key] = value
        column_field = instance._meta.get_field(column)
        if isinstance(column_field, ShapedJSONField) and column_field.shape is not None:
            for (part, *_), message in problems(column_field.shape, kept):
                self.add_error(parts.get(str(part)), message)
        setattr(instance, column, kept)
