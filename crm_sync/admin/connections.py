"""The page of a connection: is the CRM in step?"""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Min, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from crm_sync.admin.mappings import (
    ANYWAY,
    ANYWAY_LABEL,
    MappingsInline,
    ask_for_properties,
    switches_off_guarded,
)
from crm_sync.admin.modes import ModeActions
from crm_sync.admin.properties import ReadsProperties
from crm_sync.admin.reconciliation import ComparesLeads
from crm_sync.connection import circuit, connection_status
from crm_sync.connection.connecting import may_be_sent
from crm_sync.connectors import CONNECTORS, connector_class, ending, kinds, sends_events, version_of
from crm_sync.models import CrmConnection, OutboxEntry
from crm_sync.reconcile import report
from plumbing import private_addresses
from plumbing.admin_kit.form_fields import PartsForm, SecretsForm, WordsField
from plumbing.admin_kit.moments import moment
from plumbing.admin_kit.pages import ConfigurationPage, to_page
from routing.engine.scoring import SEGMENTS

_MASTERS = (
    ("", "as by default"),
    ("leadops", "leadops"),
    ("crm", "The CRM"),
    ("most_recent", "Whoever wrote last"),
)
# What decides about where a connection's calls go.
_ADDRESS = ("kind", "base_url")
_BADGES = {"short": "Not in step", "ownerless": "Not in step", "observed": "Observed"}
_TONES = {
    "ok": "success",
    "ending": "warning",
    "short": "warning",
    "ownerless": "danger",
    "behind": "warning",
    "down": "danger",
    "auth_lost": "danger",
    "observed": "info",
    "off": "info",
}


class ConnectionForm(SecretsForm, PartsForm):
    kind = forms.ChoiceField(label="CRM", widget=UnfoldAdminSelectWidget())
    api_version = forms.ChoiceField(
        label="Version of its API", required=False, widget=UnfoldAdminSelectWidget()
    )
    secret_fields = ("token", "webhook_secret")
    variable_fields = ("token_env", "webhook_secret_env")
    json_parts = {
        "system_of_record": {
            "owner": "master_owner",
            "lifecycle": "master_lifecycle",
            "default": "master_default",
        },
        "task": {"when": "task_when", "subject": "task_subject"},
    }

    recycled = WordsField(
        label="Recycled statuses",
        required=False,
        help_text="Lead statuses as the CRM writes them, with commas. With “Route anew”: who has one goes to somebody new.",
    )
    switch_off_anyway = forms.BooleanField(
        label=ANYWAY_LABEL, required=False, widget=UnfoldBooleanSwitchWidget()
    )
    master_owner = forms.ChoiceField(
        label="Owner",
        choices=_MASTERS,
        required=False,
        widget=UnfoldAdminSelectWidget(),
        help_text="A person's change of owner in the CRM is always accepted.",
    )
    master_lifecycle = forms.ChoiceField(
        label="Status", choices=_MASTERS, required=False, widget=UnfoldAdminSelectWidget()
    )
    master_default = forms.ChoiceField(
        label="All other fields",
        choices=[("", "Whoever wrote last"), *_MASTERS[1:]],
        required=False,
        widget=UnfoldAdminSelectWidget(),
    )
    task_when = forms.MultipleChoiceField(
        label="Make a task for",
        choices=[(segment, segment) for segment in SEGMENTS],
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text="One per lead and clock, due when the first answer is due. None ticked: no tasks.",
    )
    task_subject = forms.CharField(
        label="Subject",
        required=False,
        widget=UnfoldAdminTextInputWidget({"placeholder": "Call {full_name} ({company})"}),
        help_text="Names of our fields in braces are filled in.",
    )

    class Meta:
        model = CrmConnection
        fields = [
            "key", "kind", "primary", "base_url", "api_version",
            "token", "token_env", "webhook_secret", "webhook_secret_env", "active",
            "known_owner", "recycled", "look_up_ms",
        ]  # fmt: skip
        labels = {
            "base_url": "Address",
            "token_env": "Token's variable",
            "webhook_secret_env": "Secret's variable",
            "known_owner": "Whoever has their record",
            "look_up_ms": "Longest question, in ms",
        }
        help_texts = {
            "key": "Stands in the webhook address.",
            "base_url": "Empty: the CRM's own address.",
            "webhook_secret_env": "Or: the environment variable that holds it.",
            "look_up_ms": "About people whom the mirror does not know, before they are routed. 0 never asks; at most 5000.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "kind" in self.fields:
            self._choices("kind", _kinds(self.instance.kind))
            asked = self.data.get(self.add_prefix("kind")) if self.is_bound else ""
            self._choices("api_version", _versions(asked or self.instance.kind, self.instance.api_version))

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        found = connector_class(cleaned.get("kind", ""))
        if (
            found
            and not cleaned.get("base_url")
            and not found.default_address
            and "base_url" not in self.errors
        ):
            self.add_error("base_url", f"{found.label} has no address that all accounts share: enter yours.")
        if not self.errors:
            self._bind_the_token(cleaned)
        return cleaned

    def _bind_the_token(self, cleaned: Mapping[str, Any]) -> None:
        """A token is for the address that it was entered for: whoever may change the address cannot send it elsewhere."""
        wanted = {name: cleaned.get(name, getattr(self.instance, name)) for name in _ADDRESS}
        goes_to = CrmConnection(**wanted).address.rstrip("/")
        stored = CrmConnection.objects.filter(pk=self.instance.pk).first()
        typed = self.data.get(self.add_prefix("token")) or ""
        if stored and stored.token and not typed and goes_to != stored.address.rstrip("/"):
            self.add_error(
                "token", "The address is another one: enter the token for it, or - to remove the old one."
            )
        variable = cleaned.get("token_env", self.instance.token_env)
        if variable and not may_be_sent(variable, goes_to, kind=wanted["kind"]):
            self.add_error(
                "token_env",
                f"What {variable} holds is not sent to {goes_to} from here: use a configuration file (config apply), "
                "or enter a token and leave this empty.",
            )

    def clean_base_url(self) -> str:
        address: str = self.cleaned_data["base_url"]
        try:
            private_addresses.refuse(address)
        except private_addresses.PrivateAddress as inside:
            raise ValidationError(str(inside)) from inside
        return address

    def clean_primary(self) -> bool:
        primary: bool = self.cleaned_data["primary"]
        other = CrmConnection.objects.filter(primary=True).exclude(pk=self.instance.pk).first()
        if primary and other:
            raise ValidationError(f"“{other}” is the primary one already. Clear it there first.")
        return primary


def _kinds(own: str) -> list[tuple[str, str]]:
    """What there are connectors for; a row of another kind keeps it, and says so."""
    return [*kinds(), *([] if own in CONNECTORS else [(own, f"{own} (there is no connector for it)")])]


def _versions(kind: str, own: str) -> list[tuple[str, str]]:
    found = connector_class(kind)
    names = [version.name for version in found.api_versions] if found else []
    newest = f"The newest that is tested ({names[0]})" if names else "The newest that is tested"
    extra = [(own, f"{own} (not known)")] if own and own not in names else []
    return [("", newest), *((name, name) for name in names), *extra]


@admin.register(CrmConnection)
class ConnectionPage(ModeActions, ReadsProperties, ComparesLeads, ConfigurationPage):
    form = ConnectionForm
    inlines = [MappingsInline]
    list_display = ["title", "state", "waiting", "given_up", "last_contact", "primary", "active"]
    list_filter = [
        ("health", ChoicesDropdownFilter),
        ("active", BooleanRadioFilter),
    ]
    search_fields = ["key", "base_url"]
    actions_detail = ["ask_now", "compare", "read_properties", "observe", "live"]
    change_form_outer_before_template = "crm_sync/connection_summary.html"
    fieldsets = [
        (None, {"fields": ["key", ("kind", "primary"), ("base_url", "api_version"), "active"]}),
        (
            "Access",
            {"classes": ["tab"], "fields": ["token", "token_env", "webhook_secret", "webhook_secret_env"]},
        ),
        (
            "Who decides",
            {"classes": ["tab"], "fields": ["master_owner", "master_lifecycle", "master_default"]},
        ),
        ("People known there", {"classes": ["tab"], "fields": ["known_owner", "recycled", "look_up_ms"]}),
        ("Follow-up task", {"classes": ["tab"], "fields": ["task_when", "task_subject"]}),
    ]
    empty_icon = "sync_alt"
    empty_title = "No CRM is connected"
    empty_text = "Leads are routed and owners told without one. Add a connection to keep a CRM in step."

    def get_queryset(self, request: HttpRequest) -> QuerySet[CrmConnection]:
        rows: QuerySet[CrmConnection] = super().get_queryset(request)
        pending = Q(outbox__status=OutboxEntry.Status.PENDING)
        return rows.annotate(
            pending=Count("outbox", filter=pending),
            dead=Count("outbox", filter=Q(outbox__status=OutboxEntry.Status.DEAD)),
            oldest=Min("outbox__created_at", filter=pending),
        )

    def summary(self, request: HttpRequest, row: CrmConnection) -> Mapping[str, Any]:
        found = connection_status.of_connection(row, now=timezone.now())
        outbox = reverse("admin:crm_sync_outboxentry_changelist")
        return {
            "status": found,
            "tone": _TONES[found.state],
            "badge": _BADGES.get(found.state) or row.get_health_display(),
            # As a notice of its own where the headline says something worse.
            "ending": ""
            if found.state == "ending"
            else ending(version_of(row.kind, row.api_version), today=timezone.now().date()),
            "ownerless_url": f"{reverse('admin:intake_lead_changelist')}?crm=without_owner",
            "answer": found.answer,
            "webhook": f"{settings.LEADOPS_PUBLIC_URL}/api/v1/webhooks/{row.key}"
            if sends_events(row.kind)
            else "",
            "pending_url": f"{outbox}?connection__id__exact={row.pk}&status__exact=pending",
            "dead_url": f"{outbox}?connection__id__exact={row.pk}&status__exact=dead",
            "properties_url": f"{reverse('admin:crm_sync_crmproperty_changelist')}?connection__id__exact={row.pk}",
            "compared": report.newest(row),
            "compared_url": reverse("admin:crm_sync_reconciliation_changelist")
            + f"?connection__id__exact={row.pk}",
            "events_url": f"{reverse('admin:crm_sync_inboundevent_changelist')}?connection__id__exact={row.pk}",
        }

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        row = (
            CrmConnection.objects.filter(pk=object_id).first()
            if request.method == "POST" and object_id
            else None
        )
        if row is not None and self.has_change_permission(request, row):
            # Before the transaction that saving is.
            request.properties_there = ask_for_properties(row, request.POST)  # type: ignore[attr-defined]
            if request.properties_there.why:  # type: ignore[attr-defined]
                why = request.properties_there.why  # type: ignore[attr-defined]
                self.message_user(request, f"New properties could not be checked: {why}", messages.WARNING)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The word for switching off a guarded line is asked for when somebody tries."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or request.method != "POST" or not switches_off_guarded(obj, request.POST):
            return fieldsets
        (name, options), *others = fieldsets
        return [(name, {**options, "fields": [ANYWAY, *options["fields"]]}), *others]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """What was wrong may be fixed now: the connection is prepared afresh and tried at once."""
        super().save_related(request, form, formsets, change)
        circuit.resume([form.instance.key], by=str(request.user), now=timezone.now())

    @action(
        description="Try now",
        icon="refresh",
        permissions=["change"],
        dialog={
            "title": "Ask the CRM now?",
            "description": "Forgets the last error and any pause, and writes what waits as soon as the CRM answers.",
            "form_class": None,
            "form_submit_text": "Try now",
        },
    )
    def ask_now(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        row = CrmConnection.objects.get(pk=object_id)
        circuit.resume([row.key], by=str(request.user), now=timezone.now())
        self.message_user(request, "The CRM is asked now; what waits is written as soon as it answers.")
        return to_page(reverse("admin:crm_sync_crmconnection_change", args=(object_id,)))

    @display(description="Connection", header=True, ordering="key")
    def title(self, row: CrmConnection) -> list[str]:
        return [row.key, row.crm_name]

    @display(description="State", ordering="health", label=_TONES)
    def state(self, row: CrmConnection) -> tuple[str, str]:
        if not row.active:
            return "off", "switched off"
        return (row.health, row.get_health_display()) if row.writes else ("observed", "only observed")

    @display(description="To be written", ordering="pending")
    def waiting(self, row: Any) -> str:
        return f"{row.pending}, oldest {timesince(row.oldest, depth=1)}" if row.pending else "nothing"

    @display(description="Given up", ordering="dead")
    def given_up(self, row: Any) -> int:
        return int(row.dead)

    @display(description="Last answer", ordering="last_ok_at", empty_value="never")
    def last_contact(self, row: CrmConnection) -> str | None:
        return moment(row.last_ok_at, "ago") if row.last_ok_at else None
