"""The page of a form: where to post, what came in, how names are read."""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count, Max, Q, QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import truncatechars
from django.urls import reverse
from django.utils import timezone
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
)

from intake.canonical import CANONICAL_FIELDS
from intake.models import IntakeForm, Submission
from intake.vendors.registry import VENDORS
from plumbing import access
from plumbing.admin_kit.form_fields import LinesField, PartsForm, SecretsForm
from plumbing.admin_kit.moments import moment
from plumbing.admin_kit.pages import ConfigurationPage
from plumbing.admin_kit.rows import PairsField
from plumbing.readable import readable

FIELD_CHOICES = [(field.name, field.label) for field in CANONICAL_FIELDS.values()]
RECENT = 5


def _limit(label: str, help_text: str = "") -> forms.IntegerField:
    return forms.IntegerField(
        label=label, required=False, min_value=1, widget=UnfoldAdminIntegerFieldWidget(), help_text=help_text
    )


class IntakeFormForm(SecretsForm, PartsForm):
    secret_fields = ("secret", "token")
    variable_fields = ("secret_env",)
    json_parts = {
        "throttle": {"per_form": "throttle_per_form", "per_ip": "throttle_per_ip"},
        "velocity": {"per_ip": "velocity_per_ip", "per_email": "velocity_per_email"},
    }

    vendor = forms.ChoiceField(
        label="Sent by",
        choices=[(key, vendor.title) for key, vendor in VENDORS.items()],
        initial="generic",
        widget=UnfoldAdminSelectWidget(),
        help_text="Decides how the body is read and how it is signed.",
    )
    required = forms.MultipleChoiceField(
        label="Must be filled in",
        choices=FIELD_CHOICES,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text="A submission without one of these is invalid; the choice above says what happens then.",
    )
    allowed_origins = LinesField(
        required=False,
        help_text="Websites that may post this form from a browser, one a line: https://www.example.com. "
        "Another website's visitors are refused; requests from servers carry no origin and pass.",
    )
    field_map = PairsField(
        left="Name in the form",
        right="Our field",
        right_choices=FIELD_CHOICES,
        help_text="A name, a label or a path such as data.fields[label=Email].value. "
        "Names that are ours already (email, company, …) need no row; all others are kept as extra values.",
    )
    defaults = PairsField(
        label="When the form says nothing",
        left="Our field",
        right="Value",
        left_choices=FIELD_CHOICES,
        help_text="For example intent = demo_request for a form that is only about demos.",
    )
    throttle_per_form = _limit("At most per minute", "For all visitors together; empty: 20,000.")
    throttle_per_ip = _limit("At most per minute and visitor", "By address; empty: 20,000.")
    velocity_per_ip = _limit("Spam from", "Submissions per hour from one address; empty: no limit.")
    velocity_per_email = _limit("or from", "Submissions per hour with one e-mail; empty: no limit.")

    class Meta:
        model = IntakeForm
        # A thank-you mail that a configuration file asks for is kept; none is sent yet, so none is offered here.
        exclude = ["throttle", "velocity", "confirmation_email"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "kind" in self.fields:
            # That of a CRM is made by its connection, which finds it by its key.
            of_crm = self.instance.kind == IntakeForm.Kind.CRM
            self.fields["key"].disabled = of_crm
            field = self.fields["kind"]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [
                choice for choice in IntakeForm.Kind.choices if (choice[0] == IntakeForm.Kind.CRM) is of_crm
            ]

    def clean_allowed_origins(self) -> list[str]:
        origins: list[str] = [origin.rstrip("/") for origin in self.cleaned_data["allowed_origins"]]
        for origin in origins:
            if not re.fullmatch(r"https?://[^/\s]+", origin):
                raise ValidationError(
                    f"“{origin}” is not a website's origin: write it like https://www.example.com."
                )
        return origins


_OF_A_CRM = (
    (None, {"fields": ["name", "key", "kind", "purpose", "active"]}),
    ("Reading", {"classes": ["tab"], "fields": ["field_map", "defaults"]}),
    ("Accepting", {"classes": ["tab"], "fields": ["required"]}),
)


@admin.register(IntakeForm)
class IntakeFormPage(ConfigurationPage):
    form = IntakeFormForm
    list_display = ["title", "kind_label", "purpose_label", "sent_by", "today", "last_seen", "on"]
    list_filter = [
        ("kind", ChoicesDropdownFilter),
        ("purpose", ChoicesDropdownFilter),
        ("vendor", ChoicesDropdownFilter),
        ("active", BooleanRadioFilter),
    ]
    search_fields = ["name", "key"]
    prepopulated_fields = {"key": ["name"]}
    change_form_outer_before_template = "intake/form_summary.html"
    empty_icon = "dynamic_form"
    empty_title = "No forms yet"
    empty_text = (
        "A form is an address that a website or another program posts to. "
        "Add one, and its page shows the line to paste."
    )
    conditional_fields = {
        "allowed_origins": "kind == 'public'",
        "honeypot": "kind == 'public'",
        "thank_you_url": "kind == 'public'",
        "secret": "kind == 'webhook'",
        "secret_env": "kind == 'webhook'",
        "token": "kind == 'webhook'",
    }
    fieldsets = [
        (None, {"fields": ["name", "key", ("kind", "vendor"), "purpose", "active"]}),
        ("Reading", {"classes": ["tab"], "fields": ["field_map", "defaults"]}),
        ("Accepting", {"classes": ["tab"], "fields": [
            "on_invalid", "required", "allowed_origins", "honeypot"]}),
        ("Signature", {"classes": ["tab"], "fields": ["secret", "secret_env", "token"]}),
        ("Answering", {"classes": ["tab"], "fields": ["success_status", "thank_you_url"]}),
        ("Limits", {"classes": ["tab"], "fields": [
            ("throttle_per_form", "throttle_per_ip"), ("velocity_per_ip", "velocity_per_email")]}),
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[IntakeForm]:
        since = timezone.now() - timedelta(days=1)
        rows: QuerySet[IntakeForm] = super().get_queryset(request)
        return rows.annotate(
            received=Count("submissions", filter=Q(submissions__received_at__gte=since)),
            held=Count("submissions", filter=Q(submissions__status=Submission.Status.HELD)),
            latest=Max("submissions__received_at"),
        )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Nobody posts to the form of a CRM: how it is signed, answered and limited is nobody's question."""
        fieldsets = super().get_fieldsets(request, obj)
        return _OF_A_CRM if obj is not None and obj.kind == IntakeForm.Kind.CRM else fieldsets

    def summary(self, request: HttpRequest, row: IntakeForm) -> Mapping[str, Any]:
        came = access.rows_for(request.user, row.submissions.all())
        recent = list(came.select_related("lead").order_by("-received_at")[:RECENT])
        posts = row.kind != IntakeForm.Kind.CRM
        return {
            "shown": True,
            "address": address_of(row) if posts else "",
            "curl": curl_of(row) if posts else "",
            "html": html_of(row) if row.kind == IntakeForm.Kind.PUBLIC else "",
            "recent": [_seen(submission) for submission in recent],
            "unmapped": sorted(
                {
                    truncatechars(readable(name), 80)
                    for submission in recent
                    for name in submission.extra
                    if name not in row.field_map
                }
            ),
            "all_submissions": f"{reverse('admin:intake_submission_changelist')}?form__id__exact={row.pk}",
        }

    @display(description="Form", header=True, ordering="name")
    def title(self, row: IntakeForm) -> list[str]:
        return [row.name, row.key]

    @display(
        description="Kind",
        ordering="kind",
        label={"Public form": "info", "Webhook": "primary", "CRM": "default"},
    )
    def kind_label(self, row: IntakeForm) -> str:
        return {IntakeForm.Kind.PUBLIC: "Public form", IntakeForm.Kind.WEBHOOK: "Webhook"}.get(
            IntakeForm.Kind(row.kind), "CRM"
        )

    @display(description="For", ordering="purpose")
    def purpose_label(self, row: IntakeForm) -> str:
        return row.get_purpose_display()

    @display(description="Sent by", ordering="vendor")
    def sent_by(self, row: IntakeForm) -> str:
        if row.kind == IntakeForm.Kind.CRM:
            return f"connection {row.key}"
        vendor = VENDORS.get(row.vendor)
        return vendor.title if vendor else row.vendor

    @display(description="Last 24 hours", ordering="received")
    def today(self, row: Any) -> str:
        return f"{row.received} received" + (f", {row.held} held" if row.held else "")

    @display(description="Last one", ordering="latest", empty_value="never")
    def last_seen(self, row: Any) -> str | None:
        return moment(row.latest, "ago") if row.latest else None

    @display(description="Active", boolean=True, ordering="active")
    def on(self, row: IntakeForm) -> bool:
        return row.active


def address_of(row: IntakeForm) -> str:
    return f"{settings.LEADOPS_PUBLIC_URL}/api/v1/forms/{row.key}/submissions"


def curl_of(row: IntakeForm) -> str:
    sample = {"email": "jana@example.com", "first_name": "Jana", "company": "Example Works", "country": "DE"}
    token = "" if row.kind == IntakeForm.Kind.PUBLIC else " -H 'Authorization: Bearer <token>'"
    return f"curl {address_of(row)}{token} -H 'Content-Type: application/json' -d '{json.dumps(sample)}'"


def html_of(row: IntakeForm) -> str:
    trap = (
        f'  <input name="{row.honeypot}" tabindex="-1" autocomplete="off"'
        ' style="position:absolute;left:-9999px">\n'
        if row.honeypot
        else ""
    )
    return (
        f'<form method="post" action="{address_of(row)}">\n'
        '  <input name="email" type="email" required placeholder="E-mail">\n'
        '  <input name="full_name" placeholder="Name">\n'
        '  <input name="company" placeholder="Company">\n'
        f"{trap}"
        "  <button>Send</button>\n"
        "</form>"
    )


def _seen(submission: Submission) -> dict[str, Any]:
    return {
        "url": reverse("admin:intake_submission_change", args=(submission.pk,)),
        "at": submission.received_at,
        "status": submission.get_status_display(),
        "tone": TONES.get(Submission.Status(submission.status), "info"),
        "lead": str(submission.lead) if submission.lead else "",
        "body": truncatechars(readable(bytes(submission.body).decode("utf-8", "replace")), 240),
    }


TONES = {
    Submission.Status.HANDED_OFF: "success",
    Submission.Status.HELD: "warning",
    Submission.Status.RETRYING: "warning",
    Submission.Status.REJECTED: "danger",
    Submission.Status.SPAM: "danger",
}
