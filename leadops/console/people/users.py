"""People with access: their role, what they are here, and whether they can sign in."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action, display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm
from unfold.views import ChangeList
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from leadops.access import second_step
from leadops.access.roles import in_words
from leadops.console.people import inviting
from leadops.console.people.guard import SuperusersOnly
from leadops.console.people.invitation import EXISTING, NEW, InvitationForm
from leadops.console.people.permissions import PermissionsField
from plumbing.admin_kit.moments import moment
from plumbing.admin_kit.pages import TitledList
from plumbing.admin_kit.people import name_of
from plumbing.counting import counted
from routing.models import Owner, Team

admin.site.unregister(User)


class GroupsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Roles as boxes to tick, each with what it is for."""

    widget = UnfoldAdminCheckboxSelectMultipleWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=Group.objects.order_by("name"), required=False, **kwargs)

    def label_from_instance(self, obj: Group) -> str:
        says = in_words(obj.name)
        return f"{obj.name}: {says}" if says else obj.name


class UserForm(UserChangeForm):
    groups = GroupsField(label="Roles")
    user_permissions = PermissionsField(
        label="Besides", help_text="What this one person may do in addition to the roles."
    )


class UserList(ChangeList):
    """Two queries more for the page: whose owners they are, and which teams they manage."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        people = [user.pk for user in self.result_list]
        owners = {row.user_id: row for row in Owner.objects.filter(user__in=people).select_related("team")}
        manages: dict[int, list[str]] = {}
        for name, user_id in Team.objects.filter(manager__user__in=people).values_list(
            "name", "manager__user"
        ):
            manages.setdefault(user_id, []).append(name)
        for user in self.result_list:
            user.owner_row, user.manages = owners.get(user.pk), manages.get(user.pk, [])


@admin.register(User)
class UserAdmin(SuperusersOnly, DjangoUserAdmin, TitledList):  # type: ignore[type-arg]
    """Superusers edit these; nobody else makes somebody more than they are."""

    list_title = "People with access"
    form = UserForm
    add_form = InvitationForm
    add_form_template = "admin/change_form.html"
    change_password_form = AdminPasswordChangeForm
    list_display = ["account", "role", "teams", "owner", "seen", "sign_in"]
    list_filter = ["groups", "is_staff", "is_superuser", "is_active"]
    filter_horizontal = []
    list_filter_submit = True
    list_fullwidth = True
    compressed_fields = True
    actions_detail = ["send_link", "lock_out", "let_in"]
    conditional_fields = {"owner": f"owner_kind == '{EXISTING}'", "team": f"owner_kind == '{NEW}'"}
    empty_icon = "manage_accounts"
    empty_title = "Nobody has an account yet"
    empty_text = "Invite somebody: one form makes login, role and owner, and a link to choose a password."
    fieldsets = [
        (None, {"fields": ["username", "password", ("first_name", "last_name"), "email"]}),
        ("Sign-in", {"fields": ["is_active", "is_staff", "is_superuser", ("last_login", "date_joined")]}),
        ("May", {"fields": ["groups", "user_permissions"]}),
    ]
    add_fieldsets = [
        (None, {"fields": [("full_name", "email"), "role"]}),
        ("Leads", {"fields": ["owner_kind", "owner", "team", "manages"]}),
    ]
    readonly_fields = ["last_login", "date_joined"]
    actions = ["remove_second_step"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        rows: QuerySet[User] = super().get_queryset(request)
        return rows.prefetch_related("groups")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return UserList

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        return self.readonly_fields if obj is not None else ()

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        # Neither a hash nor a list of code words for those who may only look.
        hidden = {"password", "user_permissions"}
        return [
            (title, {**options, "fields": [name for name in options["fields"] if name not in hidden]})
            for title, options in fieldsets
        ]

    # -- letting in ----------------------------------------------------------------------------------------

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Login, role, owner and team in one transaction; the mail goes out after it."""
        more = {
            "title": "Invite somebody",
            "show_save_and_continue": False,
            "show_save_and_add_another": False,
        }
        response: HttpResponse = super().add_view(request, form_url, {**more, **(extra_context or {})})
        invited: User | None = getattr(request, "invited", None)
        return response if invited is None else self._hand_out(request, invited)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if isinstance(form, InvitationForm):
            said = form.cleaned_data
            obj.username = obj.email = said["email"]
            obj.first_name, _, obj.last_name = said["full_name"].partition(" ")
            obj.is_staff = True
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if isinstance(form, InvitationForm):
            said = form.cleaned_data
            form.instance.groups.set([said["role"]])
            inviting.link_owner(
                form.instance,
                new=form.new_owner(),
                existing=form.existing_owner(),
                manages=said["manages"],
                by=request.user,
            )
            request.invited = form.instance  # type: ignore[attr-defined]

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        if isinstance(form, InvitationForm):
            return f"Invited as {form.cleaned_data['role']}."
        return super().construct_change_message(request, form, formsets, add)

    def response_add(
        self, request: HttpRequest, obj: User, post_url_continue: str | None = None
    ) -> HttpResponse:
        """The page with the link follows: it says what there is to say."""
        return HttpResponseRedirect(reverse("admin:auth_user_changelist"))

    def _hand_out(self, request: HttpRequest, user: User) -> HttpResponse:
        link = inviting.hand_out(user, by=name_of(request.user), now=timezone.now())
        sent = f"sent to {link.sent_to}" if link.sent_to else "shown"
        self.log_change(request, user, f"A link to choose a password was {sent}.")
        context = {
            **self.admin_site.each_context(request),
            "title": "Invited",
            "opts": User._meta,
            "person": user,
            "link": link,
            "days": inviting.days_in_words(),
        }
        response = TemplateResponse(request, "leadops/people/link.html", context)
        response["Cache-Control"] = "no-store"
        return response

    # -- buttons -------------------------------------------------------------------------------------------

    def has_send_link_permission(self, request: HttpRequest, object_id: str = "") -> bool:
        return self.has_change_permission(request) and _is(object_id, is_active=True)

    def has_lock_out_permission(self, request: HttpRequest, object_id: str = "") -> bool:
        own = str(request.user.pk) == str(object_id)
        return self.has_change_permission(request) and not own and _is(object_id, is_active=True)

    def has_let_in_permission(self, request: HttpRequest, object_id: str = "") -> bool:
        return self.has_change_permission(request) and _is(object_id, is_active=False)

    @action(description="Send a link…", icon="mail", permissions=["send_link"])
    def send_link(self, request: HttpRequest, object_id: str) -> HttpResponse:
        user = User.objects.get(pk=object_id)
        if request.method == "POST":
            inviting.renew_link(user)
            return self._hand_out(request, user)
        return self._ask(
            request,
            user,
            f"A link for {name_of(user)} to choose a password?",
            label="Make the link",
            sentences=[
                f"It works once, for {inviting.days_in_words()}.",
                "Their present password goes on working until they choose another one."
                if user.has_usable_password()
                else "A link that they have already ends.",
            ],
        )

    @action(description="Lock out…", icon="person_off", permissions=["lock_out"])
    def lock_out(self, request: HttpRequest, object_id: str) -> HttpResponse:
        user = User.objects.get(pk=object_id)
        if request.method == "POST":
            return self._switch(request, user, active=False, said="is locked out.")
        owner = Owner.objects.filter(user=user, active=True).first()
        sentences = ["They are signed out, their tokens end to work, and nobody signs in as them."]
        if owner is not None:
            sentences.append(
                f"As the owner {owner.name} they go on getting leads: switch them off on their owner's page."
            )
        return self._ask(
            request, user, f"Lock {name_of(user)} out?", label="Lock out", sentences=sentences, danger=True
        )

    @action(description="Let in again…", icon="person_check", permissions=["let_in"])
    def let_in(self, request: HttpRequest, object_id: str) -> HttpResponse:
        user = User.objects.get(pk=object_id)
        if request.method == "POST":
            return self._switch(request, user, active=True, said="can sign in again.")
        return self._ask(
            request,
            user,
            f"Let {name_of(user)} in again?",
            label="Let in again",
            sentences=["With the roles that they have, and with their old password and tokens."],
        )

    def _switch(self, request: HttpRequest, user: User, *, active: bool, said: str) -> HttpResponse:
        user.is_active = active
        user.save(update_fields=["is_active"])
        self.log_change(request, user, "Let in again." if active else "Locked out.")
        messages.success(request, f"{name_of(user)} {said}")
        return HttpResponseRedirect(reverse("admin:auth_user_change", args=(user.pk,)))

    def _ask(
        self,
        request: HttpRequest,
        user: User,
        title: str,
        *,
        label: str,
        sentences: list[str],
        danger: bool = False,
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": User._meta,
            "person": user,
            "label": label,
            "sentences": sentences,
            "danger": danger,
        }
        return TemplateResponse(request, "leadops/people/ask.html", context)

    @action(description="Remove the second step of the login", permissions=["change"])
    def remove_second_step(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """For people who have lost their app and their recovery codes."""
        done = [user for user in users if second_step.remove(user)]
        for user in done:
            self.log_change(request, user, "The second step was removed.")
        self.message_user(request, f"The second step is off for {counted(len(done), 'person', 'people')}.")

    # -- columns -------------------------------------------------------------------------------------------

    @display(description="Person", header=True, ordering="username")
    def account(self, user: User) -> list[str]:
        letters = "".join(part[:1] for part in user.get_full_name().split()[:2]) or user.username[:2]
        return [user.get_full_name() or user.username, user.email or user.username, letters]

    @display(description="Role")
    def role(self, user: User) -> str:
        if user.is_superuser:
            return "Superuser"
        return ", ".join(sorted(group.name for group in user.groups.all())) or "None"

    @display(description="Teams", empty_value="–")
    def teams(self, user: Any) -> str | None:
        own = user.owner_row.team.name if user.owner_row and user.owner_row.team else ""
        managed = [f"{name} (manages)" for name in user.manages]
        return ", ".join([*([own] if own and own not in user.manages else []), *managed]) or None

    @display(description="Owner", empty_value="–")
    def owner(self, user: Any) -> str | None:
        return str(user.owner_row) if user.owner_row else None

    @display(description="Last signed in", ordering="last_login")
    def seen(self, user: User) -> str:
        return moment(user.last_login, "ago") if user.last_login else "never"

    @display(
        description="Sign-in",
        label={"on": "success", "off": "danger", "invited": "info", "no console": "warning"},
    )
    def sign_in(self, user: User) -> tuple[str, str]:
        if not user.is_active:
            return "off", "locked out"
        if not user.is_staff:
            return "no console", "not in the console"
        return ("on", "on") if user.has_usable_password() else ("invited", "has chosen no password")


def _is(object_id: str, **state: bool) -> bool:
    return User.objects.filter(pk=object_id, **state).exists()
