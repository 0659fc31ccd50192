"""The questions that are asked before somebody acts on a lead."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.http import Http404
from django.utils import timezone
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminSelect2Widget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from intake.models import Lead
from plumbing.admin_kit.people import name_of
from routing import access
from routing.handover import actions
from routing.models import Assignment
from routing.rotations import roster

Choice = tuple[str, str]
Group = tuple[str, list[Choice]]


class ReassignForm(BaseDialogForm):
    to = forms.ChoiceField(label="Give it to", widget=UnfoldAdminSelect2Widget())
    reason = forms.CharField(
        max_length=300,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "Knows the company"}),
        help_text="Stands in the ownership history.",
    )
    lock = forms.BooleanField(
        label="Keep it there",
        required=False,
        widget=UnfoldBooleanSwitchWidget(),
        help_text="Nothing automatic moves the lead any more.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        assignment = Assignment.objects.filter(lead=self.object_id).first()
        self.fields["to"].choices = [("", ""), *receivers(self.request.user, except_for=assignment)]
        self.fields["lock"].initial = assignment is not None and assignment.locked

    @property
    def receiver(self) -> dict[str, int]:
        """As `routing.handover.actions.reassign` takes it: {"owner_id": 7} or {"queue_id": 3}."""
        kind, _, pk = self.cleaned_data["to"].partition(":")
        return {f"{kind}_id": int(pk)}


def receivers(user: Any, *, except_for: Assignment | None) -> list[Group]:
    """Whom this user can give a lead, with whether they are there now."""
    people = roster.load(now=timezone.now())
    may_have, queues = access.receivers(user)
    known = set(may_have.filter(active=True).values_list("pk", flat=True))
    owners = []
    for owner in sorted(people.owners.values(), key=lambda owner: owner.name.casefold()):
        if owner.pk in known and (except_for is None or owner.pk != except_for.owner_id):
            absence = people.away(owner.pk)
            there = (
                f"away {roster.away_text(absence)}"
                if absence
                else "on duty"
                if people.on_duty(owner)
                else "off duty"
            )
            owners.append((f"owner:{owner.pk}", f"{owner.name} · {there}"))
    return [
        ("Owners", owners),
        (
            "Queues",
            [
                (f"queue:{row.pk}", row.name)
                for row in queues.filter(active=True, holding_queue=False).order_by("name")
                if except_for is None or row.pk != except_for.queue_id
            ],
        ),
    ]


class ContactedForm(BaseDialogForm):
    WHEN = (
        ("0", "Just now"),
        ("15", "15 minutes ago"),
        ("60", "An hour ago"),
        ("240", "4 hours ago"),
        ("1440", "Yesterday"),
    )

    by = forms.CharField(label="Who answered", max_length=200, widget=UnfoldAdminTextInputWidget())
    ago = forms.ChoiceField(label="When", choices=WHEN, initial="0", widget=UnfoldAdminSelectWidget())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        assignment = Assignment.objects.select_related("owner").filter(lead=self.object_id).first()
        self.fields["by"].initial = (
            assignment.owner.name if assignment and assignment.owner else name_of(self.request.user)
        )
        try:
            arrived = actions.came_in(self.object_id) - actions.CLOCK_DIFFERENCE
        except Lead.DoesNotExist:
            raise Http404("There is no such lead.") from None
        self.fields["ago"].choices = [
            (minutes, words)
            for minutes, words in self.WHEN
            if timezone.now() - timedelta(minutes=int(minutes)) >= arrived
        ]

    def at(self, now: datetime) -> datetime:
        """When it happened, in UTC."""
        return now.astimezone(UTC) - timedelta(minutes=int(self.cleaned_data["ago"]))


class DisqualifyForm(BaseDialogForm):
    reason = forms.CharField(
        max_length=200,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "Student, looking for a job"}),
        help_text="Goes to the CRM too. The lead keeps its owner, and loses its clock and its task.",
    )


class DeclineForm(BaseDialogForm):
    REASONS = (
        ("wrong_territory", "Wrong territory"),
        ("duplicate", "Duplicate"),
        ("bad_data", "Bad data"),
        ("spam", "Spam"),
        ("busy", "No time for it"),
    )

    reason = forms.ChoiceField(
        choices=REASONS,
        widget=UnfoldAdminSelectWidget(),
        help_text="The turn comes back to the owner, except for “no time for it”. Somebody else of the rotation gets the lead.",
    )
