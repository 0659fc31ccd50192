"""For the page of a connection: what a real lead's record would be given by the lines as they stand in the form."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from crm_sync.admin import message_form
from crm_sync.admin.mappings import PREFIX, MappingsInline
from crm_sync.connectors import messages_of
from crm_sync.models import CrmConnection, FieldMapping
from crm_sync.outbound import message_preview, preview
from intake.models import Lead
from plumbing import access

ASKED = "_preview"
ADDRESS = "preview_email"


class PreviewsPayload:
    """A POST of the page's form with `_preview` in it saves nothing, and is answered with a piece of the page."""

    def preview(self: Any, request: HttpRequest, row: CrmConnection) -> HttpResponse:
        """Raises PermissionDenied for those who may not see leads."""
        if not request.user.has_perm("intake.view_lead"):
            raise PermissionDenied
        if messages_of(row.kind):
            return _told(self, request, row)
        inline = next(
            each for each in self.get_inline_instances(request, row) if isinstance(each, MappingsInline)
        )
        formset = inline.get_formset(request, row)(request.POST, instance=row, prefix=PREFIX)
        formset.is_valid()
        wrong = [
            f"{form.data.get(form.add_prefix('canonical')) or 'A new line'}: {said}"
            for form in formset.forms
            for all_said in form.errors.values()
            for said in all_said
        ]
        address = request.POST.get(ADDRESS, "").strip().lower()
        lead = _lead(request, address)
        lines = preview.of_lead(row, _lines(formset), lead) if lead else None
        context = {"lead": lead, "address": address, "lines": lines, "wrong": wrong, "crm": row.crm_name}
        return TemplateResponse(request, "crm_sync/payload_preview.html", context)


def _told(page: Any, request: HttpRequest, row: CrmConnection) -> HttpResponse:
    """By the bodies as they stand in the form."""
    form = page.get_form(request, row, change=True)(request.POST, instance=row)
    form.is_valid()
    wrong = [
        f"{form.fields[name].label}: {said}"
        for name, all_said in form.errors.items()
        if name in message_form.rows(row)
        for said in all_said
    ]
    address = request.POST.get(ADDRESS, "").strip().lower()
    lead = _lead(request, address)
    told = message_preview.of_lead(row, lead) if lead else None
    context = {"lead": lead, "address": address, "told": told, "wrong": wrong, "crm": row.crm_name}
    return TemplateResponse(request, "crm_sync/payload_preview.html", context)


def _lines(formset: Any) -> list[FieldMapping]:
    """Those that would be active, also where something is wrong with them, in the form's order."""
    found = []
    for form in formset.forms:
        data = getattr(form, "cleaned_data", {})
        if data.get("DELETE") or not form.data.get(form.add_prefix("active")):
            continue
        line = form.instance
        line.canonical = data.get("canonical") or line.canonical
        line.property = data.get("property") or form.data.get(form.add_prefix("property"), "").strip()
        if line.canonical and line.property:
            found.append((data.get("position") or 0, line))
    return [line for _, line in sorted(found, key=lambda each: each[0])]


def visible_leads(request: HttpRequest) -> QuerySet[Lead]:
    """Those that the viewer may see, without what was merged into another; none for those who may see no leads."""
    if not request.user.has_perm("intake.view_lead"):
        return Lead.objects.none()
    return access.rows_for(request.user, Lead.objects.filter(merged_into=None))


def _lead(request: HttpRequest, address: str) -> Lead | None:
    """The one with this address, else the newest, of those that the viewer may see."""
    leads = visible_leads(request)
    if address:
        leads = leads.filter(email=address)
    return leads.order_by("-created_at").first()
