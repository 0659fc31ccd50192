"""Observing a connection and going live with it."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldBooleanSwitchWidget

from crm_sync import belonging, outbox
from crm_sync.models import CrmConnection
from crm_sync.outbound import preview
from intake.models import Lead
from plumbing import access, nudges
from plumbing.admin_kit.pages import to_page
from plumbing.counting import counted

_SHOWN = 3


class LiveForm(BaseDialogForm):
    """Whether the leads that came while it was only observed are written as well, and what that would be."""

    form_after_template = "crm_sync/live_preview.html"
    catch_up = forms.BooleanField(required=False, widget=UnfoldBooleanSwitchWidget())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row = (
            CrmConnection.objects.filter(pk=self.object_id).first() if str(self.object_id).isdigit() else None
        )
        self.row = row
        self.missing = belonging.missing(row) if row is not None else []
        count = len(self.missing)
        self.fields[
            "catch_up"
        ].label = f"Also write {counted(count, 'lead that has', 'leads that have')} no record there yet"
        if not count:
            del self.fields["catch_up"]

    def get_after_template_context(
        self, request: HttpRequest, object_id: int | str | None = None
    ) -> dict[str, Any]:
        """The newest of the leads that the viewer may see, each with what its record would be given."""
        if self.row is None or not request.user.has_perm("intake.view_lead"):
            return {"records": []}
        leads = access.rows_for(request.user, Lead.objects.filter(pk__in=self.missing)).order_by(
            "-created_at"
        )
        lines = list(self.row.mappings.filter(active=True))
        records = [(lead, preview.of_lead(self.row, lines, lead)) for lead in leads[:_SHOWN]]
        return {"records": records, "crm": self.row.crm_name}


class ModeActions:
    """`actions_detail` of the page names these."""

    def has_observe_permission(self, request: HttpRequest, object_id: str = "") -> bool:
        return self._may_be_set(request, object_id, now=CrmConnection.Mode.LIVE)

    def has_live_permission(self, request: HttpRequest, object_id: str = "") -> bool:
        return self._may_be_set(request, object_id, now=CrmConnection.Mode.OBSERVE)

    def _may_be_set(self: Any, request: HttpRequest, object_id: str, *, now: str) -> bool:
        may = bool(self.has_change_permission(request, object_id or None))
        return may and CrmConnection.objects.filter(pk=object_id, mode=now).exists()

    @action(
        description="Only observe",
        icon="visibility",
        permissions=["observe"],
        dialog={
            "title": "Write nothing there any more?",
            "description": "It is still asked who people are, and what changes there still comes in. What waits is kept until "
            "it is live again, and owners are told without waiting for it.",
            "form_class": None,
            "form_submit_text": "Only observe",
        },
    )
    def observe(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        return self._set(
            request, object_id, CrmConnection.Mode.OBSERVE, "It is observed: nothing is written there."
        )

    @action(
        description="Go live…",
        icon="play_arrow",
        permissions=["live"],
        dialog={
            "title": "Write to this CRM?",
            "description": "From now on every lead that belongs there is written, with its owner and task.",
            "form_class": LiveForm,
            "form_submit_text": "Go live",
        },
    )
    def live(self, request: HttpRequest, form: LiveForm, object_id: str) -> HttpResponse:
        answer = self._set(
            request, object_id, CrmConnection.Mode.LIVE, "It is live: leads are written there."
        )
        if form.cleaned_data.get("catch_up"):
            row = CrmConnection.objects.get(pk=object_id)
            outbox.queue_for(row.pk, belonging.missing(row), now=timezone.now())
        nudges.nudge(outbox.DRAIN)
        return answer

    def _set(self: Any, request: HttpRequest, object_id: str, mode: str, words: str) -> HttpResponse:
        row = CrmConnection.objects.get(pk=object_id)
        row.mode = mode
        self.save_model(request, row, form=None, change=True)
        self.message_user(request, words)
        return to_page(reverse("admin:crm_sync_crmconnection_change", args=(object_id,)))
