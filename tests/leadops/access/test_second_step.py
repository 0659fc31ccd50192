"""The second step of a password login: asked for, set up, required, and what opens it."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from leadops.access import second_step
from tests import make

pytestmark = pytest.mark.django_db
PASSWORD = "a good password"
PAGE, CODE, LOGIN = "/admin/second-step/", "/admin/login/code/", "/admin/login/"


@pytest.fixture
def jo() -> User:
    return User.objects.create_user("jo", password=PASSWORD, is_staff=True)


@pytest.fixture
def browser() -> Client:
    return Client(headers=make.HOST)


def code_of(user: User) -> str:
    """What the app will show in a moment: the present code has been used to switch it on."""
    return first_code(TOTPDevice.objects.get(user=user, confirmed=True).key, later=1)


def first_code(key: str, *, later: int = 0) -> str:
    return f"{totp(bytes.fromhex(key), t0=-30 * later):06d}"


def switch_on(user: User) -> list[str]:
    key = second_step.new_key()
    return second_step.confirm(user, key, first_code(key))


def give_password(browser: Client, following: str = ""):
    address = f"{LOGIN}?next={following}" if following else LOGIN
    return browser.post(address, {"username": "jo", "password": PASSWORD})


def is_in(browser: Client) -> bool:
    return "_auth_user_id" in browser.session


def test_without_one_a_password_opens_the_console(jo, browser):
    assert give_password(browser)["Location"] == "/admin/"
    assert is_in(browser)


def test_with_one_a_password_alone_opens_nothing(jo, browser):
    switch_on(jo)
    assert give_password(browser, "/admin/intake/lead/")["Location"] == CODE
    assert not is_in(browser)
    assert browser.get("/admin/")["Location"].startswith(LOGIN)
    assert browser.get(PAGE)["Location"] == LOGIN
    assert browser.post(CODE, {"code": code_of(jo)})["Location"] == "/admin/intake/lead/"
    assert is_in(browser)


@pytest.mark.parametrize("code", ["000000", "", "x" * 30, "aaaa-bbbb-cccc-dddd", "１２３４５６"])
def test_a_wrong_code_opens_nothing_and_is_said_so(jo, browser, code):
    switch_on(jo)
    give_password(browser)
    page = browser.post(CODE, {"code": code})
    assert page.status_code == 200 and not is_in(browser)
    assert "This code is not right" in page.text or "required" in page.text


def test_guessing_is_slowed_down(jo, browser):
    switch_on(jo)
    give_password(browser)
    for _ in range(3):
        browser.post(CODE, {"code": "000000"})
    browser.post(CODE, {"code": code_of(jo)})
    assert not is_in(browser)


def test_a_code_counts_once(jo, browser):
    switch_on(jo)
    code = code_of(jo)
    for entered in (True, False):
        other = Client(headers=make.HOST)
        give_password(other)
        other.post(CODE, {"code": code})
        assert is_in(other) is entered


def test_a_recovery_code_counts_once_and_is_kept_as_a_hash(jo, browser):
    codes = switch_on(jo)
    assert len(codes) == second_step.RECOVERY_CODES
    kept = set(StaticToken.objects.values_list("token", flat=True))
    assert not kept & {code.replace("-", "") for code in codes}
    for entered in (True, False):
        other = Client(headers=make.HOST)
        give_password(other)
        other.post(CODE, {"code": codes[0].upper().replace("-", " ")})
        assert is_in(other) is entered
    assert second_step.codes_left(jo) == second_step.RECOVERY_CODES - 1


def test_a_right_password_of_a_while_ago_has_to_be_given_again(jo, browser):
    switch_on(jo)
    give_password(browser)
    session = browser.session
    session["half_way_in"] = {**session["half_way_in"], "at": session["half_way_in"]["at"] - 601}
    session.save()
    assert browser.post(CODE, {"code": code_of(jo)})["Location"] == LOGIN


def test_one_s_own_page_switches_it_on_and_off(jo, browser):
    browser.force_login(jo)
    shown = browser.get(PAGE).text
    assert "<svg" in shown and second_step.typed(browser.session["second_step_key"]) in shown
    assert "This code is not right" in browser.post(PAGE, {"code": "000000"}).text
    TOTPDevice.objects.update(throttling_failure_count=0)
    done = browser.post(PAGE, {"code": first_code(browser.session["second_step_key"])}).text
    codes = re.findall(r"(?:[a-z2-7]{4}-){3}[a-z2-7]{4}", done)
    assert len(codes) == second_step.RECOVERY_CODES
    assert "lo-qr" not in browser.get(PAGE).text
    assert "This code is not right" in browser.post(PAGE, {"code": "000000", "remove": "1"}).text
    assert second_step.is_on(jo)
    browser.post(PAGE, {"code": codes[0], "remove": "1"})
    assert not second_step.is_on(jo)


def test_new_recovery_codes_take_the_place_of_the_old(jo, browser):
    old = switch_on(jo)
    browser.force_login(jo)
    assert "lo-codes" in browser.post(PAGE, {"code": old[0], "codes": "1"}).text
    assert not second_step.accepts(jo, old[1])
    assert second_step.codes_left(jo) == second_step.RECOVERY_CODES


@pytest.mark.parametrize(
    ("who", "superuser", "required"),
    [("", True, False), ("superusers", True, True), ("superusers", False, False), ("everybody", False, True)],
)
def test_the_setting_says_whose_password_needs_one(jo, browser, settings, who, superuser, required):
    settings.LEADOPS_SECOND_STEP_FOR = who
    User.objects.update(is_superuser=superuser)
    assert give_password(browser)["Location"] == (PAGE if required else "/admin/")
    assert is_in(browser) is not required


def test_whoever_must_have_one_sets_it_up_before_they_are_in(jo, browser, settings):
    settings.LEADOPS_SECOND_STEP_FOR = "everybody"
    give_password(browser, "/admin/intake/lead/")
    assert "Your account needs a second step." in browser.get(PAGE).text
    assert not is_in(browser)
    done = browser.post(PAGE, {"code": first_code(browser.session["second_step_key"])}).text
    assert is_in(browser) and 'href="/admin/intake/lead/"' in done and "lo-codes" in done
    browser.post(PAGE, {"code": code_of(jo), "remove": "1"})
    assert second_step.is_on(jo), "whoever must have one cannot switch it off"


def test_a_superuser_takes_it_from_somebody_who_has_lost_it(jo, browser):
    switch_on(jo)
    browser.force_login(User.objects.create_superuser("root"))
    chosen = {"action": "remove_second_step", "_selected_action": str(jo.pk)}
    browser.post("/admin/auth/user/", chosen)
    assert not second_step.is_on(jo) and second_step.codes_left(jo) == 0


def test_nobody_has_a_page_that_shows_other_people_s_keys(jo, browser):
    switch_on(jo)
    browser.force_login(User.objects.create_superuser("root"))
    for address in ("/admin/otp_totp/totpdevice/", "/admin/otp_static/staticdevice/"):
        assert browser.get(address).status_code == 404
