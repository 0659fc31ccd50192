"""One line of the mapping as a form."""

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from crm_sync.admin import translations
from crm_sync.admin.translations import TranslationsField
from crm_sync.models import FieldMapping
from crm_sync.outbound.combining import FIRST, JOIN
from crm_sync.outbound.crm_fields import CRM_FIELDS, is_moment
from crm_sync.outbound.crm_fields import label as label_of
from intake.canonical import CANONICAL_FIELDS
from routing.models import WorkCalendar

# The id of the list that all lines share.
PROPERTIES_LIST = "crm-properties"
# Between joined values: what people choose from.
_SEPARATORS = {"blank": " ", "comma": ", ", "semicolon": ";", "line": "\n"}
_TOGETHER = [
    ("", "Alone"),
    (FIRST, "First that is not empty"),
    (f"{JOIN}-blank", "Joined by blanks"),
    (f"{JOIN}-comma", "Joined by commas"),
    (f"{JOIN}-semicolon", "Joined by ;"),
    (f"{JOIN}-line", "Joined by new lines"),
]
_OWN = f"{JOIN}-own"


class PropertyWidget(UnfoldAdminTextInputWidget):
    """Offers the properties that can be written by name and label, and says under a line what its own one takes."""

    template_name = "crm_sync/property_input.html"

    def __init__(self, says: Mapping[str, str], attrs: Mapping[str, str] | None = None) -> None:
        super().__init__(attrs={"list": PROPERTIES_LIST, "autocomplete": "off", **(attrs or {})})
        self.says = says

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        return context | {"says": self.says.get(str(value or "").strip(), "")}


def _as_chosen(line: FieldMapping) -> str:
    """ "routed_at", or "routed_at|day|Europe/Berlin" for the day in a zone."""
    return "|".join((line.canonical, line.transform, line.zone)) if line.transform else line.canonical


def _read(chosen: str) -> tuple[str, str, str]:
    """Field, transform and zone."""
    name, transform, zone = parts if len(parts := chosen.split("|")) == 3 else (chosen, "", "")
    return (name, transform, zone) if is_moment(name) else (chosen, "", "")


def zones_of_calendars() -> list[str]:
    return ["", *sorted(set(WorkCalendar.objects.values_list("timezone", flat=True)) - {"", "UTC"})]


def _fields(chosen: str, zones: Sequence[str]) -> list[tuple[str, Any]]:
    """What a line can send. A moment also as its day, in each of the zones."""
    ours = [(field.name, field.label) for field in CRM_FIELDS]
    said = [(field.name, field.label) for field in CANONICAL_FIELDS.values()]
    days = [
        (f"{name}|{FieldMapping.Transform.DAY}|{zone}", f"{label} (day, {zone or 'UTC'})")
        for name, label in (*ours, *said)
        if is_moment(name)
        for zone in zones
    ]
    name, day, zone = _read(chosen)
    known = {each for each, _ in (*ours, *said, *days)}
    if day and chosen not in known and zone in available_timezones():
        days.append((chosen, f"{label_of(name)} (day, {zone})"))
    return [
        ("", "Choose…"),
        ("What leadops knows", ours),
        ("What the person said", said),
        ("Days of moments", days),
        ("Extra values", [(chosen, chosen)] if chosen and not day and chosen not in known else []),
    ]


class MappingForm(forms.ModelForm):  # type: ignore[type-arg]
    canonical = forms.ChoiceField(label="Our field", widget=UnfoldAdminSelectWidget())
    combine = forms.ChoiceField(
        label="With others", choices=_TOGETHER, required=False, widget=UnfoldAdminSelectWidget()
    )
    values = TranslationsField(label="Look-up (ours=theirs)", required=False)
    # What stood there when the form was judged.
    stood: Mapping[str, str]

    class Meta:
        model = FieldMapping
        fields = ["canonical", "property", "mode", "values", "default", "combine", "active"]
        labels = {"default": "If the lead has none"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["canonical"] = _as_chosen(self.instance)
        together = self.fields["combine"]
        assert isinstance(together, forms.ChoiceField)
        self.initial["combine"] = self._said()
        if self.initial["combine"] == _OWN:
            together.choices = [*_TOGETHER, (_OWN, f"Joined by “{self.instance.separator}”")]

    def _said(self) -> str:
        if self.instance.combine != JOIN:
            return str(self.instance.combine)
        own = self.instance.separator
        name = next((name for name, separator in _SEPARATORS.items() if separator == own), "")
        return f"{JOIN}-{name}" if name else _OWN

    def offer(self, zones: Sequence[str]) -> None:
        """The fields to choose from; `zones` are those whose days are offered."""
        chosen = str(self.initial["canonical"] or self.data.get(self.add_prefix("canonical"), ""))
        canonical = self.fields["canonical"]
        assert isinstance(canonical, forms.ChoiceField)
        canonical.choices = _fields(chosen, zones)

    def clean_canonical(self) -> str:
        canonical, self.instance.transform, self.instance.zone = _read(self.cleaned_data["canonical"])
        return canonical

    def clean_combine(self) -> str:
        how, _, name = str(self.cleaned_data["combine"]).partition("-")
        if how != JOIN:
            self.instance.separator = ""
        elif name in _SEPARATORS:
            self.instance.separator = _SEPARATORS[name]
        return how

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
