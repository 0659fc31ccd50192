"""The buttons of the lead page. Each goes through its writer in routing.handover.actions and says what happened."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action
from unfold.forms import BaseDialogForm

from intake.lead_changes import LeadEdit, edit_leads
from intake.models import Lead
from leadops.console.lead.dialogs import ContactedForm, DeclineForm, DisqualifyForm, ReassignForm
from plumbing.admin_kit.people import name_of
from routing.handover import actions

SOURCE = "console"
# What is done rarely stands behind “More”.
RARE = ("Mark as test", "No test")


class LeadActions:
    """For the lead's page: `actions_detail` names these."""

    actions_detail = ("contacted", "reassign", "disqualify", "decline", "mark_test", "unmark_test")

    @action(
        description="Contacted",
        permissions=["change"],
        icon="call",
        dialog={
            "title": "Somebody has answered",
            "description": "The clock stops and reminders end. Without evidence in the CRM it counts as claimed.",
            "form_class": ContactedForm,
            "form_submit_text": "Contacted",
        },
    )
    def contacted(self, request: HttpRequest, form: ContactedForm, object_id: str) -> HttpResponse:
        def act(now: datetime) -> str:
            actions.mark_contacted(
                lead_id=UUID(object_id),
                at=form.at(now),
                by=form.cleaned_data["by"],
                evidence="claimed",
                source=SOURCE,
                actor=name_of(request.user),
                now=now,
            )
            return f"Contacted by {form.cleaned_data['by']}. The clock has stopped."

        return _done(request, object_id, act)

    @action(
        description="Reassign",
        permissions=["change"],
        icon="sync_alt",
        dialog={
            "title": "Give this lead to somebody else",
            "description": "Both hear of it. The customer's clock goes on, and nobody's turn is used.",
            "form_class": ReassignForm,
            "form_submit_text": "Reassign",
        },
    )
    def reassign(self, request: HttpRequest, form: ReassignForm, object_id: str) -> HttpResponse:
        def act(now: datetime) -> str:
            row = actions.reassign(
                lead_id=UUID(object_id),
                **form.receiver,
                reason=form.cleaned_data["reason"],
                source=SOURCE,
                actor=name_of(request.user),
                lock=form.cleaned_data["lock"],
                now=now,
            )
            return f"{row} has it now."

        return _done(request, object_id, act)

    @action(
        description="Disqualify",
        permissions=["change"],
        icon="block",
        dialog={
            "title": "Not a lead after all",
            "description": "Nobody has to answer any more. If the person comes back, it is a lead again.",
            "form_class": DisqualifyForm,
            "form_submit_text": "Disqualify",
        },
    )
    def disqualify(self, request: HttpRequest, form: DisqualifyForm, object_id: str) -> HttpResponse:
        def act(now: datetime) -> str:
            reason = form.cleaned_data["reason"]
            actions.disqualify(
                lead_id=UUID(object_id), reason=reason, source=SOURCE, actor=name_of(request.user), now=now
            )
            return f"Disqualified: {reason}"

        return _done(request, object_id, act)

    @action(
        description="Decline",
        permissions=["change"],
        icon="undo",
        dialog={
            "title": "The owner gives it back",
            "description": "",
            "form_class": DeclineForm,
            "form_submit_text": "Give it back",
        },
    )
    def decline(self, request: HttpRequest, form: DeclineForm, object_id: str) -> HttpResponse:
        def act(now: datetime) -> str:
            row = actions.decline(
                lead_id=UUID(object_id),
                reason=form.cleaned_data["reason"],
                source=SOURCE,
                actor=name_of(request.user),
                now=now,
            )
            return f"Given back. {row} has it now."

        return _done(request, object_id, act)

    def has_mark_test_permission(self, request: HttpRequest, object_id: str = "") -> bool:
        return self._may_become_test(request, object_id, is_test=True)

    def has_unmark_test_permission(self, request: HttpRequest, object_id: str = "") -> bool:
        return self._may_become_test(request, object_id, is_test=False)

    def _may_become_test(self: Any, request: HttpRequest, object_id: str, *, is_test: bool) -> bool:
        may = bool(self.has_change_permission(request, object_id or None))
        return may and Lead.objects.filter(pk=object_id, is_test=not is_test).exists()

    @action(
        description="Mark as test",
        permissions=["mark_test"],
        icon="science",
        dialog={
            "title": "Is somebody only trying things out?",
            "description": "The lead stays as it is, with its owner, clock and notices. It is not counted any more, and CRM "
            "connections in test mode write it.",
            "form_class": None,
            "form_submit_text": "Mark as test",
        },
    )
    def mark_test(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        return _set_test(request, object_id, is_test=True, words="It is a test lead now.")

    @action(
        description="No test",
        permissions=["unmark_test"],
        icon="science_off",
        dialog={
            "title": "Is it a lead like any other?",
            "description": "It is counted from now on. CRM connections in test mode do not write it any more; what stands there "
            "stays as it is.",
            "form_class": None,
            "form_submit_text": "No test",
        },
    )
    def unmark_test(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        return _set_test(request, object_id, is_test=False, words="It is no test lead any more.")


def _set_test(request: HttpRequest, object_id: str, *, is_test: bool, words: str) -> HttpResponse:
    def act(now: datetime) -> str:
        edit = LeadEdit(UUID(object_id), {"is_test": is_test})
        with transaction.atomic():
            edit_leads([edit], actor=name_of(request.user), source=SOURCE, now=now)
        return words

    return _done(request, object_id, act)


def _done(request: HttpRequest, object_id: str, act: Callable[[datetime], str]) -> HttpResponse:
    """Act, say what happened or why not, and show the lead again."""
    try:
        messages.success(request, act(timezone.now()))
    except actions.Refused as refusal:
        messages.error(request, str(refusal))
    page = reverse("admin:intake_lead_change", args=(object_id,))
    return (
        HttpResponse(status=204, headers={"HX-Redirect": page})
        if request.headers.get("HX-Request")
        else _see(page)
    )


def _see(page: str) -> HttpResponse:
    return HttpResponse(status=303, headers={"Location": page})
