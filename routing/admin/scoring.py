"""Scoring: points with reasons, and what disqualifies."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter
from unfold.decorators import display

from routing.admin.conditions import ConditionField, in_words
from routing.admin.drafts import DraftPage
from routing.models import ScoringRule


class ScoringForm(forms.ModelForm):  # type: ignore[type-arg]
    when = ConditionField(label="If")

    class Meta:
        model = ScoringRule
        fields = ["label", "effect", "category", "points", "when", "active"]
        labels = {"effect": "Then it"}
        help_texts = {
            "label": "Stands on the lead as the reason: “Asked for a demo +45”.",
            "points": "May be less than 0.",
            "category": "Groups reasons, as fit, intent or quality; settings can cap what a category adds up to.",
        }

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("effect") == ScoringRule.Effect.DISQUALIFY:
            cleaned["points"] = 0
        elif cleaned.get("points") == 0:
            self.add_error("points", "0 points change nothing: give more or less than 0.")
        return cleaned


@admin.register(ScoringRule)
class ScoringPage(DraftPage):
    form = ScoringForm
    list_display = ["label_says", "worth", "category", "active"]
    list_display_links = ["label_says"]
    list_editable = ["active"]
    list_filter = [("effect", ChoicesDropdownFilter), ("active", BooleanRadioFilter)]
    search_fields = ["label", "category"]
    list_per_page = 200
    conditional_fields = {"points": "effect == 'points'", "category": "effect == 'points'"}
    fieldsets = [
        (None, {"fields": ["label", "when", "effect", "points", "category", "active"]}),
    ]
    empty_icon = "speed"
    empty_title = "No scoring yet"
    empty_text = (
        "Points make leads hot, warm or cold: “Asked for a demo” +45. Without any, every lead is cold."
    )

    def summary(self, request: HttpRequest, row: ScoringRule) -> Mapping[str, Any]:
        return {"answer": f"If {in_words(row.when)}: {worth_of(row)}"}

    @display(description="Reason", header=True, ordering="position")
    def label_says(self, row: ScoringRule) -> list[str]:
        return [row.label, f"If {in_words(row.when)}"]

    @display(
        description="Worth", ordering="points", label={"adds": "success", "takes": "warning", "out": "danger"}
    )
    def worth(self, row: ScoringRule) -> tuple[str, str]:
        if row.effect == ScoringRule.Effect.DISQUALIFY:
            return "out", "disqualifies"
        return ("adds" if row.points > 0 else "takes"), f"{row.points:+d}"


def worth_of(row: ScoringRule) -> str:
    return "disqualified" if row.effect == ScoringRule.Effect.DISQUALIFY else f"{row.points:+d} points"
