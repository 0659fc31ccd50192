"""API tokens: hashed, shown once, for what they are for, and no longer than they are valid."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser, Group, Permission, User
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from intake.models import IntakeForm, Submission
from leadops.access import doctor, tokens
from leadops.api.tokens import may_read_operations
from leadops.models import ApiToken
from tests import make
from tests.leadops.api.calling import Api, refused, staff
from tests.make import access

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return User.objects.create_superuser("maria")


def row() -> ApiToken:
    return ApiToken.objects.get()


def test_a_token_ends_at_the_instant_that_it_says(user):
    end = timezone.now() + timedelta(days=1)
    made, token = tokens.make(user, name="x", scopes=["read"], now=timezone.now(), expires_at=end)
    assert tokens.find(token, now=end - timedelta(microseconds=1)) == made
    assert tokens.find(token, now=end) is None


def test_the_database_holds_no_token_that_opens_anything(user):
    token = access.token(user)
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM leadops_apitoken t")
        stored = cursor.fetchone()[0]
    assert token not in stored
    assert token.removeprefix(tokens.PREFIX)[4:] not in stored
    assert Api(row().digest).get("leads").status_code == 401
    assert Api(token).get("leads").status_code == 200


def test_a_short_token_that_somebody_chose_is_not_shown_by_its_start(user):
    access.token(user, token="abcd")
    assert row().start == "a"


@pytest.mark.parametrize(
    "change",
    [
        {"revoked_at": timezone.now()},
        {"expires_at": timezone.now() - timedelta(seconds=1)},
    ],
    ids=["revoked", "expired"],
)
def test_a_token_that_is_over_is_refused_in_the_words_for_a_wrong_one(user, change):
    api = Api(access.token(user))
    ApiToken.objects.update(**change)
    assert refused(api.get("leads"), 401) == refused(Api("wrong").get("leads"), 401)


def test_a_token_of_somebody_who_has_left_is_refused(user):
    api = Api(access.token(user))
    User.objects.update(is_active=False)
    refused(api.get("leads"), 401)


def test_a_token_of_somebody_who_is_no_staff_any_more_reads_nothing(user):
    api = Api(access.token(user))
    User.objects.update(is_staff=False)
    refused(api.get("leads"), 403)


def test_a_call_asks_for_its_token_and_user_with_one_question(user):
    token = access.used(user)
    with CaptureQueriesContext(connection) as asked:
        assert tokens.find(token, now=timezone.now()).user == user
    assert len(asked) == 1


def test_the_last_use_is_written_down_at_most_once_a_minute(user):
    token, now = access.token(user), timezone.now()
    for seconds in (0, 1, 59):
        assert tokens.find(token, now=now + timedelta(seconds=seconds))
    assert row().last_used_at == now
    assert tokens.find(token, now=now + timedelta(seconds=60))
    assert row().last_used_at == now + timedelta(seconds=60)


class TestScopes:
    """What a token is for, and what its user may: both count."""

    @pytest.fixture
    def lead(self, acme):
        return make.handed_off(make.person())

    def test_one_for_reading_changes_nothing(self, lead, user):
        api = Api(access.token(user, scopes=["read"]))
        assert api.get(f"leads/{lead.pk}").status_code == 200
        said = refused(api.post(f"leads/{lead.pk}/disqualify", {"reason": "Student"}), 403)
        assert "scope “act”" in said["detail"]
        lead.refresh_from_db()
        assert lead.status == "new"

    def test_one_for_acting_reads_nothing(self, lead, user):
        api = Api(access.token(user, scopes=["act"]))
        assert "scope “read”" in refused(api.get("leads"), 403)["detail"]
        submission = lead.submissions.get()
        assert "scope “read”" in refused(api.get(f"submissions/{submission.pk}"), 403)["detail"]
        assert api.post(f"leads/{lead.pk}/disqualify", {"reason": "Student"}).status_code == 200

    def test_trying_out_a_decision_is_reading(self, lead, user):
        body = {"facts": {"country": "DE"}}
        assert Api(access.token(user, scopes=["read"])).post("simulate", body).status_code == 200
        refused(Api(access.token(user, name="Other", scopes=["act"])).post("simulate", body), 403)

    def test_a_token_gives_no_more_than_its_user_may(self, lead):
        api = staff("rep", "intake.view_lead")
        assert api.get("leads").status_code == 200
        refused(api.post(f"leads/{lead.pk}/disqualify", {"reason": "Student"}), 403)

    def test_one_for_submitting_posts_to_a_webhook_form_as_the_form_s_own_does(self, acme, user):
        IntakeForm.objects.filter(key="demo-request").update(kind=IntakeForm.Kind.WEBHOOK)
        for scopes, status in ((["submit"], 202), (["read", "act", "admin"], 401)):
            api = Api(access.token(user, name=str(scopes), scopes=scopes))
            answer = api.post("forms/demo-request/submissions", make.person(email=f"{status}@firm.example"))
            assert answer.status_code == status, scopes
        assert Submission.objects.count() == 1

    def test_one_for_submitting_of_somebody_who_may_not_add_submissions_posts_nothing(self, acme):
        IntakeForm.objects.filter(key="demo-request").update(kind=IntakeForm.Kind.WEBHOOK)
        user = User.objects.create_user("rep", is_staff=True)
        api = Api(access.token(user, scopes=["submit"]))
        refused(api.post("forms/demo-request/submissions", make.person()), 401)
        user.user_permissions.add(Permission.objects.get(codename="add_submission"))
        assert api.post("forms/demo-request/submissions", make.person()).status_code == 202
        User.objects.filter(pk=user.pk).update(is_staff=False)
        refused(api.post("forms/demo-request/submissions", make.person()), 401)


def test_doctor_names_tokens_that_end_soon_and_those_that_nobody_uses(user):
    now = timezone.now()
    access.token(user, name="Fine")
    access.token(user, name="Ending", expires_at=now + timedelta(days=6))
    access.token(user, name="Ended", expires_at=now - timedelta(days=1))
    access.token(user, name="Idle")
    access.token(user, name="Never used")
    long_ago = now - timedelta(days=91)
    ApiToken.objects.filter(name="Idle").update(last_used_at=long_ago)
    ApiToken.objects.filter(name="Never used").update(created_at=long_ago)
    ending, unused = (finding.title for finding in doctor.check_tokens())
    assert ending.startswith("1 API token expires within 7 days: “Ending”")
    assert unused.startswith("2 API tokens unused for 90 days: “Idle”")
    assert "“Never used”" in unused and "Fine" not in unused


def test_doctor_says_nothing_of_tokens_that_are_used(user):
    access.used(user)
    assert list(doctor.check_tokens()) == []


class TestOperations:
    """Who may read metrics, and what readiness says in detail."""

    def asked(self, token: str = "", user: User | None = None) -> bool:
        request = RequestFactory().get(
            "/metrics", headers={"authorization": f"Token {token}"} if token else {}
        )
        request.user = user or AnonymousUser()
        return may_read_operations(request)

    def test_a_token_for_operations_of_somebody_who_may(self, user):
        assert self.asked(access.token(user, scopes=["admin"]))
        engineer = User.objects.create_user("engineer", is_staff=True)
        token = access.token(engineer, scopes=["admin"])
        assert not self.asked(token)
        engineer.groups.add(Group.objects.get(name="Engineer"))
        assert self.asked(token)

    def test_no_other_token_and_nobody_without_one(self, user):
        assert not self.asked(access.token(user, scopes=["read", "act", "submit"]))
        assert not self.asked("wrong") and not self.asked()

    def test_whoever_is_logged_in_and_may(self, user):
        assert self.asked(user=user)
        assert not self.asked(user=User.objects.create_user("rep", is_staff=True))
