"""A connection without lines of its mapping can start with the usual ones: shown first, then added."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action
from unfold.forms import BaseDialogForm

from crm_sync.admin.modes import opens_dialog
from crm_sync.connectors import kinds_that_cannot
from crm_sync.connectors.base import SetupProblem
from crm_sync.models import CrmConnection
from crm_sync.outbound import crm_fields, usual_lines
from crm_sync.outbound.set_up_anew import set_up_anew
from crm_sync.schema import reading
from plumbing.admin_kit.pages import to_page
from plumbing.counting import counted
from plumbing.http import RemoteError


class StartForm(BaseDialogForm):
    form_after_template = "crm_sync/usual_lines.html"

    def get_after_template_context(
        self, request: HttpRequest, object_id: int | str | None = None
    ) -> dict[str, Any]:
        row = CrmConnection.objects.filter(pk=self.object_id).first()
        if row is None:
            return {}
        trouble = _read(row) if opens_dialog(request) else ""
        lines = [(crm_fields.label(line.canonical), line) for line in usual_lines.of(row)]
        return {"crm": row.crm_name, "lines": lines, "trouble": trouble}


class StartsWithUsualLines:
    """For the page of a connection."""

    def has_usual_lines_permission(self: Any, request: HttpRequest, object_id: str = "") -> bool:
        may = bool(self.has_change_permission(request, object_id or None))
        able = CrmConnection.objects.exclude(kind__in=kinds_that_cannot("properties"))
        return may and able.filter(pk=object_id).exists()

    @action(
        description="Add the usual lines…",
        icon="playlist_add",
        permissions=["usual_lines"],
        dialog={
            "title": "Add the usual lines?",
            "description": "Those that the mapping lacks. Each can be changed or switched off afterwards.",
            "form_class": StartForm,
            "form_submit_text": "Add them",
        },
    )
    def usual_lines(self: Any, request: HttpRequest, form: StartForm, object_id: str) -> HttpResponse:
        row = CrmConnection.objects.get(pk=object_id)
        if trouble := _read(row):
            self.message_user(request, f"The properties could not be read: {trouble}", messages.ERROR)
            return to_page(reverse("admin:crm_sync_crmconnection_change", args=(object_id,)))
        with transaction.atomic():
            CrmConnection.objects.select_for_update(no_key=True).get(pk=row.pk)
            lines = usual_lines.of(row)
            for line in lines:
                line.save()
        set_up_anew([row.key], by=str(request.user), now=timezone.now())
        self.message_user(
            request,
            f"{counted(len(lines), 'line')} added: they stand under Mappings."
            if lines
            else "The mapping has every usual line that fits.",
        )
        return to_page(reverse("admin:crm_sync_crmconnection_change", args=(object_id,)))


def _read(row: CrmConnection) -> str:
    """The properties, where nobody has read them yet; why they could not be read, "" for nothing."""
    if reading.read_at(row.pk) is not None:
        return ""
    try:
        reading.read_now(row)
    except (RemoteError, SetupProblem) as error:
        return str(error)
    return ""
