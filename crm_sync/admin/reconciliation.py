"""Is everything in the CRM as it is here, and what is done about what is not."""

import json
from collections.abc import Mapping
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter, RelatedDropdownFilter
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm

from crm_sync.admin.record_links import record_link
from crm_sync.connectors import kinds_that_cannot
from crm_sync.models import CrmConnection, CrmDifference, Reconciliation
from crm_sync.reconcile import report, running
from crm_sync.reconcile.repairing import How, repair
from plumbing import nudges
from plumbing.admin_kit.moments import moment
from plumbing.admin_kit.pages import ReadOnlyPage, to_page
from plumbing.counting import counted

_TONES = {
    "missing": "danger",
    "deleted": "danger",
    "owner": "danger",
    "merged": "warning",
    "behind": "warning",
    "changed": "warning",
    "duplicate": "info",
}


def open_differences(connection_id: int, kind: str = "") -> str:
    """The address of the list."""
    address = reverse("admin:crm_sync_crmdifference_changelist")
    narrowed = f"&kind__exact={kind}" if kind else ""
    return f"{address}?connection__id__exact={connection_id}{narrowed}"


@admin.register(Reconciliation)
class ReconciliationPage(ReadOnlyPage):
    list_title = "Comparisons"
    list_display = ["started", "connection", "equal_of", "differences", "who", "took"]
    list_filter = [("connection", RelatedDropdownFilter)]
    list_select_related = ["connection"]
    fields = ["connection", "started", "who", "took", "calls", "last_error"]
    readonly_fields = ["started", "who", "took"]
    change_form_outer_before_template = "crm_sync/reconciliation_summary.html"
    empty_icon = "balance"
    empty_title = "Nothing was compared yet"
    empty_text = (
        "All leads are compared with the CRM each night; “Compare now” on a connection's page begins at once."
    )

    def summary(self, request: HttpRequest, row: Reconciliation) -> Mapping[str, Any]:
        found = report.of_round(row, now=timezone.now())
        trend = report.trend(row.connection_id)
        line = {
            "label": "equal, in %",
            "data": trend["equal"],
            "borderColor": "var(--color-primary-500)",
            "backgroundColor": "var(--color-primary-500)",
            "pointRadius": 2,
        }
        return {
            "report": found,
            "shares": [(one, open_differences(row.connection_id, one.kind)) for one in found.shares],
            "trend": json.dumps({"labels": trend["labels"], "datasets": [line]})
            if len(trend["labels"]) > 1
            else "",
            "trend_options": json.dumps(_OPTIONS),
            "all_url": open_differences(row.connection_id),
        }

    @display(description="Begun", ordering="started_at")
    def started(self, row: Reconciliation) -> str:
        return moment(row.started_at)

    @display(description="Equal")
    def equal_of(self, row: Reconciliation) -> str:
        return report.sentence(row)

    @display(description="Differences", empty_value="none")
    def differences(self, row: Reconciliation) -> str | None:
        names = dict(CrmDifference.Kind.choices)
        said = [f"{number:,} {names[kind].lower()}" for kind, number in row.found.items() if kind in names]
        return ", ".join(said) or None

    @display(description="Asked for by", empty_value="the night")
    def who(self, row: Reconciliation) -> str | None:
        return row.asked_by or None

    @display(description="Took")
    def took(self, row: Reconciliation) -> str:
        if row.finished_at is None:
            return "under way"
        seconds = round((row.finished_at - row.started_at).total_seconds())
        return f"{seconds // 60} min {seconds % 60} s, {counted(row.calls, 'call')}"


class StateFilter(DropdownFilter):
    """What is to be done is what people come for."""

    title = "state"
    parameter_name = "state"

    all_option = ("", "Open")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("repair", "Being repaired"), ("settled", "Settled"), ("all", "All")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[CrmDifference]) -> QuerySet[CrmDifference]:
        match self.value():
            case "all":
                return queryset
            case "settled":
                return queryset.exclude(settled_at=None)
            case "repair":
                return queryset.filter(settled_at=None).exclude(repair_asked_at=None)
        return queryset.filter(settled_at=None)


@admin.register(CrmDifference)
class DifferencePage(ReadOnlyPage):
    list_display = ["person", "what", "differs", "there", "connection", "state", "found"]
    list_filter = [StateFilter, ("kind", ChoicesDropdownFilter), ("connection", RelatedDropdownFilter)]
    list_select_related = ["lead", "connection"]
    search_fields = ["lead__email", "lead__full_name", "lead__company", "remote_id"]
    fields = ["person", "connection", "there", "what", "differs", "state", "found"]
    readonly_fields = ["person", "there", "what", "differs", "state", "found"]
    actions = ["by_the_rules", "write_ours"]
    empty_icon = "balance"
    empty_title = "No differences"
    empty_text = (
        "What a comparison finds stands here until it is equal again. A connection's page says when that was."
    )

    @admin.action(description="Repair, as the connection says", permissions=["repair"])
    def by_the_rules(self, request: HttpRequest, rows: Any) -> None:
        self._repair(request, rows, how="rules")

    @admin.action(
        description="Repair, and write what we have over what was changed there", permissions=["repair"]
    )
    def write_ours(self, request: HttpRequest, rows: Any) -> None:
        self._repair(request, rows, how="ours")

    def has_repair_permission(self, request: HttpRequest) -> bool:
        """Nobody edits these rows, but who may change them may have them put right."""
        return bool(request.user.has_perm("crm_sync.change_crmdifference"))

    def _repair(self, request: HttpRequest, rows: Any, *, how: How) -> None:
        done = repair(list(rows), how=how, by=str(request.user), now=timezone.now())
        if done.asked:
            self.message_user(
                request,
                f"{counted(done.asked, 'difference is', 'differences are')} being put right; each is compared again "
                "once it is written.",
            )
        for why, number in done.refused.items():
            self.message_user(request, f"{number:,} left as they are: {why}", messages.WARNING)
        if not done.asked and not done.refused:
            self.message_user(request, "What is chosen is settled already.", messages.INFO)

    @display(description="Lead")
    def person(self, row: CrmDifference) -> SafeString:
        url = reverse("admin:intake_lead_change", args=(row.lead_id,))
        return format_html('<a class="text-link" href="{}">{}</a>', url, row.lead)

    @display(description="What", ordering="kind", label=_TONES)
    def what(self, row: CrmDifference) -> tuple[str, str]:
        return row.kind, row.get_kind_display()

    @display(description="Here → there", empty_value="–")
    def differs(self, row: CrmDifference) -> SafeString | str | None:
        if row.kind == CrmDifference.Kind.DUPLICATE:
            return "also the record beside"
        lines = [(line["label"], line["here"] or "nothing", line["there"] or "nothing") for line in row.lines]
        return format_html_join(mark_safe("<br>"), "{}: {} → <b>{}</b>", lines) or None

    @display(description="Record there", empty_value="–")
    def there(self, row: CrmDifference) -> SafeString | str | None:
        gone = row.kind == CrmDifference.Kind.DELETED
        return record_link(row.connection, row.remote_id, gone=gone) or None

    @display(
        description="State",
        label={"open": "warning", "repair": "info", "settled": "success"},
    )
    def state(self, row: CrmDifference) -> tuple[str, str]:
        if row.settled_at is not None:
            return "settled", f"settled: {row.get_settled_how_display().lower()}"
        return ("repair", "being repaired") if row.repair_asked_at else ("open", "open")

    @display(description="Found", ordering="found_at")
    def found(self, row: CrmDifference) -> str:
        return moment(row.found_at, "ago")


class ComparesLeads:
    """For the page of a connection."""

    def has_compare_permission(self: Any, request: HttpRequest, object_id: str = "") -> bool:
        may = bool(self.has_change_permission(request, object_id or None))
        return (
            may
            and CrmConnection.objects.filter(pk=object_id, active=True)
            .exclude(mode="observe")
            .exclude(kind__in=kinds_that_cannot("reads"))
            .exists()
        )

    @action(
        description="Compare now",
        icon="balance",
        permissions=["compare"],
        dialog={
            "title": "Compare all leads with the CRM now?",
            "description": "One call for each hundred leads, while the CRM has calls to spare and nothing waits to be written. "
            "It is done each night anyway.",
            "form_class": None,
            "form_submit_text": "Compare",
        },
    )
    def compare(self: Any, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        connection = CrmConnection.objects.get(pk=object_id)
        round_ = running.start(connection, by=str(request.user), now=timezone.now())
        if round_ is None:
            self.message_user(request, "A comparison is under way already.", messages.INFO)
            round_ = Reconciliation.objects.filter(connection=connection).latest("started_at")
        nudges.nudge(running.RECONCILE)
        return to_page(reverse("admin:crm_sync_reconciliation_change", args=(round_.pk,)))


_OPTIONS = {
    "animation": False,
    "responsive": True,
    "maintainAspectRatio": False,
    "plugins": {"legend": {"display": False}},
    "scales": {
        "x": {
            "border": {"width": 0},
            "grid": {"display": False},
            "ticks": {"color": "#9ca3af", "maxTicksLimit": 8, "maxRotation": 0},
        },
        "y": {"suggestedMax": 100, "border": {"width": 0, "dash": [4, 4]}, "ticks": {"color": "#9ca3af"}},
    },
}
