"""Teams and queues."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Min, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.timesince import timesince
from unfold.contrib.filters.admin import BooleanRadioFilter
from unfold.decorators import display

from plumbing.admin_kit.filters import TheirsDropdownFilter
from plumbing.admin_kit.form_fields import ADDRESSES_HELP, AddressesForm, LinesField
from plumbing.admin_kit.pages import ConfigurationPage
from plumbing.counting import counted
from routing.models import Queue, Team


class TeamForm(AddressesForm):
    notify = LinesField(
        label="Tell",
        required=False,
        help_text=ADDRESSES_HELP,
    )

    class Meta:
        model = Team
        fields = ["name", "manager", "calendar", "notify", "active"]
        help_texts = {
            "manager": "Hears of overdue leads, and looks after the team: its people, rotations, territories and leads.",
            "calendar": "Opening hours of response times, and of owners without a calendar of their own.",
        }


@admin.register(Team)
class TeamPage(ConfigurationPage):
    form = TeamForm
    list_display = ["name", "people", "manager", "calendar", "tells", "active"]
    list_filter = [("active", BooleanRadioFilter)]
    list_select_related = ["manager", "calendar"]
    search_fields = ["name", "manager__name"]
    autocomplete_fields = ["manager", "calendar"]
    empty_icon = "groups"
    empty_title = "No teams yet"
    empty_text = "A team has a manager who hears of overdue leads, opening hours, and addresses to tell."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        rows: QuerySet[Team] = super().get_queryset(request)
        return rows.annotate(owner_count=Count("owners", filter=Q(owners__active=True)))

    @display(description="Owners", ordering="owner_count")
    def people(self, row: Any) -> int:
        return int(row.owner_count)

    @display(description="Tells", empty_value="–")
    def tells(self, row: Team) -> str | None:
        return ", ".join(row.notify) or None


class QueueForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Queue
        fields = ["name", "team", "crm_owner", "fallback", "customers", "active"]
        labels = {"crm_owner": "Shown in the CRM as"}

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        other = Queue.objects.filter(fallback=True).exclude(pk=self.instance.pk).first()
        if cleaned.get("fallback") and other:
            self.add_error("fallback", f"“{other}” is the fallback already. Clear it there first.")
        if cleaned.get("fallback") and not cleaned.get("active"):
            self.add_error("active", "The fallback queue has to be active: it gets whatever no rule matched.")
        return cleaned


@admin.register(Queue)
class QueuePage(ConfigurationPage):
    form = QueueForm
    list_display = ["title", "team", "waiting", "oldest_wait", "crm_owner", "active"]
    list_filter = [("team", TheirsDropdownFilter), ("active", BooleanRadioFilter)]
    list_select_related = ["team", "crm_owner", "line_of"]
    search_fields = ["name", "team__name"]
    autocomplete_fields = ["team", "crm_owner"]
    change_form_outer_before_template = "routing/draft_summary.html"
    empty_icon = "inbox"
    empty_title = "No queues yet"
    empty_text = "A queue is a place where leads wait for a person. One has to be the fallback: add it first."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Queue]:
        rows: QuerySet[Queue] = super().get_queryset(request)
        return rows.annotate(lead_count=Count("assignments"), oldest=Min("assignments__assigned_at"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if isinstance(obj, Queue) and obj.holding_queue:
            return False
        return bool(super().has_change_permission(request, obj))

    def summary(self, request: HttpRequest, row: Queue) -> Mapping[str, Any]:
        count = row.assignments.count()
        leads = f"{counted(count, 'lead waits', 'leads wait')} here."
        return {"answer": leads, "leads_url": f"{reverse('admin:intake_lead_changelist')}?queue={row.pk}"}

    @display(description="Queue", header=True, ordering="name")
    def title(self, row: Queue) -> list[str]:
        what = "Fallback: gets whatever no rule matched" if row.fallback else ""
        if row.customers:
            what = f"{what}; for customers" if what else "For customers without an owner"
        return [row.name, "Holding queue of a rotation" if row.holding_queue else what]

    @display(description="Leads", ordering="lead_count")
    def waiting(self, row: Any) -> int:
        return int(row.lead_count)

    @display(description="Oldest waits", ordering="oldest", empty_value="–")
    def oldest_wait(self, row: Any) -> str | None:
        return timesince(row.oldest, depth=1) if row.oldest else None
