"""The lines of a connection: our field, its property in the CRM.

A line is checked when it is saved: a slip in a name would be found only by the leads that arrive without the value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from crm_sync.admin import translations
from crm_sync.admin.translations import TranslationsField
from crm_sync.connectors import connector_class
from crm_sync.connectors.base import SetupProblem
from crm_sync.connectors.definitions import PropertyDefinition
from crm_sync.models import CrmConnection, FieldMapping
from crm_sync.outbound import words_of_leads
from crm_sync.outbound.crm_fields import CRM_FIELDS, OWNER, label
from crm_sync.outbound.drift import rules_of
from crm_sync.outbound.mapping_rules import CrmRules, MappingLine, MappingTrouble, in_words
from crm_sync.schema import reading
from intake.canonical import CANONICAL_FIELDS
from intake.models import Lead
from plumbing.admin_kit.pages import PartOfItsPage
from plumbing.http import RemoteError
from plumbing.spelling import did_you_mean

PREFIX = "mappings"
# What is lost without the line.
GUARDED = {
    OWNER: "Without this line every lead stands in the CRM without an owner.",
    "email": "Without this line leads stand in the CRM without an address, and people there twice.",
}
# The id of the list that all lines share.
PROPERTIES_LIST = "crm-properties"
ANYWAY = "switch_off_anyway"
ANYWAY_LABEL = "Switch off the e-mail or owner line all the same"


class PropertyWidget(UnfoldAdminTextInputWidget):
    """Offers the properties that can be written by name and label, and says under a line what its own one takes."""

    template_name = "crm_sync/property_input.html"

    def __init__(self, says: Mapping[str, str], attrs: Mapping[str, str] | None = None) -> None:
        super().__init__(attrs={"list": PROPERTIES_LIST, "autocomplete": "off", **(attrs or {})})
        self.says = says

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        return context | {"says": self.says.get(str(value or "").strip(), "")}


class MappingForm(forms.ModelForm):  # type: ignore[type-arg]
    canonical = forms.ChoiceField(label="Our field", widget=UnfoldAdminSelectWidget())
    values = TranslationsField(label="Translations (ours=theirs)", required=False)
    # What stood there when the form was judged.
    stood: Mapping[str, str]

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
            ("", "Choose…"),
            ("What leadops knows", ours),
            ("What the person said", fields),
            ("Extra values", extra),
        ]

    def clean_values(self) -> dict[str, str]:
        """With what somebody else has translated meanwhile, from an exception say."""
        typed: dict[str, str] = self.cleaned_data["values"]
        now: Mapping[str, str] = self.instance.values or {}
        shown = self.data.get(self.add_initial_prefix("values"))
        was = dict(now) if shown is None else translations.read(shown)
        self.stood = dict(now)
        if ours := next(translations.contested(was, typed, now), None):
            stands = f"“{now[ours]}”" if ours in now else "nothing"
            raise ValidationError(
                f"Somebody has changed the translation of “{ours}” to {stands} meanwhile: open the page again."
            )
        return translations.merged(was, typed, now)


@dataclass(frozen=True, slots=True)
class PropertiesThere:
    """`names`: None where nobody had to ask, or nobody answered; then `why` says why."""

    names: frozenset[str] | None = None
    why: str = ""


def ask_for_properties(connection: CrmConnection, posted: Mapping[str, Any]) -> PropertiesThere:
    """One call to the CRM if a line names a property that none has named yet. Outside any transaction."""
    stored = set(connection.mappings.filter(active=True).values_list("property", flat=True))
    typed = {
        str(value).strip()
        for name, value in posted.items()
        if name.startswith(f"{PREFIX}-") and name.endswith("-property")
    }
    found = connector_class(connection.kind)
    if found is None or all(not name or found.names.is_ours(name) for name in typed - stored):
        return PropertiesThere()
    try:
        reading.read_now(connection)
    except (RemoteError, SetupProblem) as error:
        return PropertiesThere(why=str(error))
    there = reading.known(connection.pk)
    return PropertiesThere(frozenset(name for name, each in there.items() if not each.archived))


def switches_off_guarded(connection: CrmConnection, posted: Mapping[str, Any]) -> bool:
    """Whether what was posted switches off a line without which leads are lost."""
    rows = {
        posted[name]: name.removesuffix("-id")
        for name in posted
        if name.startswith(f"{PREFIX}-") and name.endswith("-id")
    }
    guarded = connection.mappings.filter(active=True, canonical__in=GUARDED).values_list("pk", flat=True)
    return any(str(pk) in rows and not posted.get(f"{rows[str(pk)]}-active") for pk in guarded)


def offered(connection: CrmConnection) -> list[tuple[str, str]]:
    """Properties that a line can name, as (name, what it takes); [] before they were read."""
    rules = rules_of(connection) if connection.pk else None
    if rules is None:
        return []
    own = (rules.names.key, rules.names.shared_email)
    return [
        (name, in_words(each))
        for name, each in sorted(rules.definitions.items())
        if not each.archived and not each.read_only and name not in own
    ]


def _line_of(form: Any) -> MappingLine:
    data = form.cleaned_data
    return MappingLine(data["canonical"], data["property"], data.get("values") or {})


class MappingsFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    """A line is judged when it is new or another: what stands there already holds up no change of another line."""

    there = PropertiesThere()

    @cached_property
    def rules(self) -> CrmRules | None:
        return rules_of(self.instance) if self.instance.pk else None

    @cached_property
    def says(self) -> Mapping[str, str]:
        definitions = self.rules.definitions if self.rules else dict[str, PropertyDefinition]()
        return {name: in_words(each) for name, each in definitions.items()}

    def warnings(self, leads: QuerySet[Lead]) -> list[str]:
        """What was saved all the same; `leads` are those whose values may be named."""
        return [
            f"{form.instance}: {words}"
            for form in self._judged()
            for words in (
                *(each.words for each in self.troubles(form) if not each.refused),
                words_of_leads.warning(self.rules, _line_of(form), leads) if self.rules else "",
            )
            if words
        ]

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["property"].widget = PropertyWidget(self.says)

    def troubles(self, form: Any) -> list[MappingTrouble]:
        return list(self.rules.troubles(_line_of(form))) if self.rules else []

    def save_existing(self, form: Any, obj: Any, commit: bool = True) -> Any:
        """Under the lock of the line: the last of two who translate at one moment keeps the other's words."""
        now = FieldMapping.objects.select_for_update(no_key=True).get(pk=obj.pk).values
        obj.values = translations.merged(form.stood, obj.values, now)
        return super().save_existing(form, obj, commit=commit)

    def clean(self) -> None:
        super().clean()
        taken = dict[str, Any]()
        for form in self.forms:
            if form.is_valid() and form.cleaned_data and not form.cleaned_data.get("DELETE"):
                for check in (self._check_property, self._check_rules, self._check_guarded):
                    if not form.errors:
                        check(form)
                if not form.errors:
                    self._check_twice(form, taken)

    def _check_rules(self, form: Any) -> None:
        found = self.troubles(form) if form in self._judged() else []
        if refused := next((each for each in found if each.refused), None):
            form.add_error(refused.field, refused.words)

    def _judged(self) -> list[Any]:
        told = {"canonical", "property", "values", "active"}
        return [
            form
            for form in self.forms
            if form.is_valid()
            and form.cleaned_data.get("active")
            and not form.cleaned_data.get("DELETE")
            and told.intersection(form.changed_data)
        ]

    def _check_property(self, form: Any) -> None:
        name, found = form.cleaned_data.get("property", ""), connector_class(self.instance.kind)
        if self.there.names is None or found is None or not form.cleaned_data.get("active"):
            return
        if form.has_changed() and name not in self.there.names and not found.names.is_ours(name):
            hint = did_you_mean(name, self.there.names) or " Make it there first, or choose another."
            form.add_error("property", f"{found.label} has no property “{name}”.{hint}")

    def _check_twice(self, form: Any, taken: dict[str, Any]) -> None:
        """Of two lines that fill one property the last one would win."""
        data = form.cleaned_data
        if not data.get("active"):
            return
        first = taken.setdefault(data["property"], form)
        changed = {"property", "active"}.intersection((*form.changed_data, *first.changed_data))
        if first is not form and changed:
            other = label(first.cleaned_data["canonical"])
            form.add_error("property", f"“{other}” is written to “{data['property']}” already.")

    def _check_guarded(self, form: Any) -> None:
        row = form.instance
        was = form.initial.get("canonical") if row.pk and form.initial.get("active") else ""
        keeps = form.cleaned_data.get("active") and form.cleaned_data.get("canonical") == was
        if was in GUARDED and not keeps and not self.data.get(ANYWAY):
            form.add_error(
                "active",
                f"{GUARDED[was]} Tick “{ANYWAY_LABEL}” at the top and save again if that is what you want.",
            )


class MappingsInline(PartOfItsPage, TabularInline):
    model = FieldMapping
    form = MappingForm
    formset = MappingsFormSet
    fields = ["canonical", "property", "mode", "values", "active", "position"]
    ordering_field: str | None = "position"
    hide_ordering_field = True
    extra = 0
    tab = True
    verbose_name_plural = "Mappings"
    readonly_fields = ["translations"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if self.has_change_permission(request, obj):
            return self.fields
        # Nor is there an order to drag: the handle goes with the field.
        return ["translations" if name == "values" else name for name in self.fields if name != "position"]

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        if not self.has_change_permission(request, obj):
            self.ordering_field = None
        # A class of this request's own.
        formset = super().get_formset(request, obj, **kwargs)
        formset.there = getattr(request, "properties_there", PropertiesThere())
        return formset

    @display(description="Translations", empty_value="–")
    def translations(self, row: FieldMapping) -> str | None:
        return translations.in_words(row.values) or None
