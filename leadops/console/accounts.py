"""Users, groups and API tokens in the looks of the console."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from rest_framework.authtoken.admin import TokenAdmin as DrfTokenAdmin
from rest_framework.authtoken.models import TokenProxy
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from plumbing.admin_kit.pages import TitledList

admin.site.unregister(User)
admin.site.unregister(Group)
admin.site.unregister(TokenProxy)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, TitledList):  # type: ignore[type-arg]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["account", "role", "is_active", "last_login"]
    list_filter = ["is_staff", "is_superuser", "is_active", "groups"]
    list_filter_submit = True
    list_fullwidth = True
    compressed_fields = True
    empty_title = "Nobody has an account yet"
    empty_text = "Add a user, tick “Staff status”, and give them a group."

    @display(description="User", header=True, ordering="username")
    def account(self, user: User) -> list[str]:
        letters = "".join(part[:1] for part in user.get_full_name().split()[:2]) or user.username[:2]
        return [user.get_full_name() or user.username, user.email or user.username, letters]

    @display(description="May", label={"Everything": "danger", "Console": "info", "Nothing": "warning"})
    def role(self, user: User) -> str:
        if user.is_superuser:
            return "Everything"
        return "Console" if user.is_staff else "Nothing"


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, TitledList):
    list_display = ["name", "members"]
    list_fullwidth = True
    empty_title = "No groups yet"
    empty_text = "A group holds permissions: make one for sales managers and one for ops."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        return super().get_queryset(request).annotate(user_count=Count("user"))

    @display(description="Users", ordering="user_count")
    def members(self, group: Any) -> int:
        return int(group.user_count)


@admin.register(TokenProxy)
class TokenAdmin(DrfTokenAdmin, TitledList):
    """A key is shown in full on its own page only, to those who may change tokens: whoever has it acts as its user."""

    list_title = "API tokens"
    list_display = ["user", "start_of_key", "created"]
    list_select_related = ["user"]
    list_fullwidth = True
    autocomplete_fields = ["user"]
    readonly_fields = ["key", "start_of_key", "created"]
    empty_title = "No API tokens yet"
    empty_text = "Add one for a staff user; programs send it as “Authorization: Token …”."

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        key = "key" if self.has_change_permission(request, obj) else "start_of_key"
        return ["user", key, "created"]

    @display(description="Key")
    def start_of_key(self, token: TokenProxy) -> str:
        return f"{token.key[:6]}…"
