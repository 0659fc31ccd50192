"""Parts of the market, and the companies that have an owner of their own."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from import_export.fields import Field
from import_export.resources import ModelResource
from import_export.widgets import ForeignKeyWidget, SimpleArrayWidget
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    BooleanRadioFilter,
    DropdownFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import display
from unfold.views import ChangeList

from intake.values.phones import normalize_phone
from intake.values.places import normalize_country
from intake.values.refusal import ValueRefused
from plumbing.admin_kit.form_fields import LinesField
from routing.admin.account_import import AccountImportPage
from routing.admin.conditions import ConditionField, in_words
from routing.admin.drafts import DraftPage
from routing.engine.account_family import MOST_ABOVE
from routing.models import NamedAccount, Owner, Territory


class TerritoryForm(forms.ModelForm):  # type: ignore[type-arg]
    when = ConditionField(
        label="Belongs when",
        help_text="State and postal code need a country beside them, here or in the parent: CA is also Cagliari.",
    )

    class Meta:
        model = Territory
        fields = ["name", "parent", "team", "when", "active"]
        labels = {"parent": "Inside"}
        help_texts = {
            "team": "Its manager may change this territory.",
            "parent": "A lead belongs here only if it belongs there too.",
        }

    def clean_parent(self) -> Territory | None:
        parent: Territory | None = self.cleaned_data["parent"]
        above, names = parent, [str(self.instance)]
        while above is not None:
            names.append(above.name)
            if above.pk == self.instance.pk:
                raise ValidationError(f"A circle: {' is inside '.join(names)}. Choose another one.")
            above = above.parent
        return parent


class TerritoryList(ChangeList):
    """Each row learns how deep it lies; the whole tree is read once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        parents = dict(Territory.objects.values_list("pk", "parent_id"))
        for row in self.result_list:
            row.depth, above = 0, row.parent_id
            while above is not None and row.depth < len(parents):
                row.depth, above = row.depth + 1, parents.get(above)


@admin.register(Territory)
class TerritoryPage(DraftPage):
    form = TerritoryForm
    list_display = ["place", "inside", "active"]
    list_display_links = ["place"]
    list_editable = ["active"]
    list_filter = [("parent", RelatedDropdownFilter), ("active", BooleanRadioFilter)]
    list_select_related = ["parent"]
    list_per_page = 200
    search_fields = ["name", "parent__name"]
    autocomplete_fields = ["parent", "team"]
    fieldsets = [(None, {"fields": ["name", ("parent", "team"), "when", "active"]})]
    empty_icon = "public"
    empty_title = "No territories yet"
    empty_text = (
        "A territory is a name for a part of the market, such as DACH: country is DE, AT or CH. Rules use it."
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return TerritoryList

    def summary(self, request: HttpRequest, row: Territory) -> Mapping[str, Any]:
        inside = f" inside {row.parent}" if row.parent else ""
        return {"answer": f"{row.name}{inside}: {in_words(row.when)}"}

    @display(description="Territory", ordering="position")
    def place(self, row: Any) -> str:
        return format_html(
            '<span class="lo-tree" style="--depth:{}"><span class="lo-rule"><b>{}</b>'
            '<span class="lo-rule-say">{}</span></span></span>',
            getattr(row, "depth", 0),
            row.name,
            in_words(row.when),
        )

    @display(description="Inside", empty_value="–", ordering="parent__name")
    def inside(self, row: Territory) -> str | None:
        return row.parent.name if row.parent else None


_ELSEWHERE = ["external_id", "country", "phone", "postal_code"]


class AccountResource(ModelResource):
    owner = Field(attribute="owner", column_name="owner", widget=ForeignKeyWidget(Owner, "email"))
    parent = Field(attribute="parent", column_name="parent", widget=ForeignKeyWidget(NamedAccount, "company"))
    domains = Field(attribute="domains", column_name="domains", widget=SimpleArrayWidget(separator=" "))

    class Meta:
        model = NamedAccount
        fields = ["company", "domains", "owner", "parent", "tier", *_ELSEWHERE, "active"]
        import_id_fields = ["company"]


class NamedAccountForm(forms.ModelForm):  # type: ignore[type-arg]
    domains = LinesField(
        required=False,
        help_text="One a line, without www: globex.com. Leads with such an e-mail belong to this account.",
    )

    class Meta:
        model = NamedAccount
        fields = ["company", "domains", "owner", "parent", "tier", *_ELSEWHERE, "active"]
        help_texts = {
            "parent": "The company above it. Whether its owner counts is said in the routing settings, “Whose an account is”.",
            "tier": "As your rules ask for it: account tier is A.",
            "external_id": "Leads that name it as extra.account_id belong to this account.",
            "country": "As its code: DE. A lead from another country does not belong here by its name.",
            "phone": "With +. A similar name counts only with the same domain name, phone prefix or postal code.",
        }

    def clean_parent(self) -> NamedAccount | None:
        parent: NamedAccount | None = self.cleaned_data["parent"]
        above, names = parent, [str(self.instance)]
        while above is not None and len(names) <= MOST_ABOVE:
            names.append(above.company)
            if above.pk == self.instance.pk:
                raise ValidationError(f"A circle: {' belongs to '.join(names)}. Choose another one.")
            above = above.parent
        return parent

    def clean_country(self) -> str:
        country: str = self.cleaned_data["country"].strip()
        try:
            return normalize_country(country) if country else ""
        except ValueRefused as refusal:
            raise ValidationError(str(refusal)) from refusal

    def clean_phone(self) -> str:
        phone: str = self.cleaned_data["phone"].strip()
        try:
            return (
                normalize_phone(phone, region=self.data.get("country", "").upper() or None).number
                if phone
                else ""
            )
        except ValueRefused as refusal:
            raise ValidationError(str(refusal)) from refusal

    def clean_domains(self) -> list[str]:
        domains: list[str] = [domain.lower().removeprefix("www.") for domain in self.cleaned_data["domains"]]
        for domain in domains:
            if "@" in domain or "/" in domain or "." not in domain:
                raise ValidationError(f"“{domain}” is no domain: write it like globex.com.")
        others = NamedAccount.objects.filter(domains__overlap=domains, active=True).exclude(
            pk=self.instance.pk
        )
        for other in others[:1]:
            both = ", ".join(sorted(set(other.domains) & set(domains)))
            raise ValidationError(f"{both} belongs to {other.company} already.")
        return domains


class TierFilter(DropdownFilter):
    title = "tier"
    parameter_name = "tier"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        tiers = NamedAccount.objects.exclude(tier="").order_by("tier").values_list("tier", flat=True)
        return [(tier, tier) for tier in tiers.distinct()]

    def queryset(self, request: HttpRequest, accounts: QuerySet[NamedAccount]) -> QuerySet[NamedAccount]:
        return accounts.filter(tier=self.value()) if self.value() else accounts


@admin.register(NamedAccount)
class NamedAccountPage(AccountImportPage):
    form = NamedAccountForm
    resource_classes = [AccountResource]
    list_display = ["company", "known_by", "owner", "parent", "tier", "active"]
    list_editable = ["active"]
    list_filter = [
        ("owner", AutocompleteSelectFilter),
        TierFilter,
        ("active", BooleanRadioFilter),
    ]
    list_select_related = ["owner", "parent"]
    search_fields = ["company", "domains", "owner__name"]
    autocomplete_fields = ["owner", "parent"]
    fieldsets = [
        (None, {"fields": ["company", "domains", "owner", ("parent", "tier"), "active"]}),
        ("Also known by", {"fields": [("external_id", "country"), ("phone", "postal_code")]}),
    ]
    empty_icon = "domain"
    empty_title = "No named accounts yet"
    empty_text = (
        "A named account is a company with an owner of its own: its leads skip the rotation. Import a list."
    )

    @display(description="Domains", empty_value="–")
    def known_by(self, row: NamedAccount) -> str | None:
        return ", ".join(row.domains) or None
