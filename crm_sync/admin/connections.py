"""The page of a connection: is the CRM in step?"""

from collections.abc import Collection, Mapping
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Min, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm

from crm_sync.admin import message_form, who_decides
from crm_sync.admin.access import SetsUpAccess, access_url, webhook_address
from crm_sync.admin.connection_form import ONLY_WHERE, ConnectionForm, hidden_from
from crm_sync.admin.defaults import GivesDefaults
from crm_sync.admin.mapping_line import PROPERTIES_LIST
from crm_sync.admin.mappings import (
    ANYWAY,
    MappingsInline,
    ask_for_properties,
    offered,
    switches_off_guarded,
)
from crm_sync.admin.modes import ModeActions, test_addresses
from crm_sync.admin.previewing import ASKED, PreviewsPayload, visible_leads
from crm_sync.admin.properties import ReadsProperties
from crm_sync.admin.reconciliation import ComparesLeads
from crm_sync.admin.starting_lines import StartsWithUsualLines
from crm_sync.admin.translating import TranslatesValues
from crm_sync.born_there import counting
from crm_sync.connection import circuit, connection_status, logins
from crm_sync.connectors import (
    can,
    ending,
    kinds_that_ask_for,
    kinds_that_cannot,
    kinds_with_duplicate_rules,
    until,
    version_of,
)
from crm_sync.models import CrmConnection, OutboxEntry
from crm_sync.outbound.set_up_anew import set_up_anew
from crm_sync.polling import lag
from crm_sync.reconcile import report
from intake.models import TestAddress
from plumbing.admin_kit.moments import moment
from plumbing.admin_kit.pages import ConfigurationPage, to_page
from routing.admin.conditions import in_words

_BADGES = {
    "used_up": "Out of calls",
    "sparing": "Few calls",
    "short": "Not in step",
    "ownerless": "Not in step",
    "observed": "Observed",
    "test": "Test",
}
_TONES = {
    "ok": "success",
    "ending": "warning",
    "sparing": "warning",
    "used_up": "danger",
    "short": "warning",
    "ownerless": "danger",
    "behind": "warning",
    "down": "danger",
    "auth_lost": "danger",
    "observed": "info",
    "test": "info",
    "off": "info",
}


WHO_DECIDES = "Who decides"
# Parts of the page that are only for what can do it.
_TABS = {"People known there": "reads", "Made there": "reads", "Follow-up task": "tasks"}


def _without(rows: Any, hidden: Collection[str]) -> list[Any]:
    """The rows of a fieldset without these fields. A row is a name, a function that is shown, or several of them."""
    found: list[Any] = []
    for row in rows:
        left = [name for name in (row if isinstance(row, list | tuple) else (row,)) if name not in hidden]
        found += [tuple(left) if len(left) > 1 else left[0]] if left else []
    return found


_LISTS = {"contacts": "knowncontact", "companies": "account", "deals": "opendeal"}


def _list_of(kind: str, request: HttpRequest) -> tuple[str, bool]:
    """The list of what the mirror has of this kind, and whether the viewer may see it."""
    name = _LISTS[kind]
    may = bool(request.user.has_perm(f"crm_sync.view_{name}"))
    return reverse(f"admin:crm_sync_{name}_changelist"), may


@admin.register(CrmConnection)
class ConnectionPage(
    PreviewsPayload,
    TranslatesValues,
    GivesDefaults,
    ModeActions,
    ReadsProperties,
    StartsWithUsualLines,
    SetsUpAccess,
    ComparesLeads,
    ConfigurationPage,
):
    form = ConnectionForm
    inlines = [MappingsInline]
    list_display = ["title", "state", "waiting", "given_up", "last_contact", "primary", "active"]
    list_filter = [
        ("health", ChoicesDropdownFilter),
        ("active", BooleanRadioFilter),
    ]
    search_fields = ["key", "base_url"]
    actions_detail = [
        "ask_now",
        "compare",
        {"title": "Mode", "icon": "tune", "items": ["observe", "try_out", "live"]},
        {"title": "More", "icon": "more_horiz", "items": ["access", "usual_lines", "read_properties"]},
    ]
    change_form_outer_before_template = "crm_sync/connection_summary.html"
    fieldsets = [
        (None, {"fields": ["key", ("kind", "primary"), ("base_url", "api_version"), "active"]}),
        (
            "Access",
            {
                "classes": ["tab"],
                "fields": [
                    ("client_id", "username"),
                    ("token", "token_env"),
                    ("webhook_secret", "webhook_secret_env"),
                ],
            },
        ),
        (
            WHO_DECIDES,
            {"classes": ["tab"], "fields": ["master_owner", "master_lifecycle", "master_default"]},
        ),
        (
            "Which leads",
            {"classes": ["tab"], "fields": ["when"]},
        ),
        (
            "People known there",
            {
                "classes": ["tab"],
                "fields": ["known_owner", "on_duplicate", "recycled", ("look_up_ms", "poll_seconds")],
            },
        ),
        (
            "Made there",
            {
                "classes": ["tab"],
                "fields": [
                    ("born_active", "born_only_without_owner"),
                    ("born_created_after", "born_per_minute"),
                    ("born_lifecycles", "born_sources"),
                ],
            },
        ),
        ("Follow-up task", {"classes": ["tab"], "fields": ["task_when", "task_subject"]}),
    ]
    conditional_fields = (
        {
            name: " || ".join(f"kind == '{kind}'" for kind in kinds_that_ask_for(name)) or "false"
            for name in ("client_id", "username")
        }
        | {
            "on_duplicate": " || ".join(f"kind == '{kind}'" for kind in kinds_with_duplicate_rules())
            or "false"
        }
        | {
            name: " && ".join(f"kind != '{kind}'" for kind in kinds_that_cannot(capability)) or "true"
            for capability, names in ONLY_WHERE.items()
            for name in names
        }
    )
    words = {"when": lambda condition: in_words(condition) if condition else "every lead"}
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
        inbound = lag.paths(row, now=timezone.now())
        outbox = reverse("admin:crm_sync_outboxentry_changelist")
        return {
            "status": found,
            "tone": _TONES[found.state],
            "badge": _BADGES.get(found.state) or row.get_health_display(),
            # As a notice of its own where the headline says something worse.
            "ending": ""
            if found.state == "ending"
            else ending(version_of(row.kind, row.api_version), today=timezone.now().date()),
            "version": (version := version_of(row.kind, row.api_version)),
            "version_until": until(version) if version else "",
            "ownerless_url": f"{reverse('admin:intake_lead_changelist')}?crm=without_owner",
            "answer": found.answer,
            "access_url": access_url(row.pk),
            "without_tests": row.mode == CrmConnection.Mode.TEST
            and not TestAddress.objects.filter(active=True).exists(),
            "addresses_url": test_addresses(request),
            "webhook": webhook_address(row),
            "pending_url": f"{outbox}?connection__id__exact={row.pk}&status__exact=pending",
            "dead_url": f"{outbox}?connection__id__exact={row.pk}&status__exact=dead",
            "properties_url": f"{reverse('admin:crm_sync_crmproperty_changelist')}?connection__id__exact={row.pk}",
            "usual_url": ""
            if not can(row.kind).properties
            or row.mappings.filter(active=True).exists()
            or not self.has_change_permission(request, row)
            else reverse("admin:crm_sync_crmconnection_usual_lines", args=(row.pk,)),
            "can": can(row.kind),
            "placeholders": message_form.placeholders(row),
            "may_preview": request.user.has_perm("intake.view_lead")
            and self.has_change_permission(request, row),
            "offered": offered(row),
            "offered_list": PROPERTIES_LIST,
            "inbound": [
                (path, f"{address}?connection__id__exact={row.pk}", may)
                for path in inbound
                for address, may in [_list_of(path.kind, request)]
            ],
            "loading": row.active and bool(inbound) and not all(path.is_loaded for path in inbound),
            "last_event": lag.last_event(row),
            "account": logins.account_of(row),
            "compared": report.newest(row),
            "compared_url": reverse("admin:crm_sync_reconciliation_changelist")
            + f"?connection__id__exact={row.pk}",
            "born": counting.of_connection(row, now=timezone.now()),
            "born_url": f"{reverse('admin:crm_sync_borncontact_changelist')}?connection__id__exact={row.pk}",
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
        may_change = row is not None and self.has_change_permission(request, row)
        if row is not None and may_change and ASKED in request.POST:
            return self.preview(request, row)
        if row is not None and may_change:
            # Before the transaction that saving is.
            request.properties_there = ask_for_properties(row, request.POST)  # type: ignore[attr-defined]
            if request.properties_there.why:  # type: ignore[attr-defined]
                why = request.properties_there.why  # type: ignore[attr-defined]
                self.message_user(request, f"New properties could not be checked: {why}", messages.WARNING)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is not None and self._may_change(request, obj):
            kwargs["form"] = who_decides.form_for(obj)
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The word for switching off a guarded line is asked for when somebody tries."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is not None and self._may_change(request, obj):
            table = {WHO_DECIDES: {"classes": ["tab"], "fields": who_decides.rows(obj)}}
            fieldsets = [(name, table.get(name, options)) for name, options in fieldsets]
            if told := message_form.rows(obj):
                fieldsets.insert(1, (message_form.TAB, {"classes": ["tab"], "fields": told}))
        if obj is not None:
            hidden = hidden_from(obj.kind)
            fieldsets = [
                (name, {**options, "fields": _without(options["fields"], hidden)})
                for name, options in fieldsets
                if name not in _TABS or getattr(can(obj.kind), _TABS[name])
            ]
            fieldsets = [(name, options) for name, options in fieldsets if options["fields"]]
        if obj is None or request.method != "POST" or not switches_off_guarded(obj, request.POST):
            return fieldsets
        (name, options), *others = fieldsets
        return [(name, {**options, "fields": [ANYWAY, *options["fields"]]}), *others]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """What was wrong may be fixed now: the connection is prepared afresh and tried at once."""
        super().save_related(request, form, formsets, change)
        leads = visible_leads(request)
        for formset in formsets:
            for words in formset.warnings(leads):
                self.message_user(request, words, messages.WARNING)
        set_up_anew([form.instance.key], by=str(request.user), now=timezone.now())

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
        if row.mode == CrmConnection.Mode.OBSERVE:
            return "observed", "only observed"
        if row.mode == CrmConnection.Mode.TEST and row.health == CrmConnection.Health.OK:
            return "test", "test leads only"
        return row.health, row.get_health_display()

    @display(description="To be written", ordering="pending")
    def waiting(self, row: Any) -> str:
        return f"{row.pending}, oldest {timesince(row.oldest, depth=1)}" if row.pending else "nothing"

    @display(description="Given up", ordering="dead")
    def given_up(self, row: Any) -> int:
        return int(row.dead)

    @display(description="Last answer", ordering="last_ok_at", empty_value="never")
    def last_contact(self, row: CrmConnection) -> str | None:
        return moment(row.last_ok_at, "ago") if row.last_ok_at else None
