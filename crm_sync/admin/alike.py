"""On the page of an exception about a duplicate: the lead beside each record that is like it, and a button for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString

from crm_sync.admin.record_links import record_link
from crm_sync.alike_there import AlikeSaid, AlikeThere
from crm_sync.connectors import connector_class
from crm_sync.models import FieldMapping, OutboxEntry
from crm_sync.outbound import alike_records, crm_fields
from crm_sync.outbound.combining import by_property
from crm_sync.outbound.crm_fields import OWNER
from exception_queue.models import ExceptionItem
from exception_queue.pages import Panel
from exception_queue.queue import RetryRefused
from intake.models import Lead
from plumbing import access
from plumbing.admin_kit.people import name_of
from routing.models import Assignment


@dataclass(frozen=True, slots=True)
class _RecordThere:
    """One record there. `lead` is whose it is here already, `other_kind`: it is no such record as would have been made."""

    there: AlikeThere
    link: SafeString | str
    lead: Lead | None
    other_kind: bool
    may_be_it: bool


@dataclass(frozen=True, slots=True)
class _AskingCrm:
    """One CRM that asks. `lines` are label, ours and the values of each column."""

    entry: OutboxEntry
    said: AlikeSaid
    crm: str
    columns: Sequence[_RecordThere]
    lines: Sequence[tuple[str, str, Sequence[str]]]
    act_url: str


def panel(item: ExceptionItem, user: Any) -> Panel | None:
    """None where nothing waits for an answer, or for those who see no leads."""
    if not user.has_perm("intake.view_lead"):
        return None
    rows = list(access.rows_for(user, alike_records.rows_of([item.subject_id])))
    if not rows:
        return None
    return Panel(
        "crm_sync/alike.html",
        {
            "sides": [_side(row) for row in rows],
            "may": user.has_perm("crm_sync.change_outboxentry")
            and access.may(user, OutboxEntry, rows[0].pk, "act"),
        },
    )


class AnswersDuplicates:
    """For the page of the outbox: what the panel above sends."""

    def get_custom_urls(self: Any) -> tuple[tuple[str, str, Any], ...]:
        address = ("<path:object_id>/same/", "crm_sync_outboxentry_same", self.same)
        return (*super().get_custom_urls(), address)  # type: ignore[misc]

    def same(self: Any, request: HttpRequest, object_id: str, **kwargs: Any) -> HttpResponse:
        may = request.user.has_perm("crm_sync.change_outboxentry")
        if not may or not access.may(request.user, OutboxEntry, object_id, "act"):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        by, now = name_of(request.user), timezone.now()
        try:
            done = alike_records.same_as(int(object_id), request.POST.get("record", ""), by=by, now=now)
        except RetryRefused as refused:
            messages.error(request, str(refused))
        else:
            if done:
                messages.success(request, "The lead is linked to this record, and written into it at once.")
            else:
                messages.warning(request, "That is not asked any more: look again at what stands here.")
        asked = request.POST.get("next", "")
        own = reverse("admin:crm_sync_outboxentry_changelist")
        return HttpResponseRedirect(
            asked if url_has_allowed_host_and_scheme(asked, allowed_hosts={request.get_host()}) else own
        )


def _side(row: OutboxEntry) -> _AskingCrm:
    said = row.alike
    leads = Lead.objects.in_bulk([one.lead for one in said.records if one.lead])
    here = {str(pk): lead for pk, lead in leads.items()}
    choices = alike_records.choices(said)
    columns = [
        _RecordThere(
            one,
            record_link(row.connection, one.remote_id),
            here.get(one.lead),
            other_kind=bool(one.kind and said.made and one.kind != said.made),
            may_be_it=one.remote_id in choices,
        )
        for one in said.records
    ]
    return _AskingCrm(
        row,
        said,
        row.connection.crm_name,
        columns,
        _lines(row, said),
        reverse("admin:crm_sync_outboxentry_same", args=(row.pk,)),
    )


def _lines(row: OutboxEntry, said: AlikeSaid) -> list[tuple[str, str, list[str]]]:
    """What is mapped, in the order of the mapping, where either side says anything."""
    made = connector_class(row.connection.kind)
    owner = made.names.owner if made else ""
    found = []
    mapped: Mapping[str, Sequence[FieldMapping]] = by_property(
        list(row.connection.mappings.filter(active=True))
    )
    for name, lines in mapped.items():
        is_owner = name == owner or lines[0].canonical == OWNER
        ours = _our_owner(row) if is_owner else said.ours.get(name, "")
        theirs = [one.owner if is_owner else one.values.get(name, "") for one in said.records]
        if ours or any(theirs):
            found.append((" + ".join(crm_fields.label(one.canonical) for one in lines), ours, theirs))
    return found


def _our_owner(row: OutboxEntry) -> str:
    held = Assignment.objects.filter(lead=row.lead_id).select_related("owner", "queue").first()
    return str(held.owner or held.queue or "") if held else ""
