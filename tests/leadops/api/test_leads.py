"""Reading leads: the shape that programs rely on, lists, filters, timeline, who has had them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm_sync.models import CrmConnection, CrmLink, OutboxEntry
from intake import runner
from intake.canonical import CANONICAL_FIELDS
from intake.models import Lead
from leadops.api.pages import NewestLeads
from routing.models import Assignment, SlaClock
from tests import make
from tests.leadops.api.calling import Api, refused, staff

pytestmark = pytest.mark.django_db


def test_it_shows_a_lead_with_everything_that_belongs_to_it(acme, api):
    lead = make.handed_off(
        make.person(
            phone="+49 30 901820",
            job_title="Head of Sales",
            utm_source="fair",
            marketing_consent="yes",
            privacy_consent="yes",
            privacy_policy_version="2026-01",
            shoe_size="43",
        )
    )
    holder, clock = Assignment.objects.get(lead=lead), SlaClock.objects.get(lead=lead)
    answer = api.get(f"leads/{lead.pk}")
    assert answer.status_code == 200
    body = answer.json()
    unknown = {name for name in CANONICAL_FIELDS if body[name] is None}
    known = {name: body.pop(name) for name in CANONICAL_FIELDS}
    said = known.pop("submitted_at")
    assert {name: value for name, value in known.items() if value is not None} == {
        "email": "jana.weiss@beispiel-werke.example",
        "phone": "+4930901820",
        "full_name": "Jana Weiß",
        "first_name": "Jana",
        "last_name": "Weiß",
        "job_title": "Head of Sales",
        "company": "Beispiel Werke GmbH",
        "country": "DE",
        "employee_count": 900,
        "intent": "demo_request",
        "utm_source": "fair",
        "marketing_consent": True,
        "privacy_consent": True,
        "privacy_policy_version": "2026-01",
    }
    assert "state" in unknown
    assert said is not None
    assert body == {
        "id": str(lead.pk),
        "version": 1,
        "status": "new",
        "is_test": False,
        "extra": {"shoe_size": "43"},
        "identities": [
            {"kind": "email", "value": "jana.weiss@beispiel-werke.example"},
            {"kind": "phone", "value": "+4930901820"},
        ],
        "score": {
            "points": 90,
            "segment": "hot",
            "reasons": [
                {"label": "Enterprise size", "points": 30},
                {"label": "Asked for a demo", "points": 45},
                {"label": "Decision maker", "points": 15},
            ],
        },
        "assignment": {
            "owner": {"email": holder.owner.email, "name": holder.owner.name},
            "queue": None,
            "reason": "DACH",
            "rule": "DACH",
            "ruleset_version": 1,
            "assigned_at": _iso(holder.assigned_at),
        },
        "sla": {"policy": "Hot leads", "due_at": _iso(clock.due_at), "met_at": None, "breached_at": None},
        "crm": [{"connection": "hubspot", "remote_id": None, "pushed_version": None, "in_sync": False}],
        "created_at": _iso(lead.created_at),
        "updated_at": _iso(lead.updated_at),
    }


def test_it_says_in_sync_once_the_crm_shows_the_newest_version(acme, api):
    lead = make.handed_off()
    hubspot = CrmConnection.objects.get()
    OutboxEntry.objects.all().delete()
    link = CrmLink.objects.create(connection=hubspot, lead=lead, remote_id="151", pushed_version=1)
    assert not api.get(f"leads/{lead.pk}").json()["crm"][0]["in_sync"], "The CRM shows nobody."
    link.shown_owner = Assignment.objects.get(lead=lead).owner.email
    link.save()
    assert api.get(f"leads/{lead.pk}").json()["crm"] == [
        {"connection": "hubspot", "remote_id": "151", "pushed_version": 1, "in_sync": True}
    ]


def test_it_shows_a_queue_by_name_and_no_rule_for_the_fallback(acme, api):
    lead = make.handed_off(make.person(country="BR"))
    assignment = api.get(f"leads/{lead.pk}").json()["assignment"]
    assert (assignment["owner"], assignment["queue"]) == (None, "Triage")
    assert (assignment["rule"], assignment["reason"]) == (None, "No rule matched")


@pytest.fixture
def two(acme) -> tuple[Lead, Lead]:
    """A hot German and a cold American in a queue."""
    return make.handed_off(make.person(phone="+49 30 901820")), make.handed_off(
        make.american(employee_count="5", intent="newsletter")
    )


@pytest.mark.parametrize(
    "query",
    [
        {"email": " JANA.WEISS@beispiel-werke.example"},
        {"phone": "+4930901820"},
        {"phone": "0049 30 901820"},
        {"segment": "hot"},
        {"country": "ignored", "email": "jana.weiss@beispiel-werke.example"},
    ],
    ids=str,
)
def test_it_finds_by(two, api, query):
    found = api.get("leads", **query).json()["results"]
    assert [lead["id"] for lead in found] == [str(two[0].pk)]


def test_it_finds_by_owner_and_queue_and_status(two, api):
    german, american = two
    owner = Assignment.objects.get(lead=german).owner.email
    assert _ids(api, owner=owner.upper()) == [str(german.pk)]
    assert _ids(api, queue="Nurture") == [str(american.pk)]
    assert len(_ids(api, status="new")) == 2
    assert _ids(api, status="customer") == []
    assert _ids(api, owner="nobody@acme.test") == []


def test_it_finds_by_an_address_that_the_person_is_also_known_by(acme, api):
    lead = make.handed_off(make.person(email="jana@beispiel-werke.example", phone="+49 30 901820"))
    again = make.handed_off(make.person(email="jana+demo@beispiel-werke.example", phone="+49 30 901820"))
    assert again.pk == lead.pk
    assert _ids(api, email="jana+demo@beispiel-werke.example") == [str(lead.pk)]


def test_it_narrows_to_test_leads_or_to_the_others(two, api):
    german, american = two
    Lead.objects.filter(pk=german.pk).update(is_test=True)
    assert _ids(api, is_test="true") == [str(german.pk)]
    assert _ids(api, is_test="false") == [str(american.pk)]
    assert api.get(f"leads/{german.pk}").json()["is_test"] is True


def test_it_narrows_to_leads_created_after_a_moment(two, api):
    german, american = two
    assert _ids(api, created_after=german.created_at.isoformat()) == [str(american.pk)]
    assert _ids(api, created_after=(timezone.now() + timedelta(hours=1)).isoformat()) == []


def test_it_refuses_filters_that_make_no_sense_with_the_field(acme, api):
    body = refused(api.get("leads", status="asleep", created_after="yesterday"), 422)
    assert set(body["errors"]) == {"status", "created_after"}


def test_it_pages_through_leads_of_the_same_instant_without_loss(acme, api):
    for number in range(7):
        make.submitted(make.person(email=f"person{number}@beispiel-werke.example", full_name=f"Per {number}"))
    runner.drain()
    assert Lead.objects.values("created_at").distinct().count() == 1
    seen, address = [], "/api/v1/leads?page_size=3"
    while address:
        page = api.client.get(address).json()
        seen.append([lead["id"] for lead in page["results"]])
        address = page["next"]
    assert [len(ids) for ids in seen] == [3, 3, 1]
    assert len({one for ids in seen for one in ids}) == 7
    assert page["previous"].startswith("http")


@pytest.mark.parametrize("path", ["leads", "exceptions"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("page_size", "0"),
        ("page_size", "-1"),
        ("page_size", "many"),
        ("page_size", ""),
        ("cursor", "x"),
        ("cursor", "%00"),
        ("cursor", "cD0xMjM="),  # p=123
        ("cursor", "cD0yMDI2LTk5LTk5KzAw"),  # p=2026-99-99+00
        ("cursor", "bz14"),  # o=x
    ],
)
def test_it_refuses_pages_that_there_are_not(acme, api, path, name, value):
    assert list(refused(api.get(path, **{name: value}), 422)["errors"]) == [name]


def test_it_gives_two_hundred_to_a_page_at_most(acme, api):
    assert NewestLeads.max_page_size == 200
    assert api.get("leads", page_size="999999999").status_code == 200


def test_it_asks_the_database_as_often_for_many_leads_as_for_one(acme, api, django_assert_num_queries):
    make.handed_off(make.person(email="first@beispiel-werke.example"))
    with django_assert_num_queries(12):
        assert len(api.get("leads").json()["results"]) == 1
    for number in range(5):
        make.submitted(make.american(email=f"somebody{number}@bigcorp.example", full_name=f"So {number}"))
    runner.drain()
    with django_assert_num_queries(12):
        assert len(api.get("leads").json()["results"]) == 6


def test_it_tells_the_timeline_in_order(acme, api):
    lead = make.handed_off()
    story = api.get(f"leads/{lead.pk}/timeline").json()
    assert [entry["verb"] for entry in story] == [
        "intake.submitted",
        "routing.scored",
        "routing.assigned",
        "routing.clock_started",
    ]
    assert set(story[0]) == {"at", "verb", "actor", "source", "data"}
    assert story[0]["actor"] == "Website demo request"


def test_it_tells_who_has_had_the_lead(acme):
    api = staff("sam", superuser=True, full_name="Sam Sample")
    lead = make.handed_off()
    first = Assignment.objects.get(lead=lead).owner
    api.post(f"leads/{lead.pk}/reassign", {"owner": "alice@acme.test", "reason": "Speaks French"})
    before, after = api.get(f"leads/{lead.pk}/assignments").json()
    assert before["owner"] == {"email": first.email, "name": first.name}
    assert (before["rule"], before["ruleset_version"], before["source"]) == ("DACH", 1, "pipeline")
    assert after["owner"]["email"] == "alice@acme.test"
    assert (after["reason"], after["source"], after["actor"]) == ("Speaks French", "api", "Sam Sample")
    assert (after["rule"], after["automatic"]) == (None, False)


PATHS = ("leads", "leads/{id}", "leads/{id}/timeline", "leads/{id}/assignments")


@pytest.mark.parametrize("path", PATHS)
def test_it_is_for_staff_who_may_see_leads(acme, path):
    path = path.format(id=make.handed_off().pk)
    refused(Api(None).get(path), 401)
    refused(Api("wrong").get(path), 401)
    refused(staff("may-nothing").get(path), 403)
    assert staff("may-see", "intake.view_lead").get(path).status_code == 200


def test_it_knows_no_lead_by_another_id(acme, api):
    refused(api.get("leads/7f4ac28c-0000-4000-8000-000000000000"), 404)
    refused(api.get("leads/not-an-id"), 404)
    refused(api.get("nothing/at/all"), 404)


def _ids(api, **query):
    return [lead["id"] for lead in api.get("leads", **query).json()["results"]]


def _iso(at):
    return at.isoformat().replace("+00:00", "Z")
