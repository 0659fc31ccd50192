"""On the page of an exception about values that are no option: each beside the options that there are, and one button."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from unfold.widgets import SELECT_CLASSES

from crm_sync.connectors.definitions import PropertyDefinition
from crm_sync.models import FieldMapping
from crm_sync.outbound import crm_fields, translating
from crm_sync.outbound.translating import Translation
from exception_queue.models import ExceptionItem
from exception_queue.pages import Panel
from plumbing.admin_kit.people import name_of
from plumbing.whole_numbers import whole_number

SHOWN = 50
# Before an option, which may be called anything, and alone for leaving the property empty.
_SAYS = "="


def panel(item: ExceptionItem, user: Any) -> Panel | None:
    """None where no value is no option, and for those who see no leads: it is what these have said."""
    mapping = _line(item.subject_id)
    definition = translating.definition_of(mapping) if mapping is not None else None
    if mapping is None or definition is None or not user.has_perm("intake.view_lead"):
        return None
    values = translating.without_option(mapping, definition)
    if not values:
        return None
    return Panel(
        "crm_sync/translate.html",
        {
            "mapping": mapping,
            "field": crm_fields.label(mapping.canonical),
            "crm": mapping.connection.crm_name,
            "property": definition,
            "values": [
                (_key(each.ours), each, _said(each.now), _said(each.guess or None)) for each in values[:SHOWN]
            ],
            "more": max(0, len(values) - SHOWN),
            "options": [(f"{_SAYS}{value}", label or value) for value, label in definition.options],
            "may": user.has_perm("crm_sync.change_crmconnection"),
            "act_url": reverse("admin:crm_sync_crmconnection_translate", args=(mapping.connection_id,)),
            "select_class": " ".join(SELECT_CLASSES),
        },
    )


class TranslatesValues:
    """For the page of a connection: what the panel above sends."""

    def get_custom_urls(self: Any) -> tuple[tuple[str, str, Any], ...]:
        address = ("<path:object_id>/translate/", "crm_sync_crmconnection_translate", self.translate)
        return (*super().get_custom_urls(), address)  # type: ignore[misc]

    def translate(self: Any, request: HttpRequest, object_id: str, **kwargs: Any) -> HttpResponse:
        if not self.has_change_permission(request, object_id):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        mapping = _line(request.POST.get("mapping", ""))
        if mapping is None or str(mapping.connection_id) != object_id:
            raise Http404("This line is not there any more.")
        definition = translating.definition_of(mapping)
        if definition is None:
            messages.error(
                request, f"“{mapping.property}” takes no options any more: look at the line itself."
            )
            return _back(request, mapping)
        wanted, unknown = _wanted(request.POST, mapping, definition)
        for theirs in unknown:
            messages.error(
                request, f"“{theirs}” is no option of {definition.label} any more: choose another."
            )
        if wanted:
            _say(
                request,
                translating.translate(mapping.pk, wanted, by=name_of(request.user), now=timezone.now()),
            )
        elif not unknown:
            messages.warning(request, "Nothing was chosen, or no lead lacks it any more.")
        return _back(request, mapping)


def _line(number: str) -> FieldMapping | None:
    pk = whole_number(number)
    return None if pk is None else FieldMapping.objects.select_related("connection").filter(pk=pk).first()


def _wanted(
    posted: Mapping[str, str], mapping: FieldMapping, definition: PropertyDefinition
) -> tuple[dict[str, Translation], list[str]]:
    """What was chosen, and what of it is no option."""
    options = {"", *(value for value, _ in definition.options)}
    wanted, unknown = dict[str, Translation](), list[str]()
    for each in translating.without_option(mapping, definition):
        chosen = posted.get(field_of(each.ours), "")
        if not chosen.startswith(_SAYS):
            continue
        theirs = chosen.removeprefix(_SAYS)
        if theirs not in options:
            unknown.append(theirs)
            continue
        was = posted.get(f"was-{_key(each.ours)}", "")
        wanted[each.ours] = Translation(theirs, was.removeprefix(_SAYS) if was else None)
    return wanted, unknown


def _say(request: HttpRequest, result: translating.Translated) -> None:
    if result.done:
        messages.success(request, f"{translating.in_words(result.done)} The leads are written again at once.")
    for ours, theirs in result.elsewise.items():
        messages.warning(
            request, f"Somebody has translated “{ours}” to “{theirs}” meanwhile. It was left as they said."
        )


def _back(request: HttpRequest, mapping: FieldMapping) -> HttpResponse:
    asked = request.POST.get("next", "")
    own = f"{reverse('admin:crm_sync_crmconnection_change', args=(mapping.connection_id,))}#mappings"
    return HttpResponseRedirect(
        asked if url_has_allowed_host_and_scheme(asked, allowed_hosts={request.get_host()}) else own
    )


def field_of(ours: str) -> str:
    """The name under which it is said what becomes of a value."""
    return f"to-{_key(ours)}"


def _key(ours: str) -> str:
    """A value as the name of a field: what people have typed may be anything."""
    return sha256(ours.encode()).hexdigest()[:16]


def _said(theirs: str | None) -> str:
    return "" if theirs is None else f"{_SAYS}{theirs}"
