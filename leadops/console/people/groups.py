"""Groups: what a role may do, in words, with a box to tick for each permission."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.models import Group
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from leadops.access.areas import AREAS, VERBS, permissions
from leadops.access.roles import in_words
from leadops.console.people.guard import SuperusersOnly
from leadops.console.people.permissions import PermissionsField
from plumbing.admin_kit.pages import Page
from plumbing.counting import counted

admin.site.unregister(Group)


class GroupForm(forms.ModelForm):  # type: ignore[type-arg]
    permissions = PermissionsField(label="May")

    class Meta:
        model = Group
        fields = ["name", "permissions"]


@admin.register(Group)
class GroupAdmin(SuperusersOnly, DjangoGroupAdmin, Page):
    form = GroupForm
    list_display = ["role", "members"]
    fieldsets = [(None, {"fields": ["name", "permissions"]})]
    filter_horizontal = []
    change_form_outer_before_template = "leadops/people/group_summary.html"
    empty_icon = "groups"
    empty_title = "No groups yet"
    empty_text = "A group holds permissions: make one for each kind of work, and put people into it."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        rows: QuerySet[Group] = super().get_queryset(request)
        return rows.annotate(user_count=Count("user"))

    def get_fieldsets(self, request: HttpRequest, obj: Group | None = None) -> Any:
        # Whoever may not tick boxes reads them above, as sentences.
        fields = ["name", "permissions"] if self.has_change_permission(request, obj) else ["name"]
        return [(None, {"fields": fields})]

    def summary(self, request: HttpRequest, row: Group) -> Mapping[str, Any]:
        people = row.user_set.order_by("username")
        return {
            "answer": in_words(row.name) or "A group that people made here.",
            "people": [user.get_full_name() or user.get_username() for user in people],
            "may": None if self.has_change_permission(request, row) else _may(row),
        }

    @display(description="Group", header=True, ordering="name")
    def role(self, group: Group) -> list[str]:
        return [group.name, in_words(group.name)]

    @display(description="People", ordering="user_count")
    def members(self, group: Any) -> int:
        return int(group.user_count)


def _may(group: Group) -> list[str]:
    """ "See and change leads" """
    rows = group.permissions.values_list("content_type__app_label", "codename")
    held = {f"{app}.{codename}" for app, codename in rows}
    lines = []
    for area in AREAS:
        lines += [switch.label for switch in area.switches if switch.permission in held]
        for thing in area.things:
            verbs = [VERBS[verb].lower() for verb in thing.verbs if thing.permission(verb) in held]
            if verbs:
                lines.append(f"{', '.join(verbs).capitalize()}: {thing.label.lower()}")
    if others := len(held - permissions()):
        lines.append(f"{counted(others, 'permission')} that no page asks for.")
    return lines
