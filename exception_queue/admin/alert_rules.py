"""Alerts: who hears of exceptions, and how often."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from exception_queue import alerts, kinds
from exception_queue.models import AlertNotice, AlertRule
from plumbing.admin_kit.form_fields import ADDRESSES_HELP, AddressesForm, LinesField
from plumbing.admin_kit.moments import moment
from plumbing.admin_kit.pages import Page

SHOWN_NOTICES = 10


class AlertRuleForm(AddressesForm):
    notify = LinesField(
        help_text=ADDRESSES_HELP,
    )
    kinds = forms.MultipleChoiceField(
        label="Kinds",
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text="Tick none to be told about every kind that is bad enough.",
    )

    class Meta:
        model = AlertRule
        fields = [
            "name",
            "active",
            "notify",
            "min_severity",
            "kinds",
            "threshold",
            "window_minutes",
            "quiet_minutes",
        ]
        labels = {
            "min_severity": "How bad",
            "threshold": "Tell from",
            "window_minutes": "Within minutes",
            "quiet_minutes": "Then quiet for minutes",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        listed = sorted(kinds.all_kinds(), key=lambda kind: (kind.rank, kind.title))
        field = self.fields["kinds"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(kind.key, f"{kind.title} ({kind.severity})") for kind in listed]


@admin.register(AlertRule)
class AlertRulePage(Page):
    form = AlertRuleForm
    list_display = ["name", "who", "about", "how_bad", "last_notified", "active"]
    list_display_links = ["name"]
    search_fields = ["name"]
    warn_unsaved_form = True
    conditional_fields = {"window_minutes": "threshold > 1"}
    change_form_before_template = "exception_queue/alert_summary.html"
    list_before_template = "exception_queue/unheard.html"
    fieldsets = [
        (None, {"fields": ["name", "active", "notify"]}),
        ("About what", {"fields": ["min_severity", "kinds"]}),
        ("How often", {"fields": ["threshold", "window_minutes", "quiet_minutes"]}),
    ]
    empty_icon = "notifications_off"
    empty_title = "Nobody hears of exceptions"
    empty_text = "Add a rule, and a person is told by e-mail or chat as soon as something needs one."

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        has_rules = AlertRule.objects.filter(active=True).exists()
        more = {"unheard": alerts.kinds_nobody_hears() if has_rules else []}
        return super().changelist_view(request, {**more, **(extra_context or {})})

    def summary(self, request: HttpRequest, row: AlertRule) -> Mapping[str, Any]:
        return {
            "covered": [kinds.described(key) for key in row.covered_kinds],
            "notices": AlertNotice.objects.filter(rule=row).order_by("-created_at")[:SHOWN_NOTICES],
        }

    @display(description="Tells")
    def who(self, rule: AlertRule) -> str:
        return ", ".join(address.removeprefix("mailto:") for address in rule.notify)

    @display(description="About")
    def about(self, rule: AlertRule) -> str:
        if not rule.kinds:
            return "Every kind"
        titles = [kinds.described(key).title for key in rule.kinds]
        return ", ".join(titles[:2]) + (f" and {len(titles) - 2} more" if len(titles) > 2 else "")

    @display(description="How bad", ordering="min_severity")
    def how_bad(self, rule: AlertRule) -> str:
        return rule.get_min_severity_display()

    @display(description="Last told")
    def last_notified(self, rule: AlertRule) -> str:
        return moment(rule.last_sent_at, "ago") if rule.last_sent_at else "never"
