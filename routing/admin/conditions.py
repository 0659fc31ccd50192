"""The one editor of conditions, for rules, territories, scoring and response times.

The column holds JSON as the engine reads it. The page shows rows of field, operator and value
(routing/static/routing/condition_builder.js); without JavaScript the same JSON as text.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

import pycountry
from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import INPUT_CLASSES, SELECT_CLASSES, TEXTAREA_CLASSES

from intake.models import IntakeForm, Lead
from routing.engine import conditions, operator_words, wording
from routing.engine.conditions import ConditionError
from routing.engine.scoring import SEGMENTS
from routing.models import Territory
from routing.rules.vocabulary import FACTS, LABELS

RECENT_LEADS = 200
"""How many of the newest leads are asked for names of extra values to suggest."""

_ALWAYS = ("is:present", "is:missing")
_OPERATORS: Mapping[str, tuple[str, ...]] = {
    "text": ("in", "not_in", "contains", "starts_with", "has_word", *_ALWAYS),
    "choice": ("in", "not_in", *_ALWAYS),
    "number": ("gte", "lte", "gt", "lt", "between", "eq", "ne", *_ALWAYS),
    "boolean": ("eq:true", "eq:false", "is:missing"),
    "postal": ("in", "not_in", "between", "starts_with", *_ALWAYS),
    "date": ("gte", "lte", "between", *_ALWAYS),
    "account": ("is:named", "is:missing", "in", "not_in"),
}
"""Which comparisons the editor offers for a kind of field, the likeliest first."""


_COLUMN = re.compile(r"(?<!['\w])[a-z]+(?:_[a-z]+)+")


def in_words(condition: Any) -> str:
    """ "country is DE, AT or CH"; "always" for an empty one; says so where it cannot be read."""
    if conditions.check(condition):
        return "a condition that cannot be read"
    return wording.sentence(condition, LABELS)


def vocabulary() -> dict[str, Any]:
    """What the editor offers: fields in groups with their operators, and the values that can be chosen."""
    names = {name for extra in _recent_extras() for name in extra}
    countries = [[country.alpha_2, country.name] for country in pycountry.countries]
    return {
        "fields": [
            {
                "name": fact.name,
                "label": fact.label,
                "words": fact.in_words,
                "kind": fact.kind,
                "group": fact.group,
            }
            for fact in FACTS.values()
        ],
        "operators": {
            kind: [[choice, operator_words.label_of(choice)] for choice in choices]
            for kind, choices in _OPERATORS.items()
        },
        "operator_words": operator_words.table(),
        "choices": {
            "country": countries,
            "phone_country": countries,
            "segment": [[segment, segment] for segment in SEGMENTS],
            "territory": [[name, name] for name in _territories()],
            "form": [[key, name] for key, name in IntakeForm.objects.values_list("key", "name")],
            "purpose": [[value, label] for value, label in IntakeForm.Purpose.choices],
        },
        "extra": sorted(names),
        "deepest": conditions.DEEPEST,
        "classes": {"input": " ".join(INPUT_CLASSES), "select": " ".join(SELECT_CLASSES)},
    }


def _territories() -> list[str]:
    return list(Territory.objects.filter(active=True).values_list("name", flat=True))


def _recent_extras() -> list[dict[str, Any]]:
    return list(Lead.objects.order_by("-created_at").values_list("extra", flat=True)[:RECENT_LEADS])


class ConditionWidget(forms.Textarea):
    template_name = "routing/condition_builder.html"

    class Media:
        js = ("routing/condition_words.js", "routing/condition_builder.js")
        css = {"all": ("routing/condition_builder.css",)}

    def __init__(self) -> None:
        super().__init__({"class": " ".join(TEXTAREA_CLASSES), "rows": 6})
        self.problems: list[ConditionError] = []
        self.always = ""

    def format_value(self, value: Any) -> str:
        try:
            return json.dumps(json.loads(value), ensure_ascii=False, indent=2) if value else "{}"
        except ValueError:
            # What somebody typed as text and is no JSON: it comes back as they typed it.
            return str(value)

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        context["widget"] |= {
            "vocabulary": vocabulary(),
            "vocabulary_id": f"{context['widget']['attrs'].get('id', name)}-vocabulary",
            "always": self.always,
            "problems": json.dumps([{"path": one.path, "message": _said(one)} for one in self.problems]),
        }
        return context


class ConditionField(forms.JSONField):
    """`always` says in words what an empty condition means; None: a condition has to be there."""

    def __init__(self, *, always: str | None = None, **kwargs: Any) -> None:
        kwargs.pop("encoder", None)
        kwargs.pop("decoder", None)
        super().__init__(required=False, widget=ConditionWidget(), **kwargs)
        self.always = always
        self.condition_widget.always = always or ""

    @property
    def condition_widget(self) -> ConditionWidget:
        widget = self.widget
        assert isinstance(widget, ConditionWidget)
        return widget

    def clean(self, value: Any) -> Any:
        condition = super().clean(value) or {}
        if not condition:
            if self.always is None:
                raise ValidationError("Add at least one comparison: it would otherwise hold for every lead.")
            return {}
        problems = conditions.check(condition, FACTS.keys())
        self.condition_widget.problems = problems
        if problems:
            raise ValidationError([_in_place(problem) for problem in problems])
        return condition


def _in_place(problem: ConditionError) -> str:
    """The place as people count: all[1].any[0] is line 2, then line 1 inside it."""
    lines = ".".join(str(int(part) + 1) for part in _indexes(problem.path))
    return f"Line {lines}: {_said(problem)}" if lines else _said(problem)


def _said(problem: ConditionError) -> str:
    """The engine names columns; people know them by their labels."""
    return _COLUMN.sub(lambda found: LABELS.get(found[0], found[0]), problem.message)


def _indexes(path: str) -> list[str]:
    return [part.split("]")[0] for part in path.split("[")[1:]]
