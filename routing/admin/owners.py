"""Owners: are they there, what do they have, who stands in."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from import_export.fields import Field
from import_export.resources import ModelResource
from import_export.widgets import ForeignKeyWidget
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    BooleanRadioFilter,
    RangeDateFilter,
)
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.views import ChangeList

from plumbing.admin_kit.filters import TheirsDropdownFilter
from plumbing.admin_kit.form_fields import WordsField
from plumbing.admin_kit.pages import ConfigurationPage, TheirRows, to_page
from plumbing.admin_kit.people import name_of
from plumbing.admin_kit.tables import TablePage
from plumbing.counting import counted
from routing.handover import deactivation
from routing.models import Absence, Assignment, Owner, Team, WorkCalendar
from routing.response.calendars import owner_calendar_row
from routing.rotations import rotation_stats
from routing.rotations.roster import OPEN_STATUSES
from routing.rotations.rotation_stats import OwnerStats

_TONES = {"on": "success", "off": "info", "away": "warning", "inactive": "danger"}


class OwnerResource(ModelResource):
    team = Field(attribute="team", column_name="team", widget=ForeignKeyWidget(Team, "name"))
    calendar = Field(
        attribute="calendar", column_name="calendar", widget=ForeignKeyWidget(WorkCalendar, "name")
    )

    sdr = Field(attribute="sdr", column_name="sdr", widget=ForeignKeyWidget(Owner, "email"))

    class Meta:
        model = Owner
        # Not `active`: switching somebody off moves leads, which an import must not do in passing.
        fields = ["email", "name", "team", "calendar", "daily_cap", "weekly_cap", "load_cap", "sdr"]
        import_id_fields = ["email"]


class OwnerForm(forms.ModelForm):  # type: ignore[type-arg]
    skills = WordsField(required=False, help_text="With commas: enterprise, es. Rotations can ask for them.")

    class Meta:
        model = Owner
        fields = [
            "name",
            "email",
            "team",
            "calendar",
            "skills",
            "daily_cap",
            "weekly_cap",
            "load_cap",
            "sdr",
            "user",
        ]
        labels = {"user": "Login", "load_cap": "Open leads at most"}
        help_texts = {
            "email": "The CRM knows them by this address; notices go there.",
            "user": "Whose console this is; empty when they have no login.",
            "daily_cap": "Automatic assignments per day of their own zone, over all rotations. Empty: no cap.",
            "weekly_cap": "The same per week, from Monday.",
            "load_cap": "Empty: no limit.",
        }

    def clean_sdr(self) -> Owner | None:
        sdr: Owner | None = self.cleaned_data.get("sdr")
        if sdr is not None and sdr.pk == self.instance.pk:
            raise ValidationError("Nobody is their own SDR: choose a colleague, or leave it empty.")
        if sdr is not None and not sdr.active and "sdr" in self.changed_data:
            raise ValidationError(f"{sdr} is not active: choose somebody else.")
        return sdr

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        if Owner.objects.filter(email__iexact=email).exclude(pk=self.instance.pk).exists():
            raise ValidationError("Another owner has this address already.")
        return email


class AbsenceForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Absence
        fields = ["owner", "starts_on", "ends_on", "reason", "backup", "active"]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        starts, ends = cleaned.get("starts_on"), cleaned.get("ends_on")
        if starts and ends and ends < starts:
            self.add_error("ends_on", "The last day cannot be before the first day.")
        backup = cleaned.get("backup")
        owner = cleaned.get("owner") or getattr(self.instance, "owner", None)
        if backup is not None and backup == owner:
            self.add_error("backup", "Nobody covers for themselves: choose a colleague.")
        elif backup is not None and not backup.active:
            self.add_error("backup", f"{backup} is not active: choose somebody else.")
        return cleaned


class AbsencesInline(TheirRows, TabularInline):
    model = Absence
    form = AbsenceForm
    fk_name = "owner"
    fields = ["starts_on", "ends_on", "reason", "backup", "active"]
    autocomplete_fields = ["backup"]
    extra = 0
    per_page = 10
    tab = True


def _readable(name: Any) -> Any:
    """The same place in a fieldset with the login as a text."""
    if isinstance(name, tuple):
        return tuple(_readable(one) for one in name)
    return "login" if name == "user" else name


class OwnerList(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        found = rotation_stats.of_owners(self.result_list, now=timezone.now())
        for row in self.result_list:
            row.stats = found[row.pk]


@admin.register(Owner)
class OwnerPage(TablePage):
    form = OwnerForm
    resource_classes = [OwnerResource]
    inlines = [AbsencesInline]
    list_display = ["person", "presence", "team", "given_today", "has_open", "in_rotations", "active"]
    list_filter = [("team", TheirsDropdownFilter), ("active", BooleanRadioFilter)]
    list_select_related = ["team"]
    search_fields = ["name", "email", "team__name"]
    autocomplete_fields = ["team", "calendar", "sdr", "user"]
    change_form_outer_before_template = "routing/owner_summary.html"
    actions_detail = ["switch_off", "switch_on"]
    fieldsets = [
        (None, {"fields": ["name", "email", ("team", "calendar"), "skills", ("sdr", "user")]}),
        ("Limits", {"fields": [("daily_cap", "weekly_cap"), "load_cap"]}),
    ]
    empty_icon = "badge"
    empty_title = "No owners yet"
    empty_text = "Owners are the people who get leads. Add them, or import a list: name, e-mail, team."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Owner]:
        rows: QuerySet[Owner] = super().get_queryset(request)
        active = Q(memberships__active=True, memberships__rotation__active=True)
        return rows.annotate(rotation_count=Count("memberships", filter=active))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["login"]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Whose login it is says what that login sees: others than superusers read its name."""
        fieldsets = super().get_fieldsets(request, obj)
        if request.user.is_superuser:
            return fieldsets
        return [
            (
                title,
                {**options, "fields": [_readable(name) for name in options["fields"]]},
            )
            for title, options in fieldsets
        ]

    @display(description="Login", empty_value="–")
    def login(self, row: Owner) -> str | None:
        return name_of(row.user) if row.user else None

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return OwnerList

    def summary(self, request: HttpRequest, row: Owner) -> Mapping[str, Any]:
        stats = rotation_stats.of_owners([row], now=timezone.now())[row.pk]
        return {
            "stats": stats,
            "tone": _TONES[stats.state],
            "answer": f"{row.name} is {stats.presence} {stats.detail}".strip() + ".",
            "leave_url": reverse("admin:routing_owner_switch_off", args=(row.pk,)),
            "unavailable": row.active and not row.available,
            "still_theirs": deactivation.still_there(row) if not row.available else 0,
            "works_by": owner_calendar_row(row),
            "memberships": row.memberships.filter(active=True).select_related("rotation"),
            "accounts": list(row.named_accounts.filter(active=True)[:10]),
            "pairs": list(row.takes_leads_for.filter(active=True)),
            "leads_url": f"{reverse('admin:intake_lead_changelist')}?owner={row.pk}",
            "absence": row.absences.filter(active=True, ends_on__gte=timezone.now().date())
            .select_related("backup")
            .order_by("starts_on")
            .first(),
        }

    def has_switch_off_permission(self, request: HttpRequest, object_id: str = "") -> bool:
        return self.has_change_permission(request, object_id or None) and (
            Owner.objects.filter(pk=object_id, active=True).exists()
            or Assignment.objects.filter(owner_id=object_id, lead__status__in=OPEN_STATUSES).exists()
        )

    def has_switch_on_permission(self, request: HttpRequest, object_id: str = "") -> bool:
        return (
            self.has_change_permission(request, object_id or None)
            and Owner.objects.filter(pk=object_id, active=False).exists()
        )

    @action(description="Switch off…", icon="person_off", permissions=["switch_off"])
    def switch_off(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Says what will happen; POST does it."""
        owner = get_object_or_404(Owner, pk=object_id)
        if request.method == "POST":
            user = request.user if isinstance(request.user, User) else None
            done = deactivation.deactivate(owner, actor=str(request.user), user=user, now=timezone.now())
            leads = f"{counted(done.moved, 'lead')} moved"
            left = f", {done.left} more will within minutes" if done.left else ""
            self.message_user(request, f"{owner.name} is switched off; {leads}{left}.")
            return HttpResponseRedirect(reverse("admin:routing_owner_change", args=(owner.pk,)))
        context = {
            **self.admin_site.each_context(request),
            "title": f"Switch off {owner.name}",
            "opts": Owner._meta,
            "original": owner,
            "leaving": deactivation.preview(owner),
        }
        return TemplateResponse(request, "routing/owner_leaves.html", context)

    @action(
        description="Switch on",
        icon="person_check",
        permissions=["switch_on"],
        dialog={
            "title": "Switch this owner on?",
            "description": "Rules, accounts and people can send leads again. Rotations are joined by hand.",
            "form_class": None,
            "form_submit_text": "Switch on",
        },
    )
    def switch_on(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        owner = get_object_or_404(Owner, pk=object_id)
        owner.active = True
        self.save_model(request, owner, form=None, change=True)
        self.message_user(request, f"{owner.name} can get leads again: add them to a rotation.")
        return to_page(reverse("admin:routing_owner_change", args=(owner.pk,)))

    @display(description="Owner", header=True, ordering="name")
    def person(self, row: Owner) -> list[str]:
        return [row.name, row.email, "".join(part[:1] for part in row.name.split()[:2])]

    @display(description="Now")
    def presence(self, row: Any) -> str:
        stats: OwnerStats = row.stats
        return format_html(
            '<span class="lo-badge lo-{}">{}</span> <span class="lo-muted">{}</span>',
            _TONES[stats.state],
            stats.presence,
            stats.detail,
        )

    @display(description="Today")
    def given_today(self, row: Any) -> str:
        return f"{row.stats.today} of {row.daily_cap}" if row.daily_cap else str(row.stats.today)

    @display(description="Open leads")
    def has_open(self, row: Any) -> str:
        return f"{row.stats.open_leads} of {row.load_cap}" if row.load_cap else str(row.stats.open_leads)

    @display(description="Rotations", ordering="rotation_count")
    def in_rotations(self, row: Any) -> int:
        return int(row.rotation_count)


@admin.register(Absence)
class AbsencePage(ConfigurationPage):
    form = AbsenceForm
    may_delete = True
    list_display = ["owner", "starts_on", "ends_on", "reason", "backup", "state"]
    list_filter = [
        ("owner", AutocompleteSelectFilter),
        ("starts_on", RangeDateFilter),
        ("active", BooleanRadioFilter),
    ]
    list_select_related = ["owner", "backup"]
    search_fields = ["owner__name", "owner__email", "reason"]
    autocomplete_fields = ["owner", "backup"]
    empty_icon = "beach_access"
    empty_title = "Nobody is away"
    empty_text = "Whoever is absent gets no leads; a backup is offered those that wait. Both days count."

    @display(
        description="Now", label={"away": "warning", "soon": "info", "past": "default", "off": "default"}
    )
    def state(self, row: Absence) -> tuple[str, str]:
        today = timezone.now().date()
        if not row.active:
            return "off", "switched off"
        if row.ends_on < today:
            return "past", "over"
        return ("away", "away") if row.starts_on <= today else ("soon", "to come")
