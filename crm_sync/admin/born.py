"""Contacts that somebody made in the CRM, and what became of each. Nobody edits these rows."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter, RelatedDropdownFilter
from unfold.decorators import display

from crm_sync.admin.record_links import record_link
from crm_sync.models import BornContact
from plumbing.admin_kit.moments import moment
from plumbing.admin_kit.pages import ReadOnlyPage


@admin.register(BornContact)
class BornContactPage(ReadOnlyPage):
    list_title = "Made there"
    list_display = ["number", "state", "lead", "said", "connection", "begun"]
    list_filter = [
        ("status", ChoicesDropdownFilter),
        ("connection", RelatedDropdownFilter),
        ("begun_at", RangeDateTimeFilter),
    ]
    list_select_related = ["connection", "submission__lead"]
    search_fields = ["remote_id__exact", "submission__lead__email", "submission__lead__full_name", "result"]
    search_help_text = "The number there, or a lead's name or address"
    fields = [
        "connection",
        "number",
        "state",
        "lead",
        "said",
        "attempts",
        "begun_at",
        "due_at",
        "contact_modified_at",
    ]
    readonly_fields = ["number", "state", "lead", "said"]
    empty_icon = "person_add"
    empty_title = "No contact made there has become a lead"
    empty_text = (
        "Switch it on under “Made there” on the page of a connection: contacts that people, imports or other forms make in the "
        "CRM become leads then."
    )

    @display(description="Number there", ordering="remote_id")
    def number(self, row: BornContact) -> SafeString | str:
        return record_link(row.connection, row.remote_id)

    @display(
        description="State",
        ordering="status",
        label={"taken": "success", "known": "info", "waiting": "info", "left": "default"},
    )
    def state(self, row: BornContact) -> tuple[str, str]:
        return row.status, row.get_status_display()

    @display(description="Lead", empty_value="–")
    def lead(self, row: BornContact) -> SafeString | None:
        lead = row.submission.lead if row.submission else None
        if lead is None:
            return None
        url = reverse("admin:intake_lead_change", args=(lead.pk,))
        return format_html('<a class="text-link" href="{}">{}</a>', url, lead)

    @display(description="Why", empty_value="–")
    def said(self, row: BornContact) -> str | None:
        return row.result or None

    @display(description="Its turn came", ordering="begun_at")
    def begun(self, row: BornContact) -> str:
        return moment(row.begun_at, "ago")
