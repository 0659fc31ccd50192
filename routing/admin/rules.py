"""Rules: who gets what. First match wins, top to bottom; the name is the reason that a lead shows."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Case, Value, When
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter
from unfold.decorators import display
from unfold.views import ChangeList

from plumbing.admin_kit.filters import TheirsDropdownFilter
from routing.admin.conditions import ConditionField, in_words
from routing.admin.drafts import DraftPage
from routing.engine.order import ORDER
from routing.models import Queue, RoutingRule
from routing.rotations import rotation_stats
from routing.rotations.rotation_stats import Duty

_ACCOUNT_OWNER = RoutingRule.TargetKind.ACCOUNT_OWNER
_TARGETS = {
    RoutingRule.TargetKind.ROTATION: "target_rotation",
    RoutingRule.TargetKind.QUEUE: "target_queue",
    RoutingRule.TargetKind.OWNER: "target_owner",
}


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    when = ConditionField(
        label="If",
        always="Every lead that no rule above has taken.",
        help_text="Text is compared without case. Several values mean one of these. "
        "A territory includes the territories inside it.",
    )

    class Meta:
        model = RoutingRule
        fields = [
            "name",
            "when",
            "target_kind",
            "target_rotation",
            "target_queue",
            "target_owner",
            "active",
        ]
        labels = {"target_kind": "Then send to"}
        help_texts = {
            "name": "Stands as the reason on every lead that this rule sends: “DACH”, “Partner”.",
            "target_kind": "The account's owner: whoever owns the named account that the lead belongs to.",
            "active": "Off: the rule stays here and takes no leads.",
        }

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        kind = cleaned.get("target_kind")
        for of_kind, name in _TARGETS.items():
            if of_kind != kind:
                cleaned[name] = None
            elif cleaned.get(name) is None and name not in self.errors:
                label = RoutingRule.TargetKind(of_kind).label.lower()
                self.add_error(name, ValidationError(f"Choose the {label} that gets these leads."))
            elif name in cleaned and not cleaned[name].active:
                self.add_error(name, ValidationError(f"{cleaned[name]} is not active: choose another one."))
        return cleaned


class RuleChangeList(ChangeList):
    """Each row learns how many people are there now: one set of queries for the whole list."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rotations = {rule.target_rotation_id for rule in self.result_list if rule.target_rotation_id}
        duty = rotation_stats.duty_by_rotation(rotations, now=timezone.now())
        for rule in self.result_list:
            rule.duty = duty.get(rule.target_rotation_id)


@admin.register(RoutingRule)
class RulePage(DraftPage):
    form = RuleForm
    list_display = ["sentence", "active"]
    list_display_links = ["sentence"]
    list_editable = ["active"]
    list_filter = [
        ("target_kind", ChoicesDropdownFilter),
        ("target_rotation", TheirsDropdownFilter),
        ("active", BooleanRadioFilter),
    ]
    list_select_related = ["target_rotation", "target_queue", "target_owner"]
    list_per_page = 200
    search_fields = ["name", "target_rotation__name", "target_queue__name", "target_owner__name"]
    autocomplete_fields = ["target_rotation", "target_queue", "target_owner"]
    actions = ["switch_on", "switch_off"]
    conditional_fields = {name: f"target_kind == '{kind.value}'" for kind, name in _TARGETS.items()}
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "name",
                    "when",
                    "target_kind",
                    "target_rotation",
                    "target_queue",
                    "target_owner",
                    "active",
                ]
            },
        ),
    ]
    list_before_template = "routing/rule_order.html"
    empty_icon = "alt_route"
    empty_title = "No rules yet"
    empty_text = (
        "A rule says who gets which leads: “If country is DE, AT or CH → DACH round robin”. "
        "Until there is one, every lead goes to the fallback queue."
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return RuleChangeList

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """Rules for account owners are asked before the others, so they stand before them."""
        return [Case(When(target_kind=_ACCOUNT_OWNER, then=Value(0)), default=Value(1)), "position", "pk"]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        fallback = Queue.objects.filter(fallback=True, active=True).first()
        order = {"deciding": ORDER, "fallback": fallback}
        return super().changelist_view(request, {**(extra_context or {}), **order})

    def summary(self, request: HttpRequest, row: RoutingRule) -> Mapping[str, Any]:
        return {"answer": sentence_of(row)}

    @display(description="Rule", ordering="position")
    def sentence(self, rule: Any) -> str:
        duty: Duty | None = getattr(rule, "duty", None)
        there = ""
        if duty is not None:
            tone = "success" if duty.on_duty else "warning"
            there = format_html(
                ' <span class="lo-badge lo-{}">{} of {} on duty</span>', tone, duty.on_duty, duty.members
            )
        if rule.target_kind == _ACCOUNT_OWNER:
            there = format_html(' <span class="{}">asked before the other rules</span>', "lo-badge")
        return format_html(
            '<span class="lo-rule"><b>{}</b><span class="lo-rule-say">{} '
            '<span class="lo-arrow" aria-label="then">→</span> <b>{}</b>{}</span></span>',
            rule.name,
            if_of(rule),
            target_of(rule),
            there,
        )

    @admin.action(description="Switch on", permissions=["change"])
    def switch_on(self, request: HttpRequest, rules: Any) -> None:
        self._switch(request, rules, active=True)

    @admin.action(description="Switch off", permissions=["change"])
    def switch_off(self, request: HttpRequest, rules: Any) -> None:
        self._switch(request, rules, active=False)

    def _switch(self, request: HttpRequest, rules: Any, *, active: bool) -> None:
        for rule in rules.exclude(active=active):
            rule.active = active
            rule._history_user = request.user
            rule.save()
        self._remind(request)


def sentence_of(rule: RoutingRule) -> str:
    """ "If country is DE, AT or CH → DACH round robin" """
    return f"{if_of(rule)} → {target_of(rule)}"


def if_of(rule: RoutingRule) -> str:
    return f"If {in_words(rule.when)}" if rule.when else "Every lead"


def target_of(rule: RoutingRule) -> str:
    if rule.target_kind == RoutingRule.TargetKind.ACCOUNT_OWNER:
        return "the account's owner"
    name = _TARGETS[RoutingRule.TargetKind(rule.target_kind)]
    return str(getattr(rule, name) or "nobody yet")
