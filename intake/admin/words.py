"""What words mean, who is never heard, and what is known of companies."""

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from import_export.resources import ModelResource
from unfold.contrib.filters.admin import AllValuesCheckboxFilter, BooleanRadioFilter, ChoicesDropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from intake.blocklist import network_of, written
from intake.canonical import CANONICAL_FIELDS, label_of
from intake.models import BlockedSender, CompanyProfile, TestAddress, ValueAlias
from intake.test_addresses import tidy
from intake.values.refusal import ValueRefused
from plumbing.admin_kit.pages import ConfigurationPage
from plumbing.admin_kit.tables import TablePage


class AliasResource(ModelResource):
    class Meta:
        model = ValueAlias
        fields = ["field", "raw", "canonical", "active"]
        import_id_fields = ["field", "raw"]


class AliasForm(forms.ModelForm):  # type: ignore[type-arg]
    field = forms.ChoiceField(
        choices=[(field.name, field.label) for field in CANONICAL_FIELDS.values()],
        widget=UnfoldAdminSelectWidget(),
    )

    class Meta:
        model = ValueAlias
        fields = ["field", "raw", "canonical", "active"]
        labels = {"raw": "People write", "canonical": "We read"}
        help_texts = {
            "raw": "Capitals and outer spaces do not matter.",
            "canonical": "Countries as two letters (DE), states as the part after the dash (CA).",
        }


@admin.register(ValueAlias)
class ValueAliasPage(TablePage):
    form = AliasForm
    resource_classes = [AliasResource]
    may_delete = True
    list_display = ["raw", "reads_as", "field_label", "active"]
    list_editable = ["active"]
    list_filter = [("active", BooleanRadioFilter)]
    search_fields = ["raw", "canonical", "field"]
    empty_icon = "translate"
    empty_title = "No words to translate yet"
    empty_text = "An alias says what a word means: “deutschland” is the country DE. Import or add some."

    @display(description="We read", ordering="canonical", label=True)
    def reads_as(self, row: ValueAlias) -> str:
        return row.canonical

    @display(description="Field", ordering="field")
    def field_label(self, row: ValueAlias) -> str:
        return label_of(row.field)


class BlockedSenderForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = BlockedSender
        fields = ["kind", "value", "reason"]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        kind, value = cleaned.get("kind"), str(cleaned.get("value") or "").strip().lower()
        cleaned["value"] = value
        if not kind or not value:
            return cleaned
        if kind == BlockedSender.Kind.IP:
            network = network_of(value)
            if network is None:
                raise ValidationError({"value": "Write an address (192.0.2.7) or a network (192.0.2.0/24)."})
            cleaned["value"] = written(network)
        elif kind == BlockedSender.Kind.DOMAIN and not re.fullmatch(r"[^@\s/:]+\.[^@\s./:]+", value):
            raise ValidationError({"value": "Write a domain without @ or https, like spam.example."})
        elif kind == BlockedSender.Kind.EMAIL and not re.fullmatch(r"[^@\s]+@[^@\s]+", value):
            raise ValidationError({"value": "Write a whole e-mail address."})
        return cleaned


@admin.register(BlockedSender)
class BlockedSenderPage(ConfigurationPage):
    form = BlockedSenderForm
    may_delete = True
    list_display = ["value", "kind", "reason", "created_at"]
    list_filter = [("kind", ChoicesDropdownFilter)]
    search_fields = ["value", "reason"]
    empty_icon = "block"
    empty_title = "Nobody is blocked"
    empty_text = "What comes from a blocked address, domain or network is kept as spam and is no lead."


class TestAddressForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = TestAddress
        fields = ["pattern", "active"]
        help_texts = {
            "pattern": "A whole address (ann@acme.test), a domain (@acme.test), or a pattern (*+test@acme.test).",
        }

    def clean_pattern(self) -> str:
        try:
            return tidy(self.cleaned_data["pattern"])
        except ValueRefused as refused:
            raise ValidationError(str(refused)) from None


@admin.register(TestAddress)
class TestAddressPage(ConfigurationPage):
    form = TestAddressForm
    may_delete = True
    list_display = ["pattern", "active"]
    list_filter = [("active", BooleanRadioFilter)]
    search_fields = ["pattern"]
    empty_icon = "science"
    empty_title = "No test addresses yet"
    empty_text = (
        "Add your own, or *+test@ your domain: who comes in with one is a test lead. It goes the way of all others, is not "
        "counted, and is all that a CRM connection in test mode writes."
    )


@admin.register(CompanyProfile)
class CompanyProfilePage(TablePage):
    may_delete = True
    list_display = ["company", "industry", "employee_count", "country", "source", "updated_at"]
    list_filter = [("country", AllValuesCheckboxFilter)]
    search_fields = ["domain", "name", "industry"]
    readonly_fields = ["updated_at"]
    empty_icon = "domain"
    empty_title = "No companies known yet"
    empty_text = "Facts about companies by domain fill the gaps of a submission. Import or add some."

    @display(description="Company", header=True, ordering="name")
    def company(self, row: CompanyProfile) -> list[str]:
        return [row.name or row.domain, row.domain]
