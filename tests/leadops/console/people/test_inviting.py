"""One form lets somebody in: login, role, owner and team, and a link to choose a password."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.core import mail
from django.test import Client

from routing.models import Owner, Team

HOST = {"host": "127.0.0.1"}
ADD = "/admin/auth/user/add/"


def invitation(as_a="Rep", **changes):
    said = {
        "full_name": "Nina Neu",
        "email": "Nina@acme.test",
        "role": Group.objects.get(name=as_a).pk,
        "owner_kind": "new",
        "team": Team.objects.get(name="DACH Sales").pk,
    }
    return {name: value for name, value in (said | changes).items() if value is not None}


def link_in(text: str) -> str:
    return re.search(r"http://[^\s<]+(/admin/welcome/[^\s<]+)", text)[1]


def choose(link: str, password="korrekt pferd batterie"):
    client = Client(headers=HOST)
    form = client.get(link, follow=True)
    here = form.redirect_chain[-1][0] if form.redirect_chain else link
    done = client.post(here, {"new_password1": password, "new_password2": password})
    return form, done, client


@pytest.fixture
def no_mail(settings):
    settings.EMAIL_URL = ""


def test_an_invitation_makes_login_role_owner_and_team_and_shows_the_link_once(maria, acme, no_mail):
    answer = maria.post(ADD, invitation())
    assert answer.status_code == 200 and "no-store" in answer["Cache-Control"]
    user, owner = User.objects.get(username="nina@acme.test"), Owner.objects.get(email="nina@acme.test")
    assert (user.is_staff, user.is_superuser, user.has_usable_password()) == (True, False, False)
    assert [group.name for group in user.groups.all()] == ["Rep"]
    assert (owner.user, owner.name, owner.team.name) == (user, "Nina Neu", "DACH Sales")
    assert owner.history.get().history_user.username == "maria"
    assert "3 days" in answer.text
    link = link_in(answer.text)
    assert link not in maria.get(f"/admin/auth/user/{user.pk}/change/").text
    form, done, client = choose(link)
    assert "For nina@acme.test" in form.text and done.status_code == 302
    signed_in = client.post(
        "/admin/login/", {"username": "nina@acme.test", "password": "korrekt pferd batterie"}
    )
    assert signed_in.status_code == 302
    assert "This link has ended" in Client(headers=HOST).get(link, follow=True).text
    said = [entry.get_change_message() for entry in LogEntry.objects.filter(object_id=str(user.pk))]
    assert set(said) == {"Invited as Rep.", "A link to choose a password was shown."}
    history = maria.get(f"/admin/auth/user/{user.pk}/history/").text
    assert "Invited as Rep" in history


@pytest.mark.django_db(transaction=True)
def test_where_there_is_mail_the_link_goes_there_and_nowhere_else(committed_acme, maria, settings):
    settings.EMAIL_URL = "smtp://mail.acme.test"
    answer = maria.post(ADD, invitation())
    (message,) = mail.outbox
    assert message.to == ["nina@acme.test"] and "Maria Mann has let you into leadops" in message.body
    assert "/admin/welcome/" not in answer.text and "sent to <b>nina@acme.test" in answer.text
    assert choose(link_in(message.body))[1].status_code == 302


def test_an_owner_who_is_there_gets_the_login_and_a_manager_the_team(maria, acme, no_mail):
    eva, team = Owner.objects.get(name="Eva Ernst"), Team.objects.create(name="South")
    answer = maria.post(ADD, invitation("Manager", owner_kind="existing", owner=eva.pk, manages=team.pk))
    assert answer.status_code == 200
    eva.refresh_from_db()
    team.refresh_from_db()
    assert eva.user.username == "nina@acme.test" and team.manager == eva
    assert Owner.objects.filter(email="nina@acme.test").count() == 0
    listed = maria.get("/admin/auth/user/").text
    assert "South (manages)" in listed and "has chosen no password" in listed and "Manager" in listed


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"email": "maria@acme.test"}, "Somebody has a login with this address already."),
        ({"email": "eva@acme.test"}, "say that they are an owner already"),
        ({"owner_kind": "existing"}, "Choose the owner that they are."),
        ({"owner_kind": "none"}, "sees leads as an owner: make them one."),
        ({"role": None}, "This field is required."),
        ({"manages": "AMER Sales"}, "Maria Mann manages AMER Sales."),
    ],
)
def test_what_does_not_fit_stands_at_its_field_and_nothing_is_made(maria, acme, no_mail, changes, said):
    if "manages" in changes:
        changes = {"manages": Team.objects.get(name=changes["manages"]).pk}
    before = User.objects.count(), Owner.objects.count()
    answer = maria.post(ADD, invitation(**changes))
    assert answer.status_code == 200 and said in answer.text.replace("&#x27;", "'")
    assert (User.objects.count(), Owner.objects.count()) == before


def test_a_new_link_ends_the_one_before(maria, acme, no_mail):
    first = link_in(maria.post(ADD, invitation()).text)
    user = User.objects.get(username="nina@acme.test")
    address = f"/admin/auth/user/{user.pk}/send_link/"
    assert "3 days" in maria.get(address).text
    second = link_in(maria.post(address).text)
    assert "This link has ended" in Client(headers=HOST).get(first, follow=True).text
    assert choose(second)[1].status_code == 302


def test_a_link_ends_after_three_days(maria, acme, no_mail, settings):
    link = link_in(maria.post(ADD, invitation()).text)
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert "This link has ended" in Client(headers=HOST).get(link, follow=True).text


def test_whoever_is_locked_out_is_signed_out_and_can_be_let_in_again(maria, acme, no_mail):
    link = link_in(maria.post(ADD, invitation()).text)
    choose(link)
    user = User.objects.get(username="nina@acme.test")
    nina = Client(headers=HOST)
    nina.force_login(user)
    assert nina.get("/admin/").status_code == 200
    asked = maria.get(f"/admin/auth/user/{user.pk}/lock_out/").text
    assert "go on getting leads" in asked
    maria.post(f"/admin/auth/user/{user.pk}/lock_out/")
    assert nina.get("/admin/").status_code == 302
    assert "locked out" in maria.get("/admin/auth/user/").text
    maria.post(f"/admin/auth/user/{user.pk}/let_in/")
    user.refresh_from_db()
    assert user.is_active
    own = User.objects.get(username="maria")
    assert maria.post(f"/admin/auth/user/{own.pk}/lock_out/").status_code == 403
