"""The lines of a connection: our field, its property in the CRM."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from crm_sync.models import FieldMapping
from crm_sync.outbound.crm_fields import CRM_FIELDS
from intake.canonical import CANONICAL_FIELDS


def translations_in_words(values: Mapping[str, str]) -> str:
    return "; ".join(f"{ours}={theirs}" for ours, theirs in values.items())


class TranslationsField(forms.CharField):
    """{"new": "NEW"} as new=NEW; working=IN_PROGRESS."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        return translations_in_words(value) if isinstance(value, dict) else value

    def clean(self, value: Any) -> dict[str, str]:
        found = {}
        for pair in filter(None, (part.strip() for part in (super().clean(value) or "").split(";"))):
            ours, equals, theirs = (part.strip() for part in pair.partition("="))
            if not ours or not equals or not theirs:
                raise ValidationError(f"“{pair}” is no translation: write ours=theirs; ours=theirs.")
            found[ours] = theirs
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (self.prepare_value(initial or {}) or "") != (data or "").strip()


class MappingForm(forms.ModelForm):  # type: ignore[type-arg]
    canonical = forms.ChoiceField(label="Our field", widget=UnfoldAdminSelectWidget())
    values = TranslationsField(label="Translations (ours=theirs)", required=False)

    class Meta:
        model = FieldMapping
        fields = ["canonical", "property", "mode", "values", "active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields = [(field.name, field.label) for field in CANONICAL_FIELDS.values()]
        ours = [(field.name, field.label) for field in CRM_FIELDS]
        known = {name for name, _ in (*ours, *fields)}
        own = self.instance.canonical or (
            self.data.get(self.add_prefix("canonical")) if self.is_bound else ""
        )
        extra = [(own, own)] if own and own not in known else []
        canonical = self.fields["canonical"]
        assert isinstance(canonical, forms.ChoiceField)
        canonical.choices = [
            ("", "Choose…"), ("What leadops knows", ours), ("What the person said", fields), ("Extra values", extra)
        ]  # fmt: skip


class MappingsInline(TabularInline):
    model = FieldMapping
    form = MappingForm
    fields = ["canonical", "property", "mode", "values", "active", "position"]
    ordering_field = "position"
    hide_ordering_field = True
    extra = 0
    tab = True
    verbose_name_plural = "Mappings"
    readonly_fields = ["translations"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if self.has_change_permission(request, obj):
            return self.fields
        return ["translations" if name == "values" else name for name in self.fields]

    @display(description="Translations", empty_value="–")
    def translations(self, row: FieldMapping) -> str | None:
        return translations_in_words(row.values) or None
