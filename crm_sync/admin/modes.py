"""Observing a connection, trying it with test leads, and going live with it."""

from collections.abc import Collection
from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldBooleanSwitchWidget

from crm_sync import belonging, outbox
from crm_sync.connectors import can, messages_of
from crm_sync.models import CrmConnection, OutboxEntry
from crm_sync.outbound import drift, drift_findings, message_preview, preview
from crm_sync.outbound.crm_fields import OWNER
from crm_sync.outbound.drift_findings import OWNER_THERE
from crm_sync.outbound.lines import lines_of
from intake.models import Lead
from plumbing import access, nudges
from plumbing.admin_kit.pages import to_page
from plumbing.counting import counted
from routing.models import Owner

Mode = CrmConnection.Mode

_SHOWN = 3


class ModeForm(BaseDialogForm):
    """Whether leads that have no record there yet are written as well, and what that would be: in the mode that it is to have."""

    mode: ClassVar[str]
    words: ClassVar[tuple[str, str]]
    form_after_template = "crm_sync/live_preview.html"
    catch_up = forms.BooleanField(required=False, widget=UnfoldBooleanSwitchWidget())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row = (
            CrmConnection.objects.filter(pk=self.object_id).first() if str(self.object_id).isdigit() else None
        )
        self.row = row
        self.missing = []
        if row is not None:
            row.mode = self.mode
            self.missing = belonging.missing(row)
        count = len(self.missing)
        one, many = self.words
        self.fields[
            "catch_up"
        ].label = f"Also write {counted(count, f'{one} that has', f'{many} that have')} no record there yet"
        if not count:
            del self.fields["catch_up"]

    def get_after_template_context(
        self, request: HttpRequest, object_id: int | str | None = None
    ) -> dict[str, Any]:
        """What the CRM has against what would come: above all who is nobody there. How many leads wait already, and the newest of
        those without a record that the viewer may see, each with what its record would be given."""
        if self.row is None:
            return {"records": []}
        # Of what is only told nobody can say what it has against anything.
        against = _against(request, self.row) if can(self.row.kind).properties else {}
        if not request.user.has_perm("intake.view_lead"):
            return {"records": [], **against}
        leads = access.rows_for(request.user, Lead.objects.filter(pk__in=self.missing)).order_by(
            "-created_at"
        )
        lines = lines_of(self.row)
        told = bool(messages_of(self.row.kind))
        records = [
            (
                lead,
                None if told else preview.of_lead(self.row, lines, lead),
                message_preview.of_lead(self.row, lead)[:1] if told else None,
            )
            for lead in leads[:_SHOWN]
        ]
        waiting = self.row.outbox.filter(status=OutboxEntry.Status.PENDING)
        return {
            **against,
            "records": records,
            "crm": self.row.crm_name,
            "waiting": outbox.only_written(self.row, waiting).count(),
            "without_tests": self.mode == Mode.TEST and not Lead.objects.filter(is_test=True).exists(),
            "addresses_url": test_addresses(request),
        }


def _against(request: HttpRequest, row: CrmConnection) -> dict[str, Any]:
    """As the CRM is now: where it was read a while ago, whoever opens the dialog has it read."""
    standing = drift.stand(row, ask=opens_dialog(request), now=timezone.now())
    seen = {
        email.lower()
        for email in access.rows_for(request.user, Owner.objects.all()).values_list("email", flat=True)
    }
    mapped = set(row.mappings.filter(active=True).values_list("canonical", flat=True))
    return {
        "standing": standing,
        "crm": row.crm_name,
        "lacks": _lacks(mapped),
        "nobodys": drift_findings.queues_that_show_nobody(),
        "against": [
            one
            for one in standing.found
            if one.subject.type != OWNER_THERE or one.subject.id.partition(" ")[2] in seen
        ],
    }


def opens_dialog(request: HttpRequest) -> bool:
    """By a person who is on the page; a plain GET calls nobody."""
    return request.method == "GET" and "HX-Request" in request.headers


def _lacks(mapped: Collection[str]) -> str:
    if not mapped:
        return "No field is mapped yet: records would be made with nothing in them."
    if OWNER not in mapped:
        return "No line has the owner: records would stand there without one."
    return ""


class TryOutForm(ModeForm):
    mode = Mode.TEST
    words = ("test lead", "test leads")


class LiveForm(ModeForm):
    mode = Mode.LIVE
    words = ("lead", "leads")


class ModeActions:
    """`actions_detail` of the page names these."""

    def has_observe_permission(self, request: HttpRequest, object_id: str = "") -> bool:
        return self._may_become(request, object_id, Mode.OBSERVE)

    def has_try_out_permission(self, request: HttpRequest, object_id: str = "") -> bool:
        return self._may_become(request, object_id, Mode.TEST)

    def has_live_permission(self, request: HttpRequest, object_id: str = "") -> bool:
        return self._may_become(request, object_id, Mode.LIVE)

    def _may_become(self: Any, request: HttpRequest, object_id: str, mode: str) -> bool:
        may = bool(self.has_change_permission(request, object_id or None))
        return may and CrmConnection.objects.filter(pk=object_id).exclude(mode=mode).exists()

    @action(
        description="Only observe",
        icon="visibility",
        permissions=["observe"],
        dialog={
            "title": "Write nothing there any more?",
            "description": "What can be read there still is, and what changes there still comes in. What waits is kept until it "
            "is live again, and owners are told without waiting for it.",
            "form_class": None,
            "form_submit_text": "Only observe",
        },
    )
    def observe(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        return self._set(request, object_id, Mode.OBSERVE, "It is observed: nothing is written there.")

    @action(
        description="Test leads only…",
        icon="science",
        permissions=["try_out"],
        dialog={
            "title": "Write only test leads there?",
            "description": "Test leads are written with owner and task, as all leads will be. Of the others nothing is: what "
            "waits of them is kept until it is live, and their owners are told without waiting for it.",
            "form_class": TryOutForm,
            "form_submit_text": "Only test leads",
        },
    )
    def try_out(self, request: HttpRequest, form: TryOutForm, object_id: str) -> HttpResponse:
        return self._write(request, form, object_id, "Only test leads are written there from now on.")

    @action(
        description="Go live…",
        icon="play_arrow",
        permissions=["live"],
        dialog={
            "title": "Write to this CRM?",
            "description": "From now on every lead that belongs there is written, with its owner, and a task where the "
            "connection makes one.",
            "form_class": LiveForm,
            "form_submit_text": "Go live",
        },
    )
    def live(self, request: HttpRequest, form: LiveForm, object_id: str) -> HttpResponse:
        return self._write(request, form, object_id, "It is live: leads are written there.")

    def _write(self: Any, request: HttpRequest, form: ModeForm, object_id: str, words: str) -> HttpResponse:
        answer: HttpResponse = self._set(request, object_id, form.mode, words)
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


def test_addresses(request: HttpRequest) -> str:
    """The address of their list, "" for whoever may not see it."""
    may = request.user.has_perm("intake.view_testaddress")
    return reverse("admin:intake_testaddress_changelist") if may else ""
