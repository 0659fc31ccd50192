"""Who may look and who may act: every address, called as each role, against docs/permissions.md."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, Group, Permission, User
from django.db import connection, transaction
from django.test import Client, RequestFactory
from django.urls import Resolver404, resolve

from plumbing.access import is_limited
from routing.models import Owner
from tests import make
from tests.leadops.console import permission_table as table
from tests.leadops.console.permission_rows import FORM_TOKEN, Page, World, as_sent, is_api
from tests.make import access

pytestmark = pytest.mark.django_db

# Those who do not see everybody's rows: their role, and which owner of the demo they are.
LIMITED = {"manager": ("Manager", "maria"), "another manager": ("Manager", "dieter"), "rep": ("Rep", "bob")}
ROLES = {"viewer": "Viewer", "engineer": "Engineer", "ops": "Ops"}
PEOPLE = ("anonymous", "form", "without rights", *LIMITED, *ROLES, "superuser")
OUTSIDE = ("anonymous", "form")
# What these change lies outside of the database, or they only answer.
WRITE_NO_ROW = {
    "admin/login/",
    "admin/logout/",
    # Without a link there is nothing to answer.
    "admin/welcome/<uidb64>/<token>/",
    "admin/password_change/",
    "admin/second-step/",
    "api/v1/simulate",
    "healthz",
    "metrics",
    "readyz",
}
# It sends the task to a broker.
ACTS_ELSEWHERE = {"run_tasks"}
# Their forms are filled in by scripts, or something refers to the row: what is sent back as it was shown is asked again.
ASKED_AGAIN = {
    "admin/auth/user/<path:object_id>/change/",
    "admin/django_celery_beat/periodictask/<path:object_id>/change/",
    "admin/intake/companyprofile/<path:object_id>/change/",
    "admin/intake/intakeform/<path:object_id>/change/",
    "admin/intake/lead/<path:object_id>/change/",
    "admin/routing/owner/<path:object_id>/change/",
    "admin/routing/slapolicy/<path:object_id>/change/",
    "admin/routing/territory/<path:object_id>/delete/",
    "admin/routing/workcalendar/<path:object_id>/change/",
}
# These answer by leading to the console.
SENDS_ON = {
    ("GET", "/admin/sign-on/"),
    ("GET", "/admin/sign-on/back/"),
    ("GET", "/"),
    ("GET", "/admin/login/"),
    ("POST", "/admin/logout/"),
    ("POST", "/"),
}
LEAD_PAGE = "admin/intake/lead/<path:object_id>/change/"
REFUSED = (401, 403, 404, 405)


def person(kind: str) -> Any:
    if kind in OUTSIDE:
        return AnonymousUser()
    user = User.objects.create_user(kind, is_staff=True, is_superuser=kind == "superuser")
    if kind == "may change":
        user.user_permissions.add(*Permission.objects.filter(codename__regex="^(view|change)_|^all_teams"))
    role, owner = LIMITED.get(kind, (ROLES.get(kind, ""), ""))
    if role:
        user.groups.add(Group.objects.get(name=role))
    if owner:
        assert Owner.objects.filter(email=f"{owner}@acme.test").update(user=user) == 1
    return User.objects.get(pk=user.pk)


def client_of(user: Any) -> Client:
    client = Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)
    if user.is_authenticated:
        client.force_login(user)
        client.token = f"Token {access.used(user)}"
    return client


def form() -> Client:
    """A program with the token of the demo's form."""
    client = client_of(AnonymousUser())
    client.token = f"Bearer {FORM_TOKEN}"
    return client


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens inside is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def written() -> int:
    """How many rows this transaction has written so far, those that were taken back included; sessions aside."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables WHERE relname <> 'django_session'"
        )
        return int(cursor.fetchone()[0])


def is_refused(answer: Any) -> bool:
    return answer.status_code in REFUSED or (
        answer.status_code == 302
        and (answer.wsgi_request.method, answer.wsgi_request.path) not in SENDS_ON
        and answer.headers["Location"].partition("?")[0] in ("/admin/", "/admin/login/")
    )


def call(client: Client, method: str, address: str, **sent: Any) -> tuple[Any, int]:
    """The answer, and how many rows it wrote."""
    cookies = client.cookies.copy()
    if is_api(address) and hasattr(client, "token"):
        sent["headers"] = {"authorization": client.token}
    try:
        with undone():
            before = written()
            answer = getattr(client, method)(address, **sent)
            return answer, written() - before
    finally:
        client.cookies = cookies


def test_every_address_has_a_row_and_every_row_an_address():
    assert set(table.documented()) == table.routes()


def test_every_action_of_a_list_has_a_row_and_is_offered_to_those_who_may_use_it(db):
    make.acme()
    for kind in (*PEOPLE[2:], "may change"):
        user = person(kind)
        request = RequestFactory().get("/")
        request.user = user
        expected = {
            key for key, needs in table.actions().items() if table.Needs(needs, needs).allow(user, "act")
        }
        assert table.offered(request) == expected, kind


PARTS = {
    "who gets what": ("admin/routing/r", "admin/routing/s", "admin/routing/t"),
    "people": ("admin/routing/",),
    "leads": ("admin/intake/lead/", "admin/intake/sub"),
    "forms": ("admin/intake/",),
    "exceptions and CRM": ("admin/exception_queue/", "admin/crm_sync/"),
    "schedules": ("admin/django_celery_beat/",),
    "other pages": ("admin/",),
    "outside of the console": ("",),
}
# A row's page is looked at; every other address of a row asks before it acts.
LOOKS = ("/change/", "/history/", table.OLD_VERSION, "/compare/<uuid:other>/", "/<path:object_id>/")
# The model whose row an address of the API is about.
ABOUT = {
    "leads/<uuid:lead_id>": "intake.lead",
    "exceptions/<int:item_id>": "exception_queue.exceptionitem",
    "submissions/<uuid:submission_id>": "intake.submission",
}
FORMS_OWN = "api/v1/submissions/<uuid:submission_id>"
CHOOSES = "admin/exception_queue/exceptionitem/act/"


def label_of(route: str) -> str:
    """The model whose row the address is about; "" where it is about none."""
    if is_api(route):
        return next((label for start, label in ABOUT.items() if route.startswith(f"api/v1/{start}")), "")
    has_row = "<path:object_id>" in route or "<uuid:one>" in route or route.endswith(table.OLD_VERSION)
    return ".".join(route.split("/")[1:3]) if has_row or route == CHOOSES else ""


def allowed(kind: str, user: Any, route: str, needs: table.Needs, what: str) -> bool:
    """What the page about permissions says: the permission, and for those who are limited whose the row is."""
    if kind == "form" and route == FORMS_OWN and what == "read":
        return True
    if not needs.allow(user, what):
        return False
    if kind not in LIMITED or (route == CHOOSES and what == "read"):
        return True
    whose = table.whose()
    if is_list(route):
        # Nothing is edited in place between rows of others.
        return what == "read" or ".".join(route.split("/")[1:3]) not in whose
    at_most = whose.get(label_of(route), {}).get(kind, "act")
    if what == "read" and (route.endswith(LOOKS) or is_api(route)):
        return at_most != table.NOBODY or route.endswith("/<path:object_id>/")
    return at_most == "act"


def part_of(route: str) -> str:
    return next(name for name, starts in PARTS.items() if route.startswith(starts))


def sent_to(world: World, route: str, shown: str) -> dict[str, Any]:
    """What a superuser would send from the page that is shown."""
    body = world.body(route)
    if body is None:
        body = {name: values for name, values in Page(shown).fields.items() if not name.startswith("_")}
        if is_list(route):
            # A box that was ticked is not any more.
            body = {name: values for name, values in body.items() if not name.endswith("-active")}
        body |= {"_save": "Save", "post": "yes"}
    return as_sent(route, body)


@pytest.mark.parametrize("part", PARTS)
def test_each_address_answers_and_changes_rows_for_those_only_who_may(db, part, settings, caplog):
    caplog.set_level(logging.CRITICAL, "django.request")
    if part != "outside of the console":
        # The navigation stands on each page; it is checked on one of them.
        settings.UNFOLD = {**settings.UNFOLD, "SIDEBAR": {**settings.UNFOLD["SIDEBAR"], "navigation": []}}
    world = World()
    people = {kind: person(kind) for kind in PEOPLE}
    clients = {kind: form() if kind == "form" else client_of(user) for kind, user in people.items()}
    documented = table.documented()
    wrong: list[str] = []
    for route, needs in sorted(documented.items()):
        if part_of(route) != part:
            continue
        address, sent = world.address(route), {}
        for kind in reversed(PEOPLE):
            if kind == "form" and not is_api(route):
                continue
            user, client = people[kind], clients[kind]
            may = allowed(kind, user, route, needs, "read")
            edit = "?edit=1" if route == LEAD_PAGE and kind == "superuser" else ""
            answer, rows = call(client, "get", address + edit)
            if kind == "superuser":
                sent = sent_to(world, route, answer.text if answer.status_code == 200 else "")
            if is_refused(answer) == may or rows or (may and is_broken(route, answer)):
                wrong.append(f"GET {route} by {kind}: {answer.status_code}, {rows} rows")
            if (
                may
                and kind not in (*OUTSIDE, "superuser")
                and answer.headers["Content-Type"].startswith("text/html")
            ):
                wrong += [
                    f"{route} shows {kind}: {one}"
                    for one in offered(user, route, documented, address, answer.text)
                ]
            may = allowed(kind, user, route, needs, "act")
            answer, rows = call(client, "post", address, **sent)
            if may and (is_refused(answer) or is_broken(route, answer)):
                wrong.append(f"POST {route} by {kind}: {answer.status_code} {answer.content[:200]!r}")
            if may and not rows and not answers_only(route):
                wrong.append(f"POST {route} by {kind}: {answer.status_code}, and nothing is written")
            if not may and rows:
                wrong.append(f"POST {route} by {kind}: {answer.status_code}, {rows} rows written")
            if not may and not is_refused(answer) and needs.act != table.NOBODY and not is_list(route):
                if route == CHOOSES and needs.allow(user, "act"):
                    # It is not chosen, and that is said on the list.
                    continue
                wrong.append(f"POST {route} by {kind}: {answer.status_code}, not refused")
        # To the console every method but POST is the same.
        for method in ("put", "patch", "delete") if not route.startswith("admin/") else ("delete",):
            answer, rows = call(clients["superuser"], method, address)
            if rows:
                wrong.append(f"{method.upper()} {route} by a superuser: {answer.status_code}, {rows} rows")
    assert not wrong, "\n".join(wrong)


def test_each_action_of_a_list_changes_rows_for_those_only_who_may(db):
    world, whose, wrong = World(), table.whose(), []
    for kind in ("anonymous", *PEOPLE[2:], "may change"):
        user = person(kind)
        client = client_of(user)
        for (label, name), needs in table.actions().items():
            row = world.sleeping if name == "switch_on" else world.rows[label]
            may = table.Needs(needs, needs).allow(user, "act")
            may = may and (kind not in LIMITED or whose.get(label, {}).get(kind, "act") == "act")
            if may and name in ACTS_ELSEWHERE:
                continue
            chosen = {"action": name, "_selected_action": str(row.pk)}
            _, rows = call(client, "post", f"/admin/{label.replace('.', '/')}/", data=chosen)
            if bool(rows) != may:
                wrong.append(f"{name} of {label}: {rows} rows written by {kind}")
    assert not wrong, "\n".join(wrong)


def test_every_model_of_whose_rows_is_limited_and_every_limited_model_is_there(db):
    stranger = User.objects.create_user("stranger", is_staff=True)
    limited = {
        model._meta.label_lower for model in admin.site._registry if is_limited(stranger, model, "act")
    }
    assert set(table.whose()) == limited


def is_broken(route: str, answer: Any) -> bool:
    return answer.status_code >= 400 and route != "readyz"


def is_list(route: str) -> bool:
    """A list answers every post with itself; what was posted is saved for those only who may."""
    return route.startswith("admin/") and route.count("/") == 3 and route.split("/")[1] != "password_change"


def answers_only(route: str) -> bool:
    """Lists without a field to edit, forms that ask again, files that come back."""
    if is_list(route):
        return not admin.site._registry[model_of(route)].list_editable
    return route in WRITE_NO_ROW | ASKED_AGAIN or route.endswith(
        ("/add/", "/import/", "/process_import/", "/export/", "/password/")
    )


def model_of(route: str) -> Any:
    label = ".".join(route.split("/")[1:3])
    return next(model for model in admin.site._registry if model._meta.label_lower == label)


def offered(user: Any, route: str, documented: dict[str, table.Needs], here: str, html: str) -> Iterator[str]:
    """What a page offers that its viewer may not use."""
    page = Page(html)
    acts = {
        f"/admin/{label.replace('.', '/')}/"
        for (label, _), needs in table.actions().items()
        if table.Needs(needs, needs).allow(user, "act")
    }
    for found, what in ((page.links, "read"), (page.posts, "act")):
        for url in found:
            parts = urlsplit(urljoin(here, url))
            if parts.netloc or url.startswith("#") or parts.scheme:
                continue
            try:
                known = documented.get(resolve(parts.path).route)
            except Resolver404:
                continue
            if (
                known is not None
                # Lists show those of their viewer only: test_tokens.
                and known.read != table.OWN
                and not known.allow(user, what)
                and not (what == "act" and parts.path in acts)
            ):
                yield f"{what} {parts.path}"
    if page.has_handle and not documented[route].allow(user, "act"):
        yield "a handle to drag"
