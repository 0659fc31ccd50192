"""The lines of a connection: our field, its property in the CRM.

A line is checked when it is saved: a slip in a name would be found only by the leads that arrive without the value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from unfold.admin import TabularInline
from unfold.decorators import display

from crm_sync.admin import translations
from crm_sync.admin.mapping_line import MappingForm, PropertyWidget, zones_of_calendars
from crm_sync.connectors import can, connector_class
from crm_sync.connectors.base import SetupProblem
from crm_sync.connectors.definitions import PropertyDefinition
from crm_sync.models import CrmConnection, FieldMapping
from crm_sync.outbound import lines_together, words_of_leads
from crm_sync.outbound.crm_fields import OWNER
from crm_sync.outbound.drift import rules_of
from crm_sync.outbound.lines_together import WhoDecides
from crm_sync.outbound.mapping_rules import CrmRules, MappingLine, MappingTrouble, in_words
from crm_sync.schema import reading
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
ANYWAY = "switch_off_anyway"
ANYWAY_LABEL = "Switch off the e-mail or owner line all the same"


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
    if (
        found is None
        or not found.can.properties
        or all(not name or found.names.is_ours(name) for name in typed - stored)
    ):
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
    return [
        (name, in_words(each))
        for name, each in sorted(rules.definitions.items())
        if not each.archived and not each.read_only and name not in rules.names.filled_by_us
    ]


def _line_of(form: Any) -> MappingLine:
    data = form.cleaned_data
    return MappingLine(
        data["canonical"],
        data["property"],
        data.get("values") or {},
        mode=data.get("mode") or form.instance.mode,
        combine=data["combine"],
        separator=form.instance.separator,
        transform=form.instance.transform,
        zone=form.instance.zone,
        default=data.get("default") or "",
    )


class MappingsFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    """A line is judged when it is new or another: what stands there already holds up no change of another line."""

    there = PropertiesThere()

    @cached_property
    def rules(self) -> CrmRules | None:
        return rules_of(self.instance) if self.instance.pk else None

    @cached_property
    def zones(self) -> list[str]:
        return zones_of_calendars()

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
                self._of_leads(form, leads),
            )
            if words
        ]

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["property"].widget = PropertyWidget(self.says)
        form.offer(self.zones)

    def _of_leads(self, form: Any, leads: QuerySet[Lead]) -> str:
        lines = {id(each): _line_of(each) for each in self._of_property(form)}
        return (
            words_of_leads.warning(self.rules, lines[id(form)], leads, lines=[*lines.values()])
            if self.rules
            else ""
        )

    def _active(self) -> list[Any]:
        """In the order in which they will stand."""
        found = [
            form
            for form in self.forms
            if form.is_valid() and form.cleaned_data.get("active") and not form.cleaned_data.get("DELETE")
        ]
        return sorted(found, key=lambda form: form.cleaned_data.get("position") or 0)

    def _of_property(self, form: Any) -> list[Any]:
        name = form.cleaned_data["property"]
        return [each for each in self._active() if each.cleaned_data["property"] == name]

    def troubles(self, form: Any) -> list[MappingTrouble]:
        if not self.rules:
            return []
        beside = [_line_of(each) for each in self._of_property(form) if each is not form]
        return list(self.rules.troubles(_line_of(form), beside=beside))

    def save_existing(self, form: Any, obj: Any, commit: bool = True) -> Any:
        """Under the lock of the line: the last of two who translate at one moment keeps the other's words."""
        now = FieldMapping.objects.select_for_update(no_key=True).get(pk=obj.pk).values
        obj.values = translations.merged(form.stood, obj.values, now)
        return super().save_existing(form, obj, commit=commit)

    def clean(self) -> None:
        super().clean()
        for form in self.forms:
            if form.is_valid() and form.cleaned_data and not form.cleaned_data.get("DELETE"):
                for check in (self._check_property, self._check_rules, self._check_guarded):
                    if not form.errors:
                        check(form)
        self._check_together()

    def _check_rules(self, form: Any) -> None:
        found = self.troubles(form) if form in self._judged() else []
        if refused := next((each for each in found if each.refused), None):
            form.add_error(refused.field, refused.words)

    def _judged(self) -> list[Any]:
        told = {"canonical", "property", "values", "default", "combine", "active"}
        return [form for form in self._active() if told.intersection(form.changed_data)]

    def _check_property(self, form: Any) -> None:
        name, found = form.cleaned_data.get("property", ""), connector_class(self.instance.kind)
        if self.there.names is None or found is None or not form.cleaned_data.get("active"):
            return
        if form.has_changed() and name not in self.there.names and not found.names.is_ours(name):
            hint = did_you_mean(name, self.there.names) or " Make it there first, or choose another."
            form.add_error("property", f"{found.label} has no property “{name}”.{hint}")

    def _check_together(self) -> None:
        """At the lines that were changed; what is said under “Who decides” may speak against any."""
        who = WhoDecides(self.instance.system_of_record, self.instance.ownership)
        forms = {id(line): (line, form) for form in self._active() for line in [_line_of(form)]}
        told = {"property", "mode", "default", "combine", "active"}
        for line, trouble in lines_together.troubles([line for line, _ in forms.values()], who):
            _, form = forms[id(line)]
            is_new = trouble.field == "canonical" or told.intersection(form.changed_data)
            if is_new and not form.errors:
                form.add_error(trouble.field, trouble.words)

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
    fields = ["canonical", "property", "mode", "values", "default", "combine", "active", "position"]
    ordering_field: str | None = "position"
    hide_ordering_field = True
    extra = 0
    tab = True
    verbose_name_plural = "Mappings"
    readonly_fields = ["translations"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if self.has_change_permission(request, obj):
            # Where it is told, a field is told as it is by then.
            return [name for name in self.fields if name != "mode" or obj is None or can(obj.kind).reads]
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
