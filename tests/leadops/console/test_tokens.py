"""The pages of API tokens: everybody makes and revokes their own, a superuser everybody's."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from leadops.access import tokens
from leadops.models import ApiToken
from tests import make
from tests.leadops.api.calling import Api
from tests.make import access

pytestmark = pytest.mark.django_db
LIST = "/admin/leadops/apitoken/"
SAID = {"name": "Nightly report", "scopes": ["read"], "lasts": "90"}


def login(name: str, **more) -> Client:
    client = Client(headers=make.HOST)
    client.force_login(User.objects.create_user(name, is_staff=True, **more))
    return client


@pytest.fixture
def rep() -> Client:
    return login("rep")


@pytest.fixture
def root() -> Client:
    return login("root", is_superuser=True)


def test_a_token_is_shown_once_and_never_again(root):
    made = root.post(f"{LIST}add/", {**SAID, "user": User.objects.get(username="root").pk})
    token = re.search(rf"{tokens.PREFIX}[\w-]+", made.text)[0]
    assert "no-store" in made.headers["Cache-Control"]
    assert Api(token).get("leads").status_code == 200
    row = ApiToken.objects.get()
    for page in (LIST, f"{LIST}{row.pk}/change/", f"{LIST}{row.pk}/history/"):
        shown = root.get(page)
        assert shown.status_code == 200 and token not in shown.text, page
    assert row.start in root.get(LIST).text
    assert (row.expires_at - row.created_at).days == 90


def test_sending_the_form_again_makes_no_second_token(rep):
    rep.post(f"{LIST}add/", SAID)
    again = rep.post(f"{LIST}add/", SAID)
    assert "There is a token with this name" in again.text
    assert ApiToken.objects.count() == 1


def test_staff_make_tokens_for_themselves_only(rep, root):
    other = User.objects.get(username="root")
    assert "Acts as" not in rep.get(f"{LIST}add/").text
    rep.post(f"{LIST}add/", {**SAID, "user": other.pk})
    assert ApiToken.objects.get().user.username == "rep"
    root.post(f"{LIST}add/", {**SAID, "user": User.objects.get(username="rep").pk, "name": "Other"})
    assert ApiToken.objects.get(name="Other").user.username == "rep"


def test_a_token_for_somebody_who_may_not_come_in_is_refused(root):
    guest = User.objects.create_user("guest")
    said = root.post(f"{LIST}add/", {**SAID, "user": guest.pk})
    assert "may not use the console" in said.text
    assert not ApiToken.objects.exists()


def test_staff_see_and_revoke_their_own_and_nobody_else_s(rep, root):
    access.token(User.objects.get(username="root"), name="Of root")
    theirs = ApiToken.objects.get()
    assert "Of root" not in rep.get(LIST).text and "Of root" in root.get(LIST).text
    assert rep.get(f"{LIST}{theirs.pk}/change/").status_code == 302
    rep.post(f"{LIST}{theirs.pk}/revoke/", {"_form_submitted": "on"})
    theirs.refresh_from_db()
    assert theirs.revoked_at is None
    token = access.token(User.objects.get(username="rep"), name="Of rep")
    mine = ApiToken.objects.get(name="Of rep")
    rep.post(f"{LIST}{mine.pk}/revoke/", {"_form_submitted": "on"})
    assert tokens.find(token, now=mine.created_at) is None
    assert "Revoked" in rep.get(LIST).text


def test_a_superuser_can_look_at_their_own_alone(root, rep):
    access.token(User.objects.get(username="rep"), name="Of rep")
    assert "Of rep" in root.get(LIST).text
    assert "Of rep" not in root.get(f"{LIST}?whose=mine").text


def test_a_name_is_free_again_once_its_token_is_revoked(rep):
    rep.post(f"{LIST}add/", SAID)
    rep.post(f"{LIST}{ApiToken.objects.get().pk}/revoke/", {"_form_submitted": "on"})
    rep.post(f"{LIST}add/", SAID)
    assert ApiToken.objects.filter(revoked_at=None).count() == 1


def test_the_list_says_what_to_do_when_it_is_empty(rep):
    assert "No API tokens yet" in rep.get(LIST).text


def test_everybody_finds_their_tokens_below_their_name(rep):
    assert f"{LIST}?whose=mine" in rep.get("/admin/").text
