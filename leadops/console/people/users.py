"""People with access: their role, and whether they can sign in."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from leadops.access.roles import in_words
from leadops.console.people.guard import SuperusersOnly
from leadops.console.people.permissions import PermissionsField
from plumbing.admin_kit.moments import moment
from plumbing.admin_kit.pages import TitledList

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


@admin.register(User)
class UserAdmin(SuperusersOnly, DjangoUserAdmin, TitledList):  # type: ignore[type-arg]
    """Superusers edit these; nobody else makes somebody more than they are."""

    list_title = "People with access"
    form = UserForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["account", "role", "seen", "sign_in"]
    list_filter = ["groups", "is_staff", "is_superuser", "is_active"]
    filter_horizontal = []
    list_filter_submit = True
    list_fullwidth = True
    compressed_fields = True
    empty_icon = "manage_accounts"
    empty_title = "Nobody has an account yet"
    empty_text = "Add a user, tick “Staff status”, and give them a role."
    fieldsets = [
        (None, {"fields": ["username", "password", ("first_name", "last_name"), "email"]}),
        ("Sign-in", {"fields": ["is_active", "is_staff", "is_superuser", ("last_login", "date_joined")]}),
        ("May", {"fields": ["groups", "user_permissions"]}),
    ]
    readonly_fields = ["last_login", "date_joined"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        rows: QuerySet[User] = super().get_queryset(request)
        return rows.prefetch_related("groups")

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

    @display(description="Person", header=True, ordering="username")
    def account(self, user: User) -> list[str]:
        letters = "".join(part[:1] for part in user.get_full_name().split()[:2]) or user.username[:2]
        return [user.get_full_name() or user.username, user.email or user.username, letters]

    @display(description="Role")
    def role(self, user: User) -> str:
        if user.is_superuser:
            return "Superuser"
        return ", ".join(sorted(group.name for group in user.groups.all())) or "None"

    @display(description="Last signed in", ordering="last_login")
    def seen(self, user: User) -> str:
        return moment(user.last_login, "ago") if user.last_login else "never"

    @display(description="Sign-in", label={"on": "success", "off": "danger", "no console": "warning"})
    def sign_in(self, user: User) -> tuple[str, str]:
        if not user.is_active:
            return "off", "switched off"
        return ("on", "on") if user.is_staff else ("no console", "not in the console")
