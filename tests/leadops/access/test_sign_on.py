"""Signing in with a provider of OpenID Connect: who gets in, as what, and what is refused in which words."""

import time
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.test import Client
from joserfc.jwk import RSAKey

from leadops.access import doctor
from leadops.models import SignOnIdentity
from routing.models import Owner
from tests import make
from tests.leadops.access import provider as providers
from tests.leadops.api.calling import Api
from tests.make import access

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def running():
    with providers.running() as provider:
        yield provider


@pytest.fixture
def provider(running, settings):
    running.claims, running.answers, running.said, running.signs_with = {}, {}, {}, None
    settings.LEADOPS_OIDC_ISSUER = running.url
    settings.LEADOPS_OIDC_CLIENT_ID = "leadops"
    settings.LEADOPS_OIDC_CLIENT_SECRET = "s3cret"
    settings.LEADOPS_OIDC_NAME = "Acme"
    settings.LEADOPS_OIDC_ROLES = {"sales": "Rep", "leads-ops": "Ops", "admins": "Superuser"}
    for name in ("Rep", "Ops"):
        Group.objects.get_or_create(name=name)
    return running


@pytest.fixture
def browser() -> Client:
    return Client(headers=make.HOST)


def sign_in(browser: Client, provider, subject: str, *, following: str = "") -> str:
    """The text of the page on which somebody ends up."""
    away = browser.get("/admin/sign-on/", {"next": following} if following else {})
    if away["Location"] == "/admin/login/":
        return browser.get("/admin/login/").text
    back = urlsplit(provider.sign_in(away["Location"], subject))
    return browser.get(f"{back.path}?{back.query}", follow=True).text


def whoami(browser: Client) -> User | None:
    return User.objects.filter(pk=browser.session.get("_auth_user_id")).first()


def roles(user: User) -> list[str]:
    return sorted(user.groups.values_list("name", flat=True))


class TestWhoGetsIn:
    def test_a_new_person_gets_an_account_with_the_role_of_their_group(self, provider, browser):
        provider.person("jo", name="Jo March", groups=["sales", "other"])
        sign_in(browser, provider, "jo")
        user = whoami(browser)
        assert (user.username, user.email, user.get_full_name()) == (
            "jo@acme.test",
            "jo@acme.test",
            "Jo March",
        )
        assert (user.is_staff, user.is_superuser, roles(user)) == (True, False, ["Rep"])
        assert not user.has_usable_password()

    def test_the_page_that_was_asked_for_is_opened_and_no_other_site(self, provider, browser):
        provider.person("jo", groups=["admins"])
        for following, path in (
            ("/admin/intake/lead/", "/admin/intake/lead/"),
            ("https://evil.example/", "/admin/"),
        ):
            away = browser.get("/admin/sign-on/", {"next": following})
            back = urlsplit(provider.sign_in(away["Location"], "jo"))
            assert browser.get(f"{back.path}?{back.query}")["Location"] == path

    def test_nobody_without_a_group_that_has_a_role(self, provider, browser):
        provider.person("jo", groups=["other"])
        assert "You are in no group that has a role in leadops." in sign_in(browser, provider, "jo")
        assert whoami(browser) is None and not User.objects.exists()

    def test_nobody_by_a_role_that_there_is_not(self, provider, browser, settings):
        settings.LEADOPS_OIDC_ROLES = {"sales": "Wizard"}
        provider.person("jo", groups=["sales"])
        assert "no group that has a role" in sign_in(browser, provider, "jo")

    @pytest.mark.parametrize("claims", [{"email_verified": False}, {"email_verified": None}, {"email": ""}])
    def test_nobody_by_an_address_that_is_not_verified(self, provider, browser, claims):
        User.objects.create_user("jo", "jo@acme.test", is_staff=True)
        provider.person("jo", groups=["sales"], **claims)
        page = sign_in(browser, provider, "jo")
        assert "is not verified there" in page or "has no e-mail address there" in page
        assert whoami(browser) is None and not SignOnIdentity.objects.exists()

    def test_a_provider_that_does_not_say_what_it_verifies_can_be_trusted(self, provider, browser, settings):
        settings.LEADOPS_OIDC_TRUST_EMAIL = True
        provider.person("jo", groups=["sales"], email_verified=None)
        sign_in(browser, provider, "jo")
        assert whoami(browser) is not None

    def test_nobody_of_another_domain(self, provider, browser, settings):
        settings.LEADOPS_OIDC_DOMAINS = ["acme.example"]
        provider.person("jo", groups=["sales"])
        assert "Addresses of acme.test may not sign in here." in sign_in(browser, provider, "jo")

    def test_nobody_whose_account_is_switched_off(self, provider, browser):
        User.objects.create_user("jo", "jo@acme.test", is_active=False)
        provider.person("jo", groups=["sales"])
        assert "switched off" in sign_in(browser, provider, "jo")

    def test_nobody_who_said_no_at_the_provider(self, provider, browser):
        away = browser.get("/admin/sign-on/")
        state = parse_qs(urlsplit(away["Location"]).query)["state"][0]
        page = browser.get("/admin/sign-on/back/", {"error": "access_denied", "state": state}, follow=True)
        assert "Nobody was signed in." in page.text


class TestAccountsOfBefore:
    def test_one_with_the_verified_address_is_linked_and_found_again_when_the_address_changes(
        self, provider, browser
    ):
        jo = User.objects.create_user("josephine", "Jo@Acme.test", "a password of before", is_staff=True)
        provider.person("jo", groups=["sales"])
        sign_in(browser, provider, "jo")
        assert whoami(browser) == jo
        provider.person("jo", groups=["sales"], email="jo.bhaer@acme.test")
        sign_in(browser, provider, "jo")
        jo.refresh_from_db()
        assert (whoami(browser), jo.email, User.objects.count()) == (jo, "jo.bhaer@acme.test", 1)
        assert [entry.change_message for entry in LogEntry.objects.order_by("pk")] == [
            "Linked to Acme.", "Got Rep by groups of Acme.",
        ]  # fmt: skip

    def test_a_superuser_s_is_not_taken_over_by_whoever_has_its_address_there(self, provider, browser):
        User.objects.create_superuser("root", "jo@acme.test")
        provider.person("jo", groups=["sales"])
        assert "is a superuser&#x27;s" in sign_in(browser, provider, "jo")
        assert whoami(browser) is None

    def test_one_that_belongs_to_somebody_else_there_is_not_linked_again(self, provider, browser):
        provider.person("jo", groups=["sales"])
        sign_in(browser, provider, "jo")
        provider.person("impostor", groups=["sales"], email="jo@acme.test")
        other = Client(headers=make.HOST)
        assert "belongs to somebody else there" in sign_in(other, provider, "impostor")

    def test_two_with_one_address_are_not_guessed_between(self, provider, browser):
        for name in ("jo", "josephine"):
            User.objects.create_user(name, "jo@acme.test")
        provider.person("jo", groups=["sales"])
        assert "Several accounts" in sign_in(browser, provider, "jo")

    def test_the_owner_with_the_address_is_this_person(self, provider, browser, committed_acme):
        provider.person("alice", groups=["sales"])
        sign_in(browser, provider, "alice")
        assert Owner.objects.get(email="alice@acme.test").user == whoami(browser)

    def test_an_owner_who_is_somebody_s_stays_theirs(self, provider, browser, committed_acme):
        other = User.objects.create_user("other")
        Owner.objects.filter(email="alice@acme.test").update(user=other)
        provider.person("alice", groups=["sales"])
        sign_in(browser, provider, "alice")
        assert Owner.objects.get(email="alice@acme.test").user == other


class TestGroupsThatChange:
    def test_another_group_is_another_role_at_the_next_sign_in(self, provider, browser):
        provider.person("jo", groups=["sales"])
        sign_in(browser, provider, "jo")
        provider.person("jo", groups=["leads-ops", "admins"])
        sign_in(browser, provider, "jo")
        user = whoami(browser)
        assert (roles(user), user.is_superuser) == (["Ops"], True)
        provider.person("jo", groups=["leads-ops"])
        sign_in(browser, provider, "jo")
        user = whoami(browser)
        assert (roles(user), user.is_superuser) == (["Ops"], False)

    def test_a_role_that_was_given_by_hand_stays(self, provider, browser):
        provider.person("jo", groups=["sales"])
        sign_in(browser, provider, "jo")
        whoami(browser).groups.add(Group.objects.create(name="Interns"))
        sign_in(browser, provider, "jo")
        assert roles(whoami(browser)) == ["Interns", "Rep"]

    def test_whoever_has_lost_all_groups_loses_the_role_and_their_tokens_open_nothing(
        self, provider, browser
    ):
        provider.person("jo", groups=["admins"])
        sign_in(browser, provider, "jo")
        api = Api(access.token(whoami(browser)))
        assert api.get("leads").status_code == 200
        provider.person("jo", groups=[])
        assert "no group that has a role" in sign_in(Client(headers=make.HOST), provider, "jo")
        assert api.get("leads").status_code == 403
        assert browser.get("/admin/").status_code == 302


class TestWhatIsProved:
    """Whatever the provider, the network or a stranger gets wrong, nobody is signed in, and the page says why."""

    @pytest.fixture(autouse=True)
    def jo(self, provider):
        provider.person("jo", groups=["sales"])

    @pytest.mark.parametrize(
        ("claims", "words"),
        [
            ({"nonce": "another"}, "was not made for this sign-in"),
            ({"nonce": None}, "was not made for this sign-in"),
            ({"aud": "another-program"}, "was not made for this sign-in"),
            ({"azp": "another-program"}, "was not made for this sign-in"),
            ({"iss": "https://evil.example"}, "was not made for this sign-in"),
            ({"sub": None}, "was not made for this sign-in"),
        ],
        ids=lambda value: str(value)[:30],
    )
    def test_an_id_token_that_is_not_for_us_is_refused(self, provider, browser, claims, words):
        provider.claims = claims
        assert words in sign_in(browser, provider, "jo")
        assert whoami(browser) is None

    @pytest.mark.parametrize(("claim", "seconds"), [("exp", -3600), ("iat", 3600)])
    def test_a_clock_that_is_an_hour_off_is_said_so(self, provider, browser, claim, seconds):
        provider.claims = {claim: int(time.time()) + seconds}
        assert "its clock and that of leadops differ" in sign_in(browser, provider, "jo")
        assert whoami(browser) is None

    def test_a_clock_that_is_half_a_minute_off_is_no_reason(self, provider, browser):
        provider.claims = {"iat": int(time.time()) + 30}
        sign_in(browser, provider, "jo")
        assert whoami(browser) is not None

    def test_a_signature_by_another_key_is_refused(self, provider, browser):
        provider.signs_with = RSAKey.generate_key(2048)
        assert "The signature of Acme cannot be verified." in sign_in(browser, provider, "jo")
        assert whoami(browser) is None

    def test_an_answer_to_somebody_else_s_click_is_refused(self, provider, browser):
        theirs = Client(headers=make.HOST)
        back = urlsplit(provider.sign_in(theirs.get("/admin/sign-on/")["Location"], "jo"))
        page = browser.get(f"{back.path}?{back.query}", follow=True)
        assert "was not begun here" in page.text and whoami(browser) is None

    def test_an_answer_counts_once(self, provider, browser):
        back = urlsplit(provider.sign_in(browser.get("/admin/sign-on/")["Location"], "jo"))
        browser.get(f"{back.path}?{back.query}")
        browser.post("/admin/logout/")
        assert "was not begun here" in browser.get(f"{back.path}?{back.query}", follow=True).text

    def test_a_code_without_its_verifier_is_refused_by_the_provider(self, provider, browser):
        away = browser.get("/admin/sign-on/")["Location"]
        back = urlsplit(provider.sign_in(away, "jo"))
        session = browser.session
        session["sign_on"] = [{**session["sign_on"][0], "verifier": "guessed"}]
        session.save()
        assert "does not answer as it should" in browser.get(f"{back.path}?{back.query}", follow=True).text

    def test_two_people_in_one_answer_are_refused(self, provider, browser):
        provider.answers["/userinfo"] = (200, {"sub": "other", "groups": ["admins"]})
        provider.claims = {"groups": None}
        assert "two different people" in sign_in(browser, provider, "jo")

    @pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/oauth2/token", "/jwks"])
    @pytest.mark.parametrize("answer", [(500, {"error": "internal secret"}), (200, ["odd"])])
    def test_a_provider_that_is_down_or_odd_is_said_so_without_its_own_words(
        self, provider, browser, path, answer
    ):
        provider.answers[path] = answer
        page = sign_in(browser, provider, "jo")
        assert "Acme" in page and "internal secret" not in page and whoami(browser) is None

    def test_a_provider_that_calls_itself_otherwise_is_refused(self, provider, browser):
        provider.said = {"issuer": "https://evil.example"}
        assert "not set up for each other" in sign_in(browser, provider, "jo")

    def test_nobody_answers_at_all(self, provider, browser, settings):
        settings.LEADOPS_OIDC_ISSUER = "http://localhost:9"
        assert "Acme does not answer" in sign_in(browser, provider, "jo")


class TestDoctor:
    def test_it_is_content_with_what_works(self, provider):
        assert list(doctor.check_sign_on()) == []

    def test_it_names_roles_that_there_are_not_and_a_provider_that_does_not_answer(self, provider, settings):
        settings.LEADOPS_OIDC_ROLES = {"sales": "Wizard"}
        provider.answers["/.well-known/openid-configuration"] = (500, {"error": "out of order"})
        role, down = (finding.title for finding in doctor.check_sign_on())
        assert "names Wizard: there is no such group" in role and "out of order" in down

    def test_it_says_so_when_nobody_can_come_in(self, provider, settings):
        settings.LEADOPS_OIDC_ROLES = {}
        assert "lets nobody in" in next(doctor.check_sign_on()).title

    def test_it_says_nothing_where_there_is_none(self, settings):
        assert list(doctor.check_sign_on()) == []


class TestPasswords:
    def test_the_login_page_has_a_button_only_where_single_sign_on_is_set_up(
        self, provider, browser, settings
    ):
        assert "Sign in with Acme" in browser.get("/admin/login/").text
        settings.LEADOPS_OIDC_ISSUER = ""
        assert "Sign in with" not in browser.get("/admin/login/").text
        assert "not set up here" in browser.get("/admin/sign-on/", follow=True).text

    def test_switched_off_they_open_the_console_to_superusers_alone(self, browser, settings):
        settings.LEADOPS_PASSWORD_LOGIN = False
        User.objects.create_user("jo", password="a good password", is_staff=True)
        User.objects.create_superuser("root", password="a good password")
        page = browser.post("/admin/login/", {"username": "jo", "password": "a good password"})
        assert "Passwords are for superusers only here" in page.text and whoami(browser) is None
        browser.post("/admin/login/", {"username": "root", "password": "a good password"})
        assert whoami(browser).username == "root"

    def test_ten_wrong_ones_lock_as_before(self, browser, settings):
        User.objects.create_user("jo", password="a good password", is_staff=True)
        for _ in range(10):
            answer = browser.post("/admin/login/", {"username": "jo", "password": "wrong"})
        assert answer.status_code == 429
        assert (
            browser.post("/admin/login/", {"username": "jo", "password": "a good password"}).status_code
            == 429
        )

    def test_logging_out_ends_it_here(self, provider, browser):
        provider.person("jo", groups=["sales"])
        sign_in(browser, provider, "jo")
        browser.post("/admin/logout/")
        assert browser.get("/admin/")["Location"].startswith("/admin/login/")

    def test_whoever_came_by_single_sign_on_is_asked_again_after_some_hours(
        self, provider, browser, settings
    ):
        settings.LEADOPS_OIDC_SESSION_HOURS = 2
        provider.person("jo", groups=["sales"])
        sign_in(browser, provider, "jo")
        assert browser.session.get_expiry_age() == 7200
