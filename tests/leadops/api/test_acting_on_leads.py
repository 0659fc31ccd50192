"""What staff do with leads over the API goes through the same writers as in the console."""

from datetime import timedelta

import pytest
from django.utils import timezone

from intake.models import Lead, LeadChange
from routing.models import Assignment, OwnerNotice, RotationTurn, SlaClock
from tests import make
from tests.leadops.api.calling import Api, refused, staff

pytestmark = pytest.mark.django_db

ACTIONS = {
    "reassign": {"queue": "Partner desk", "reason": "Ours"},
    "contacted": {},
    "disqualify": {"reason": "student"},
    "reject": {"reason": "busy"},
}


@pytest.fixture
def lead(acme) -> Lead:
    return make.handed_off()


def test_it_reassigns_to_an_owner_and_answers_with_the_lead(lead):
    api = staff("sam", "intake.change_lead", full_name="Sam Sample")
    answer = api.post(f"leads/{lead.pk}/reassign", {"owner": "Alice@acme.test", "reason": "Speaks French"})
    assert answer.status_code == 200
    assert answer.json()["assignment"]["owner"] == {"email": "alice@acme.test", "name": "Alice Ames"}
    assert answer.json()["assignment"]["reason"] == "Speaks French"
    row = Assignment.objects.get(lead=lead)
    assert (row.source, row.actor, row.automatic) == ("api", "Sam Sample", False)
    assert row.history.count() == 2
    assert LeadChange.objects.filter(lead=lead).exists()
    assert not answer.json()["crm"][0]["in_sync"]


def test_it_reassigns_to_a_queue(lead, api):
    answer = api.post(f"leads/{lead.pk}/reassign", {"queue": "Partner desk", "reason": "A partner"})
    assert answer.json()["assignment"]["queue"] == "Partner desk"
    assert answer.json()["assignment"]["owner"] is None


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"owner": "nobody@acme.test", "reason": "x"}, "owner"),
        ({"queue": "No such queue", "reason": "x"}, "queue"),
        ({"owner": "alice@acme.test", "queue": "Triage", "reason": "x"}, "owner"),
        ({"reason": "x"}, "owner"),
        ({"owner": "alice@acme.test"}, "reason"),
        ({"owner": "alice@acme.test", "reason": " "}, "reason"),
    ],
)
def test_it_says_which_field_of_a_reassign_is_wrong(lead, api, said, field):
    body = refused(api.post(f"leads/{lead.pk}/reassign", said), 422)
    assert list(body["errors"]) == [field]
    assert Assignment.objects.get(lead=lead).history.count() == 1


def test_it_refuses_with_a_sentence_what_cannot_be_done(lead, api):
    inactive = api.post(f"leads/{lead.pk}/reassign", {"owner": "frank@acme.test", "reason": "x"})
    assert refused(inactive, 409)["detail"] == "Frank Fuchs is not active. Choose somebody who is."
    owner = Assignment.objects.get(lead=lead).owner
    same = api.post(f"leads/{lead.pk}/reassign", {"owner": owner.email, "reason": "x"})
    assert refused(same, 409)["detail"] == f"{owner.name} has this lead already."


def test_it_stops_the_clock_when_somebody_has_contacted_the_lead(lead):
    api = staff("sam", "intake.change_lead", full_name="Sam Sample")
    at = timezone.now()
    body = api.post(f"leads/{lead.pk}/contacted", {"at": at.isoformat()}).json()
    assert body["status"] == "contacted"
    assert body["sla"]["met_at"] == at.isoformat().replace("+00:00", "Z")
    clock = SlaClock.objects.get(lead=lead)
    assert (clock.met_by, clock.evidence) == ("Sam Sample", "claimed")


def test_it_takes_now_for_a_contact_without_a_time_and_no_time_that_cannot_be(lead, api):
    for at, words in {
        (timezone.now() + timedelta(days=1)).isoformat(): "future",
        "9999-12-31T23:59:59Z": "future",
        "2001-01-01T00:00:00Z": "came in on",
        "0001-01-01T00:00:00Z": "came in on",
    }.items():
        body = refused(api.post(f"leads/{lead.pk}/contacted", {"at": at}), 422)
        assert words in body["errors"]["at"][0]
    assert SlaClock.objects.get(lead=lead).status == "running"
    assert api.post(f"leads/{lead.pk}/contacted").json()["sla"]["met_at"] is not None
    assert "at" in refused(api.post(f"leads/{lead.pk}/contacted", {"at": "soon"}), 422)["errors"]


def test_it_takes_clock_and_notices_from_a_disqualified_lead_but_not_the_owner(lead, api):
    body = api.post(f"leads/{lead.pk}/disqualify", {"reason": "student"}).json()
    assert body["status"] == "disqualified"
    assert body["sla"] is None
    assert body["assignment"]["owner"] is not None
    assert not OwnerNotice.objects.filter(lead=lead, status="waiting").exists()
    assert "already" in refused(api.post(f"leads/{lead.pk}/disqualify", {"reason": "x"}), 409)["detail"]


def test_it_gives_a_rejected_lead_to_somebody_else_and_the_turn_back(lead, api):
    before = Assignment.objects.get(lead=lead).owner
    body = api.post(f"leads/{lead.pk}/reject", {"reason": "wrong_territory"}).json()
    assert body["assignment"]["owner"]["email"] != before.email
    assert "wrong_territory" in body["assignment"]["reason"]
    assert RotationTurn.objects.filter(lead=lead, kind="give_back").count() == 1


def test_it_refuses_to_give_back_what_nobody_owns(acme, api):
    lead = make.handed_off(make.person(country="BR"))
    refused(api.post(f"leads/{lead.pk}/reject", {"reason": "spam"}), 409)


@pytest.mark.parametrize("action", ACTIONS)
def test_it_is_for_staff_who_may_change_leads(lead, action):
    path, body = f"leads/{lead.pk}/{action}", ACTIONS[action]
    refused(Api(None).post(path, body), 401)
    refused(staff("may-see", "intake.view_lead").post(path, body), 403)
    assert staff("may-change", "intake.change_lead").post(path, body).status_code == 200


@pytest.mark.parametrize("action", ACTIONS)
def test_it_knows_no_lead_by_another_id(acme, api, action):
    refused(api.post(f"leads/7f4ac28c-0000-4000-8000-000000000000/{action}", ACTIONS[action]), 404)


@pytest.mark.parametrize("charset", ["latin-1", "utf-16", "hex", "no-such"])
def test_it_reads_json_as_utf_8_whatever_the_header_claims(lead, api, charset):
    path = f"/api/v1/leads/{lead.pk}/reassign"
    body = '{"queue": "Triage", "reason": "Für später"}'.encode()
    answer = api.client.generic("POST", path, body, content_type=f"application/json; charset={charset}")
    assert answer.json()["assignment"]["reason"] == "Für später"


def test_it_refuses_a_body_that_is_no_json_object(lead, api):
    path = f"/api/v1/leads/{lead.pk}/disqualify"
    refused(api.client.post(path, "{", content_type="application/json"), 400)
    refused(api.client.post(path, "[1]", content_type="application/json"), 422)
    refused(api.client.post(path, "[" * 200_000, content_type="application/json"), 400)
    for levels, status in ((64, 422), (65, 400), (900, 400)):
        nested = "[" * (levels - 1) + "]" * (levels - 1)
        answer = api.client.post(path, f'{{"reason": {nested}}}', content_type="application/json")
        said = refused(answer, status)
    assert said["detail"] == "The body is nested more than 64 levels deep."
    huge = f'{{"reason": "{"x" * 1024 * 1024}"}}'
    refused(api.client.post(path, huge, content_type="application/json"), 413)
    refused(api.client.post(path, "x", content_type="text/csv"), 415)
    refused(api.client.post(path, "reason=x", content_type="application/x-www-form-urlencoded"), 415)
    refused(api.client.get(path), 405)
