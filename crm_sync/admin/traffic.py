"""What goes out and what comes in. Writers write these rows; people look, and ask for another try."""

import json
from typing import Any

from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    RangeDateTimeFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import display

from crm_sync import outbox
from crm_sync.admin.alike import AnswersDuplicates
from crm_sync.admin.record_links import record_link
from crm_sync.models import CrmLink, InboundEvent, OutboxEntry
from exception_queue.queue import RetryRefused
from plumbing.admin_kit.moments import moment
from plumbing.admin_kit.pages import ReadOnlyPage
from plumbing.readable import readable_json


@admin.register(OutboxEntry)
class OutboxPage(AnswersDuplicates, ReadOnlyPage):
    list_display = ["person", "there", "connection", "state", "attempts", "due", "said"]
    list_filter = [("status", ChoicesDropdownFilter), ("connection", RelatedDropdownFilter)]
    list_select_related = ["lead", "connection"]
    search_fields = ["lead__email", "lead__full_name", "lead__company", "last_error"]
    actions = ["try_again"]
    # It has a page of its own, with the records side by side.
    exclude = ["alike"]
    empty_icon = "done_all"
    empty_title = "Nothing waits"
    empty_text = "A lead that has changed waits here until the CRM has it; the row goes when it does."

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutboxEntry]:
        rows: QuerySet[OutboxEntry] = super().get_queryset(request)
        links = CrmLink.objects.filter(lead=OuterRef("lead"), connection=OuterRef("connection"))
        named: QuerySet[OutboxEntry] = rows.annotate(
            remote_id=Subquery(links.values("remote_id")[:1]), gone_at=Subquery(links.values("gone_at")[:1])
        )
        return named

    @admin.action(description="Try again", permissions=["try_again"])
    def try_again(self, request: HttpRequest, rows: Any) -> None:
        dead = [str(row.lead_id) for row in rows if row.status == OutboxEntry.Status.DEAD]
        if not dead:
            self.message_user(request, "What is chosen waits already: nothing to ask for.", messages.INFO)
            return
        try:
            outbox.retry_dead(dead, by=str(request.user), now=timezone.now())
        except RetryRefused as refused:
            self.message_user(request, str(refused), messages.ERROR)
        else:
            self.message_user(request, f"{len(dead)} due again.")

    def has_try_again_permission(self, request: HttpRequest) -> bool:
        """Nobody edits these rows, but who may change them may have them tried again."""
        return bool(request.user.has_perm("crm_sync.change_outboxentry"))

    @display(description="Lead")
    def person(self, row: OutboxEntry) -> SafeString | str:
        try:
            url = reverse("admin:intake_lead_change", args=(row.lead_id,))
        except NoReverseMatch:
            return str(row.lead)
        return format_html('<a class="text-link" href="{}">{}</a>', url, row.lead)

    @display(description="Record there", empty_value="–")
    def there(self, row: Any) -> SafeString | str | None:
        return record_link(row.connection, row.remote_id or "", gone=row.gone_at is not None) or None

    @display(description="State", ordering="status", label={"pending": "info", "dead": "danger"})
    def state(self, row: OutboxEntry) -> tuple[str, str]:
        return row.status, row.get_status_display()

    @display(description="Next try", ordering="due_at")
    def due(self, row: OutboxEntry) -> str:
        return moment(row.due_at, "moment") if row.status == OutboxEntry.Status.PENDING else "–"

    @display(description="The CRM said", empty_value="–")
    def said(self, row: OutboxEntry) -> str | None:
        return row.last_error or None


@admin.register(InboundEvent)
class InboundPage(ReadOnlyPage):
    list_display = ["received", "connection", "number", "state", "result"]
    list_filter = [
        ("status", ChoicesDropdownFilter),
        ("connection", RelatedDropdownFilter),
        ("received_at", RangeDateTimeFilter),
    ]
    list_select_related = ["connection"]
    search_fields = ["remote_id", "dedupe_key", "result"]
    fields = ["connection", "received_at", "number", "state", "attempts", "due_at", "result", "body"]
    readonly_fields = ["number", "state", "body"]
    empty_icon = "webhook"
    empty_title = "Nothing has come in"
    empty_text = (
        "What people change in the CRM arrives here. The connection's page shows the webhook address."
    )

    @display(
        description="State",
        ordering="status",
        label={"done": "success", "waiting": "info", "failed": "danger", "ignored": "default"},
    )
    def state(self, row: InboundEvent) -> tuple[str, str]:
        return row.status, row.get_status_display()

    @display(description="Record there", ordering="remote_id", empty_value="–")
    def number(self, row: InboundEvent) -> SafeString | str | None:
        return record_link(row.connection, row.remote_id) or None

    @display(description="Received", ordering="received_at")
    def received(self, row: InboundEvent) -> str:
        return moment(row.received_at, "ago")

    @display(description="Body")
    def body(self, row: InboundEvent) -> SafeString:
        return format_html(
            '<pre class="lo-code">{}</pre>', readable_json(json.dumps(row.payload, ensure_ascii=False))
        )
