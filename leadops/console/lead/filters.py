"""Filters of the lead list over what the layers above intake know: each is one EXISTS over an indexed key."""

from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import DropdownFilter

from crm_sync import crm_state
from crm_sync.models import CrmLink, OutboxEntry
from intake.models import IntakeForm, Lead, Submission
from leadops import evidence
from plumbing import access
from plumbing.whole_numbers import whole_number
from routing.models import Assignment, LeadScore, Owner, Queue, SlaClock

Leads = QuerySet[Lead]


class OwnerFilter(DropdownFilter):
    title = "owner"
    parameter_name = "owner"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        found = [("none", "Nobody (in a queue)")]
        if Owner.objects.filter(user=request.user.pk or 0).exists():
            found.append(("me", "Me"))
        theirs = access.rows_for(request.user, Owner.objects.all())
        owners = theirs.order_by("-active", "name").values_list("pk", "name", "active")
        return found + [(str(pk), name if active else f"{name} (not active)") for pk, name, active in owners]

    def queryset(self, request: HttpRequest, leads: Leads) -> Leads:
        match self.value():
            case None | "":
                return leads
            case "none":
                return leads.filter(_assigned(owner__isnull=True))
            case "me":
                return leads.filter(_assigned(owner__user=request.user.pk))
            case value:
                return leads.filter(_assigned(owner=_number(value)))


class QueueFilter(DropdownFilter):
    title = "queue"
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        theirs = access.rows_for(request.user, Queue.objects.all())
        return [(str(pk), name) for pk, name in theirs.order_by("name").values_list("pk", "name")]

    def queryset(self, request: HttpRequest, leads: Leads) -> Leads:
        return leads.filter(_assigned(queue=_number(self.value()))) if self.value() else leads


class SegmentFilter(DropdownFilter):
    title = "segment"
    parameter_name = "segment"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("hot", "Hot"), ("warm", "Warm"), ("cold", "Cold"), ("disqualified", "Disqualified")]

    def queryset(self, request: HttpRequest, leads: Leads) -> Leads:
        if not self.value():
            return leads
        return leads.filter(Exists(LeadScore.objects.filter(lead=OuterRef("pk"), segment=self.value())))


class ClockFilter(DropdownFilter):
    title = "answer"
    parameter_name = "clock"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("overdue", "Overdue"),
            ("waiting", "Still waited for"),
            ("late", "Came late"),
            ("in_time", "Came in time"),
            ("claimed", "Claimed, not seen in the CRM"),
        ]

    def queryset(self, request: HttpRequest, leads: Leads) -> Leads:
        clocks = SlaClock.objects.filter(lead=OuterRef("pk"))
        running = clocks.filter(status=SlaClock.Status.RUNNING)
        met = clocks.filter(status=SlaClock.Status.MET)
        match self.value():
            case "overdue":
                return leads.filter(Exists(running.filter(due_at__lte=timezone.now())))
            case "waiting":
                return leads.filter(Exists(running))
            case "late":
                return leads.filter(Exists(met.filter(met_at__gt=F("due_at"))))
            case "in_time":
                return leads.filter(Exists(met.filter(met_at__lte=F("due_at"))))
            case "claimed":
                return leads.filter(pk__in=evidence.claims_without_proof(now=timezone.now()).values("lead"))
        return leads


class FormFilter(DropdownFilter):
    title = "form"
    parameter_name = "form"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(IntakeForm.objects.order_by("name").values_list("key", "name"))

    def queryset(self, request: HttpRequest, leads: Leads) -> Leads:
        if not self.value():
            return leads
        return leads.filter(Exists(Submission.objects.filter(lead=OuterRef("pk"), form__key=self.value())))


class CrmFilter(DropdownFilter):
    title = "CRM"
    parameter_name = "crm"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("waiting", "Waiting to be written"),
            ("without_owner", "There, without the right owner"),
            ("gave_up", "Refused"),
            ("gone", "Deleted or merged away there"),
            ("absent", "Not there"),
        ]

    def queryset(self, request: HttpRequest, leads: Leads) -> Leads:
        entries = OutboxEntry.objects.filter(lead=OuterRef("pk"))
        match self.value():
            case "waiting":
                return leads.filter(Exists(entries.filter(status=OutboxEntry.Status.PENDING)))
            case "without_owner":
                return leads.filter(pk__in=crm_state.without_right_owner().values("lead"))
            case "gave_up":
                return leads.filter(Exists(entries.filter(status=OutboxEntry.Status.DEAD)))
            case "gone":
                gone = CrmLink.objects.filter(lead=OuterRef("pk"), gone_at__isnull=False)
                return leads.filter(Exists(gone.exclude(gone_how=CrmLink.Gone.MOVED)))
            case "absent":
                return leads.filter(~Exists(CrmLink.objects.filter(lead=OuterRef("pk"))))
        return leads


def _assigned(**lookups: Any) -> Exists:
    return Exists(Assignment.objects.filter(lead=OuterRef("pk"), **lookups))


def _number(text: str | None) -> int:
    """What somebody typed into the address; nobody has the number 0."""
    return whole_number(text or "") or 0
