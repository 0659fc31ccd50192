"""The CRM's properties as they were read last, and the button that reads them again."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.contrib.filters.admin import BooleanRadioFilter, RelatedDropdownFilter
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm

from crm_sync.connectors import kinds_that_cannot
from crm_sync.connectors.base import SetupProblem
from crm_sync.models import CrmConnection, CrmProperty
from crm_sync.schema import reading
from plumbing.admin_kit.moments import moment
from plumbing.admin_kit.pages import ReadOnlyPage, to_page
from plumbing.http import RemoteError


@admin.register(CrmProperty)
class CrmPropertyPage(ReadOnlyPage):
    list_display = ["label", "name", "type", "takes", "read_only", "unique", "archived", "connection", "seen"]
    list_filter = [
        ("connection", RelatedDropdownFilter),
        ("read_only", BooleanRadioFilter),
        ("archived", BooleanRadioFilter),
    ]
    list_select_related = ["connection"]
    search_fields = ["name", "label"]
    fields = [
        "connection",
        "name",
        "label",
        "type",
        "takes",
        "read_only",
        "required",
        "unique",
        "archived",
        "seen",
    ]
    readonly_fields = ["takes", "seen"]
    empty_icon = "data_object"
    empty_title = "No properties read yet"
    empty_text = "The CRM's properties are read each hour, and at once on the connection's page."

    @display(description="Takes", empty_value="anything of its type")
    def takes(self, row: CrmProperty) -> str | None:
        if row.options:
            return ", ".join(label for _, label in row.options)
        return f"up to {row.length:,} characters" if row.length else None

    @display(description="Read", ordering="seen_at")
    def seen(self, row: CrmProperty) -> str:
        return moment(row.seen_at, "ago")


class ReadsProperties:
    """For the page of a connection: one call to the CRM, and its answer at the top."""

    def has_read_properties_permission(self: Any, request: HttpRequest, object_id: str = "") -> bool:
        may = bool(self.has_change_permission(request, object_id or None))
        able = CrmConnection.objects.exclude(kind__in=kinds_that_cannot("properties"))
        return may and able.filter(pk=object_id).exists()

    @action(
        description="Read properties now",
        icon="data_object",
        permissions=["read_properties"],
        dialog={
            "title": "Read the properties now?",
            "description": "One call to the CRM. They are read each hour anyway.",
            "form_class": None,
            "form_submit_text": "Read",
        },
    )
    def read_properties(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        connection = CrmConnection.objects.get(pk=object_id)
        try:
            number = reading.read_now(connection)
        except (RemoteError, SetupProblem) as error:
            messages.error(request, f"The properties could not be read: {error}")
        else:
            messages.success(request, f"{number} properties read.")
        return to_page(reverse("admin:crm_sync_crmconnection_change", args=(object_id,)))
