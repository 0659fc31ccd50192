"""On the page of an exception about a rule that asks for a value which leads do not have: what stands there for those."""

from collections.abc import Collection
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from crm_sync.models import FieldMapping
from crm_sync.outbound import crm_fields
from crm_sync.outbound.drift import rules_of
from crm_sync.outbound.mapping_rules import MappingLine
from crm_sync.outbound.set_up_anew import set_up_anew
from plumbing.admin_kit.people import name_of
from plumbing.whole_numbers import whole_number


def lines_without(connection_id: int, properties: Collection[str]) -> list[tuple[FieldMapping, str]]:
    """The lines that fill these properties and say nothing for leads without a value, with our word for the field."""
    lines = FieldMapping.objects.filter(
        connection=connection_id, property__in=list(properties), active=True, default=""
    )
    return [
        (line, crm_fields.label(line.canonical)) for line in lines if line.mode != FieldMapping.Mode.APPEND
    ]


class GivesDefaults:
    """For the page of a connection: what the panel sends."""

    def get_custom_urls(self: Any) -> tuple[tuple[str, str, Any], ...]:
        address = ("<path:object_id>/default/", "crm_sync_crmconnection_default", self.give_default)
        return (*super().get_custom_urls(), address)  # type: ignore[misc]

    def give_default(self: Any, request: HttpRequest, object_id: str, **kwargs: Any) -> HttpResponse:
        if not self.has_change_permission(request, object_id):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        pk = whole_number(request.POST.get("mapping", ""))
        lines = FieldMapping.objects.select_related("connection")
        line = None if pk is None else lines.filter(pk=pk).first()
        if line is None or str(line.connection_id) != object_id:
            raise Http404("This line is not there any more.")
        text = request.POST.get("default", "").strip()
        if why := _why_not(line, text):
            messages.error(request, why)
        else:
            line.default = text
            line.save(update_fields=["default"])
            set_up_anew([line.connection.key], by=name_of(request.user), now=timezone.now())
            messages.success(
                request,
                f"“{text}” stands in {line.property} for leads without one. They are written again at once.",
            )
        asked = request.POST.get("next", "")
        own = f"{reverse('admin:crm_sync_crmconnection_change', args=(object_id,))}#mappings"
        return HttpResponseRedirect(
            asked if url_has_allowed_host_and_scheme(asked, allowed_hosts={request.get_host()}) else own
        )


def _why_not(line: FieldMapping, text: str) -> str:
    longest = FieldMapping._meta.get_field("default").max_length or 0
    if not text:
        return "Write what is to stand there, or leave the leads for somebody to complete."
    if len(text) > longest:
        return f"This is longer than {longest} characters."
    rules = rules_of(line.connection)
    said = MappingLine(line.canonical, line.property, line.values, mode=line.mode, default=text)
    found = rules.troubles(said) if rules else ()
    return next((each.words for each in found if each.field == "default"), "")
