"""What a receiver tells back: the owner, the status, a contact, or that it keeps the lead no more."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from standardwebhooks import Webhook as Standard

from crm_sync import exception_kinds as kinds
from crm_sync.inbound import webhook_events
from crm_sync.models import CrmLink, InboundEvent
from exception_queue.models import ExceptionItem
from intake.models import Lead, TimelineEntry
from routing.models import Assignment, SlaClock
from tests.make import crm_sync as make
from tests.make.webhook import BACK

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/webhooks/desk"


@pytest.fixture
def lead(desk, connection):
    lead = make.lead()
    make.owner("bob@acme.test")
    make.drain(connection)
    return lead


@pytest.fixture
def send(client, lead):
    """Signed, as the standard's own library does it; the answer."""
    numbers = iter(range(1, 100))

    def post(*changes, headers=None, **change):
        number = make.link_of(lead).remote_id
        found = changes or ({"id": f"c{next(numbers)}", "record": number, **change},)
        body = json.dumps({"changes": list(found)} if len(found) > 1 else found[0])
        now = datetime.now(UTC)
        signed = {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(int(time.time())),
            "webhook-signature": Standard(BACK).sign("msg_1", now, body),
        }
        answer = client.post(
            URL, body, content_type="application/json", headers=signed if headers is None else headers
        )
        webhook_events.work_all()
        return answer

    return post


def owner_of(lead):
    return Assignment.objects.get(lead=lead).owner.email


def test_a_person_there_gives_the_lead_to_somebody_else(desk, connection, lead, send):
    assert send(owner="BOB@acme.test", by="carla@desk.example").status_code == 204
    assert owner_of(lead) == "bob@acme.test"
    moved = Assignment.history.filter(lead_id=lead.pk, source="crm").get()
    assert moved.reason == "Owner changed in Webhook"
    # Whoever said so is not told again.
    make.push(lead)
    make.drain(connection)
    assert desk.told() == ["lead.created"]


def test_an_automation_is_told_back_who_has_the_lead(desk, connection, lead, send):
    send(owner="bob@acme.test")
    assert owner_of(lead) == "alice@acme.test"
    make.drain(connection)
    (message,) = desk.messages("lead.assigned")
    assert message["body"]["data"]["after"]["owner"]["email"] == "alice@acme.test"


def test_a_status_is_taken_over_by_our_words(desk, connection, lead, send):
    send(status="working", by="bob@acme.test")
    lead.refresh_from_db()
    assert lead.status == "working"
    make.drain(connection)
    assert desk.told() == ["lead.created"]


def test_a_status_that_we_do_not_have_is_left(lead, send):
    send(status="on_hold", by="bob@acme.test")
    lead.refresh_from_db()
    assert lead.status == "new"
    assert InboundEvent.objects.get().result == "on_hold means nothing here"


def test_a_contact_is_proof_and_stops_the_clock(lead, send):
    make.clock(lead)
    at = (timezone.now() + timedelta(seconds=1)).isoformat()
    send(contacted={"kind": "call", "at": at}, by="bob@acme.test")
    lead.refresh_from_db()
    clock = SlaClock.objects.get(lead=lead)
    assert (lead.status, clock.status, clock.met_by, clock.evidence) == (
        "contacted", "met", "bob@acme.test", "verified",
    )  # fmt: skip


def test_a_contact_of_before_the_lead_is_none(lead, send):
    send(contacted={"kind": "email", "at": "2020-01-01T00:00:00Z"}, by="bob@acme.test")
    lead.refresh_from_db()
    assert lead.status == "new"
    assert InboundEvent.objects.get().status == "ignored"


@pytest.mark.parametrize(("how", "what"), [("deleted", "deleted"), ("erased", "erased")])
def test_what_is_kept_there_no_more_is_asked_about_and_told_no_more(desk, connection, lead, send, how, what):
    send(**{how: True})
    assert CrmLink.objects.get().gone_how == what
    assert ExceptionItem.objects.filter(kind=kinds.RECORD_GONE, status="open").count() == 1
    make.move(lead, make.owner("bob@acme.test"))
    make.drain(connection)
    assert desk.told() == ["lead.created"]


def test_what_comes_twice_counts_once(lead, send):
    number = make.link_of(lead).remote_id
    change = {"id": "c-7", "record": number, "owner": "bob@acme.test", "by": "carla@desk.example"}
    send(change)
    send(change)
    assert InboundEvent.objects.count() == 1
    assert Assignment.history.filter(lead_id=lead.pk, source="crm").count() == 1


def test_an_older_change_that_comes_late_undoes_no_newer_one(lead, send):
    now = timezone.now()
    send(status="qualified", by="bob@acme.test", at=now.isoformat())
    send(status="working", by="bob@acme.test", at=(now - timedelta(minutes=5)).isoformat())
    lead.refresh_from_db()
    assert lead.status == "qualified"
    assert [each.result for each in InboundEvent.objects.order_by("pk")][
        1
    ] == "A later change has come in already"


def test_several_at_once_and_one_that_cannot_be_read(lead, send):
    number = make.link_of(lead).remote_id
    answer = send(
        {"id": "c1", "record": number, "status": "working", "by": "bob@acme.test"},
        {"id": "c2", "record": number, "owner": "bob@acme.test", "colour": "red"},
        {"id": "c3", "record": "T-9999", "status": "working"},
    )
    assert answer.status_code == 204
    assert Lead.objects.get(pk=lead.pk).status == "working"
    item = ExceptionItem.objects.get(kind=kinds.EVENTS_UNREADABLE)
    assert "colour" in item.cause
    assert {each.dedupe_key for each in InboundEvent.objects.all()} == {"c1:status", "c3:status"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("{", "The body is not JSON."),
        ("[]", "The body is no change"),
        ('{"changes": 7}', "is a list of at most"),
    ],
)
def test_a_body_that_is_none_is_refused_in_words(client, connection, body, words):
    answer = client.post(
        URL, body, content_type="application/json", headers={"Authorization": f"Bearer {BACK}"}
    )
    assert answer.status_code == 400
    assert words in answer.json()["detail"]


def test_the_secret_as_a_token_will_do(lead, send):
    assert send(status="working", headers={"Authorization": f"Bearer {BACK}"}).status_code == 204
    assert send(status="working", headers={"Authorization": "Bearer nobody's"}).status_code == 401
    assert send(status="working", headers={}).status_code == 401


def test_the_story_of_the_lead_says_what_came_from_there(lead, send):
    send(status="working", by="bob@acme.test")
    assert TimelineEntry.objects.filter(lead=lead, source="crm").exists()


def test_the_desk_of_the_sandbox_tells_back_by_itself(crm, live_server, lead, desk):
    crm.call(
        "POST", "/control/webhooks", {"target": "webhook", "url": f"{live_server.url}{URL}", "secret": BACK}
    )
    number, _ = desk.ticket()
    said = crm.call(
        "POST", "/control/webhook/changes", {"record": number, "status": "working", "by": "bob@acme.test"}
    )
    assert said["answer"] == 204
    webhook_events.work_all()
    lead.refresh_from_db()
    assert lead.status == "working"
