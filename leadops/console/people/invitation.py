"""The form by which somebody is let in."""

from typing import Any

from django import forms
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelect2Widget,
    UnfoldAdminTextInputWidget,
)

from leadops.access.roles import MANAGER, REP, in_words
from routing.models import Owner, Team

NONE, NEW, EXISTING = "none", "new", "existing"


class RoleField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Group) -> str:
        says = in_words(obj.name)
        return f"{obj.name}: {says}" if says else obj.name


class InvitationForm(forms.ModelForm):  # type: ignore[type-arg]
    """A login is known by its e-mail address."""

    full_name = forms.CharField(label="Name", max_length=120, widget=UnfoldAdminTextInputWidget())
    email = forms.EmailField(
        label="E-mail",
        widget=UnfoldAdminEmailInputWidget(),
        help_text="They sign in with it.",
    )
    role = RoleField(
        queryset=Group.objects.order_by("name"), empty_label=None, widget=UnfoldAdminRadioSelectWidget()
    )
    owner_kind = forms.ChoiceField(
        label="Do they get leads?",
        choices=[
            (NEW, "Yes, as a new owner"),
            (EXISTING, "They are an owner already"),
            (NONE, "No, they are no owner"),
        ],
        initial=NEW,
        widget=UnfoldAdminRadioSelectWidget(),
    )
    owner = forms.ModelChoiceField(
        label="Which owner",
        queryset=Owner.objects.none(),
        required=False,
        widget=UnfoldAdminSelect2Widget(),
        help_text="Those without a login.",
    )
    team = forms.ModelChoiceField(
        label="Team",
        queryset=Team.objects.none(),
        required=False,
        widget=UnfoldAdminSelect2Widget(),
        help_text="Whose queues they serve. Rotations are joined on the rotation's page.",
    )
    manages = forms.ModelChoiceField(
        label="Manages the team",
        queryset=Team.objects.none(),
        required=False,
        widget=UnfoldAdminSelect2Widget(),
        help_text="Looks after its people and leads, and hears of overdue ones.",
    )

    class Meta:
        model = User
        fields = ["email"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer("owner", Owner.objects.filter(user=None, active=True))
        self._offer("team", Team.objects.filter(active=True))
        self._offer("manages", Team.objects.filter(active=True))

    def _offer(self, name: str, rows: "QuerySet[Any]") -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = rows

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        if (
            User.objects.filter(username__iexact=email).exists()
            or User.objects.filter(email__iexact=email).exists()
        ):
            raise ValidationError("Somebody has a login with this address already.")
        return email

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        kind, role, manages = cleaned.get("owner_kind"), cleaned.get("role"), cleaned.get("manages")
        if kind == EXISTING and not cleaned.get("owner") and "owner" not in self.errors:
            self.add_error("owner", "Choose the owner that they are.")
        if (
            kind == NEW
            and (email := cleaned.get("email"))
            and Owner.objects.filter(email__iexact=email).exists()
        ):
            self.add_error(
                "owner_kind", "There is an owner with this address: say that they are an owner already."
            )
        if kind == NONE and role is not None and role.name in (REP, MANAGER):
            self.add_error(
                "owner_kind", f"A login in the role {role.name} sees leads as an owner: make them one."
            )
        if kind == NONE and manages is not None:
            self.add_error("manages", "Whoever manages a team is an owner: it may get no leads.")
        elif manages is not None and manages.manager is not None and manages.manager != cleaned.get("owner"):
            self.add_error(
                "manages", f"{manages.manager} manages {manages}. Change that on the team's page first."
            )
        return cleaned

    def new_owner(self) -> Owner | None:
        """Not saved yet; None where they are none or another one."""
        if self.cleaned_data["owner_kind"] != NEW:
            return None
        said = self.cleaned_data
        return Owner(email=said["email"], name=said["full_name"], team=said["team"])

    def existing_owner(self) -> Owner | None:
        found: Owner | None = (
            self.cleaned_data["owner"] if self.cleaned_data["owner_kind"] == EXISTING else None
        )
        return found
