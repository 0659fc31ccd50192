"""The owners of a CRM as they were read, and whom each is here."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from unfold.contrib.filters.admin import BooleanRadioFilter, RelatedDropdownFilter
from unfold.decorators import display

from crm_sync.models import OwnerLink
from plumbing.admin_kit.moments import moment
from plumbing.admin_kit.pages import ReadOnlyPage
from plumbing.counting import counted
from routing.handover.deactivation import open_leads
from routing.models import Owner


@admin.register(OwnerLink)
class OwnerLinkPage(ReadOnlyPage):
    list_display = ["email", "name", "here", "state", "remote_id", "connection", "seen_at"]
    list_filter = [("connection", RelatedDropdownFilter), ("archived", BooleanRadioFilter)]
    list_select_related = ["connection"]
    search_fields = ["email", "name", "remote_id"]
    empty_icon = "badge"
    empty_title = "No owners read yet"
    empty_text = "The CRM's owners are read every five minutes, and matched to ours by e-mail."

    def get_queryset(self, request: HttpRequest) -> QuerySet[OwnerLink]:
        rows: QuerySet[OwnerLink] = super().get_queryset(request)
        ours = Owner.objects.annotate(address=Lower("email")).filter(address=Lower(OuterRef("email")))
        leads = open_leads().filter(owner=OuterRef("our_id")).order_by().values("owner")
        return rows.annotate(
            our_id=Subquery(ours.values("pk")[:1]),
            our_name=Subquery(ours.values("name")[:1]),
            our_active=Subquery(ours.values("active")[:1]),
            stopped_since=Subquery(ours.values("unavailable_since")[:1]),
            leave_at=Subquery(ours.values("leads_leave_at")[:1]),
        ).annotate(our_leads=Subquery(leads.annotate(n=Count("pk")).values("n")))

    @display(description="Here", ordering="our_name", empty_value="nobody")
    def here(self, row: Any) -> SafeString | str | None:
        if row.our_id is None:
            return None
        name = row.our_name if row.our_active else f"{row.our_name} (switched off)"
        try:
            url = reverse("admin:routing_owner_change", args=(row.our_id,))
        except NoReverseMatch:
            return str(name)
        return format_html('<a class="text-link" href="{}">{}</a>', url, name)

    @display(description="There", ordering="archived")
    def state(self, row: Any) -> SafeString:
        """Archived, and what that means for who they are here."""
        if not row.archived:
            return mark_safe('<span class="lo-badge lo-success">active</span>')
        return format_html('<span class="lo-badge lo-warning">archived</span> {}', self._means(row))

    def _means(self, row: Any) -> SafeString | str:
        if row.our_id is None or not row.our_active:
            return ""
        if row.stopped_since is None:
            return format_html(
                '<span class="lo-muted">gets leads all the same: another connection decides</span>'
            )
        leads = counted(row.our_leads or 0, "open lead")
        if not row.our_leads or row.leave_at is None:
            return format_html('<span class="lo-muted">gets no new leads, has {}</span>', leads)
        return format_html(
            '<span class="lo-muted">gets no new leads; {} to move at</span> {}', leads, moment(row.leave_at)
        )
