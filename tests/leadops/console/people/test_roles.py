"""The groups that are shipped, the table of permissions to tick, and who may touch either."""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from leadops.access.areas import permissions
from leadops.access.roles import ROLES
from tests.leadops.console import permission_table as table

HOST = {"host": "127.0.0.1"}
pytestmark = pytest.mark.django_db


def held(group: Group) -> set[str]:
    rows = group.permissions.values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in rows}


def login(user: User) -> Client:
    client = Client(headers=HOST)
    client.force_login(user)
    return client


def test_a_fresh_database_has_the_roles_with_permissions_in_words(maria):
    assert set(ROLES) <= set(Group.objects.values_list("name", flat=True))
    for group in Group.objects.filter(name__in=ROLES):
        assert held(group) and held(group) <= permissions()
        page = maria.get(f"/admin/auth/group/{group.pk}/change/").text
        assert ROLES[group.name] in page.replace("&#x27;", "'")
        assert page.count(" checked") >= len(held(group))


def test_every_permission_that_the_console_asks_for_can_be_ticked():
    asked = {
        permission
        for needs in [
            *table.documented().values(),
            *(table.Needs(word, word) for word in table.actions().values()),
        ]
        for word in (needs.read, needs.act)
        for permission in table.permissions(word)
    }
    # What tokens need besides: docs/api.md.
    asked |= {"intake.add_submission", "leadops.view_operations"}
    assert permissions() == asked


def test_viewers_and_engineers_change_nothing():
    for name in ("Viewer", "Engineer"):
        verbs = {one.partition(".")[2].partition("_")[0] for one in held(Group.objects.get(name=name))}
        assert verbs == {"view", "all"}


def test_a_ticked_box_is_a_permission_and_what_the_table_does_not_show_stays(maria):
    group = Group.objects.get(name="Viewer")
    hidden = Permission.objects.get(codename="view_logentry")
    group.permissions.add(hidden)
    shown = maria.get(f"/admin/auth/group/{group.pk}/change/").text
    assert f'type="hidden" name="permissions" value="{hidden.pk}"' in shown
    lead = Permission.objects.get(codename="change_lead")
    sent = {"name": "Viewer", "permissions": [hidden.pk, lead.pk]}
    assert maria.post(f"/admin/auth/group/{group.pk}/change/", sent).status_code == 302
    assert held(group) == {"admin.view_logentry", "intake.change_lead"}


@pytest.mark.parametrize("codenames", [["view_user", "change_user", "add_user", "delete_user"]])
def test_whoever_may_change_users_cannot_make_themselves_superuser(codenames):
    clerk = User.objects.create_user("clerk", is_staff=True)
    codenames = [*codenames, "view_group", "change_group", "add_group"]
    clerk.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    console = login(clerk)
    own = f"/admin/auth/user/{clerk.pk}/"
    sent = {"username": "clerk", "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    assert console.post(f"{own}change/", sent).status_code == 403
    assert console.get(f"/admin/auth/user/{clerk.pk}/password/").status_code == 403
    assert console.post("/admin/auth/user/add/", {"username": "two"}).status_code == 403
    assert console.post(f"{own}delete/", {"post": "yes"}).status_code == 403
    group = Group.objects.get(name="Manager")
    assert console.post(f"/admin/auth/group/{group.pk}/change/", {"name": "Mine"}).status_code == 403
    clerk.refresh_from_db()
    assert not clerk.is_superuser and User.objects.count() == 1
    # They look at both, without hashes.
    page = console.get(f"{own}change/").text
    assert "pbkdf2" not in page and "is_superuser" not in page.split("field-is_superuser")[0]
    assert ROLES["Manager"] in console.get(f"/admin/auth/group/{group.pk}/change/").text


def test_the_page_about_permissions_says_what_the_roles_are_for():
    page = table.PAGE.read_text(encoding="utf-8")
    assert all(f"| {name} | {says} |" in page for name, says in ROLES.items())
