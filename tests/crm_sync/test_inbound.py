"""What people and programs change in the CRM comes in, through signed webhooks."""

import json
import time
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connections
from django.utils import timezone

from crm_sandbox.webhooks import signature_v3
from crm_sync import crm_state
from crm_sync import exception_kinds as kinds
from crm_sync.connectors.events import MalformedEvents
from crm_sync.inbound import webhook_events
from crm_sync.models import FieldMapping, InboundEvent, OutboxEntry, OwnerLink
from exception_queue import queue
from exception_queue.models import ExceptionItem
from intake.models import Lead, LeadChange
from plumbing.signatures import BadSignature
from routing.models import Assignment, Owner, OwnerNotice
from tests.make import crm_sync as make
from tests.plumbing.server import serve

pytestmark = pytest.mark.django_db(transaction=True)

URL = "https://leadops.acme.example/api/v1/webhooks/hubspot"


@pytest.fixture
def pushed(crm, connection):
    make.queue(fallback=True)
    lead = make.lead()
    make.drain(connection)
    return lead


def deliver(*events, secret=make.WEBHOOK_SECRET):
    body = json.dumps(list(events)).encode()
    stamp = str(int(time.time() * 1000))
    signature = signature_v3(secret=secret, method="POST", url=URL, body=body, timestamp=stamp)
    headers = {"X-HubSpot-Request-Timestamp": stamp, "X-HubSpot-Signature-v3": signature}
    return webhook_events.accept(
        connection_key="hubspot", headers=headers, raw_body=body, method="POST", uri=URL, now=timezone.now()
    ).new


def event(crm, name, *, source="CRM_UI", source_id="userId:4400100", at=None, number=None):
    """As HubSpot tells it. Its value is left out: nothing in an event is believed."""
    return {
        "eventId": 1,
        "subscriptionType": "contact.propertyChange",
        "objectId": int(number or crm.contact()["id"]),
        "propertyName": name,
        "propertyValue": "whatever",
        "occurredAt": at or int(time.time() * 1000),
        "changeSource": source,
        "sourceId": source_id,
        "appId": 1160452,
        "attemptNumber": 0,
    }


def by_program(crm, name):
    return event(crm, name, source="INTEGRATION", source_id="999")


def owner_of(lead):
    assignment = Assignment.objects.get(lead=lead)
    return assignment.owner.email if assignment.owner else str(assignment.queue)


def settle(connection):
    """Everything that waits is worked on and pushed."""
    webhook_events.work_all()
    LeadChange.objects.all().delete()
    make.push(*Lead.objects.all())
    make.drain(connection)


def test_a_persons_change_of_owner_is_an_accepted_reassign(crm, connection, pushed):
    make.owner("bob@acme.test")
    crm.person_changes(crm.contact()["id"], hubspot_owner_id=crm.owner_id("bob@acme.test"))
    deliver(event(crm, "hubspot_owner_id"))
    webhook_events.work_all()
    assert owner_of(pushed) == "bob@acme.test"
    newest = Assignment.history.filter(lead_id=pushed.pk).latest()
    assert (newest.source, newest.reason) == ("crm", "Owner changed in HubSpot")
    assert "4400100" in newest.actor
    assert make.link_of(pushed).shown_owner == "bob@acme.test"


def test_a_persons_change_does_not_echo(crm, connection, pushed):
    make.owner("bob@acme.test")
    crm.person_changes(crm.contact()["id"], hubspot_owner_id=crm.owner_id("bob@acme.test"))
    deliver(event(crm, "hubspot_owner_id"))
    settle(connection)
    history = crm.call(
        "GET",
        f"/hubspot/crm/v3/objects/contacts/{crm.contact()['id']}?propertiesWithHistory=hubspot_owner_id",
    )
    versions = history["propertiesWithHistory"]["hubspot_owner_id"]
    assert [each["sourceType"] for each in versions] == ["CRM_UI", "INTEGRATION"]


def test_a_delivery_that_comes_again_is_harmless(crm, connection, pushed):
    make.owner("bob@acme.test")
    crm.person_changes(crm.contact()["id"], hubspot_owner_id=crm.owner_id("bob@acme.test"))
    told = event(crm, "hubspot_owner_id")
    assert deliver(told) == 1
    webhook_events.work_all()
    assert deliver(told | {"attemptNumber": 1}) == 0
    webhook_events.work_all()
    assert Assignment.history.filter(lead_id=pushed.pk, source="crm").count() == 1
    assert InboundEvent.objects.count() == 1


def test_a_late_event_about_an_older_change_changes_nothing(crm, connection, pushed):
    make.owner("bob@acme.test")
    crm.person_changes(crm.contact()["id"], hubspot_owner_id=crm.owner_id("bob@acme.test"))
    deliver(event(crm, "hubspot_owner_id"))
    webhook_events.work_all()
    deliver(event(crm, "hubspot_owner_id", at=int(time.time() * 1000) - 60_000))
    webhook_events.work_all()
    assert owner_of(pushed) == "bob@acme.test"
    assert set(InboundEvent.objects.values_list("status", flat=True)) == {"done", "ignored"}


def test_an_owner_who_is_removed_by_a_person_leaves_the_lead_in_the_fallback_queue(crm, connection, pushed):
    crm.person_changes(crm.contact()["id"], hubspot_owner_id="")
    deliver(event(crm, "hubspot_owner_id"))
    webhook_events.work_all()
    assert owner_of(pushed) == "Triage"


def test_our_own_change_is_ignored(crm, connection, pushed):
    deliver(event(crm, "hubspot_owner_id", source="INTEGRATION", source_id="1160452"))
    webhook_events.work_all()
    assert InboundEvent.objects.get().status == "ignored"
    assert not LeadChange.objects.exists()
    assert owner_of(pushed) == "alice@acme.test"


def other_program_changes(connection, crm, name, value):
    """A program that is not ours: the sandbox has one app, so its change is made to look like another's."""
    number = crm.contact()["id"]
    crm.program_changes(number, **{name: value})
    told = by_program(crm, name)
    told["appId"] = 424242
    deliver(told)
    webhook_events.work_all()
    make.drain(connection)


def test_an_automation_is_changed_back_once_and_then_left_alone(crm, connection, pushed):
    make.owner("bob@acme.test")
    alice, bob = crm.owner_id("alice@acme.test"), crm.owner_id("bob@acme.test")
    other_program_changes(connection, crm, "hubspot_owner_id", bob)
    assert crm.contact()["hubspot_owner_id"] == alice
    assert owner_of(pushed) == "alice@acme.test"
    assert not ExceptionItem.objects.exists()
    other_program_changes(connection, crm, "hubspot_owner_id", bob)
    assert crm.contact()["hubspot_owner_id"] == bob
    item = ExceptionItem.objects.get()
    assert (item.kind, item.subject_id) == (kinds.PING_PONG, str(pushed.pk))
    make.push(pushed)
    make.drain(connection)
    assert crm.contact()["hubspot_owner_id"] == bob


def test_writing_begins_again_when_a_person_says_so(crm, connection, pushed):
    make.owner("bob@acme.test")
    for _ in range(2):
        other_program_changes(connection, crm, "hubspot_owner_id", crm.owner_id("bob@acme.test"))
    queue.retry(ExceptionItem.objects.all(), by="ops")
    make.drain(connection)
    assert crm.contact()["hubspot_owner_id"] == crm.owner_id("alice@acme.test")


def test_a_person_who_types_over_a_value_that_we_keep_sees_it_changed_back(crm, connection, pushed):
    crm.person_changes(crm.contact()["id"], leadops_score="99")
    deliver(event(crm, "leadops_score"))
    webhook_events.work_all()
    make.drain(connection)
    assert crm.contact()["leadops_score"] == "10"


def test_a_name_that_a_person_corrects_comes_in_and_stays(crm, connection, pushed):
    crm.person_changes(crm.contact()["id"], firstname="Regina")
    deliver(event(crm, "firstname"))
    webhook_events.work_all()
    pushed.refresh_from_db()
    assert (pushed.first_name, pushed.full_name) == ("Regina", "Regina Green")
    assert "first_name" in pushed.typed_fields
    settle(connection)
    assert crm.contact()["firstname"] == "Regina"


def test_a_value_that_cannot_be_ours_is_an_exception(crm, connection, pushed):
    FieldMapping.objects.create(connection=connection, canonical="country", property="country", position=90)
    crm.person_changes(crm.contact()["id"], country="Atlantis")
    deliver(event(crm, "country"))
    webhook_events.work_all()
    pushed.refresh_from_db()
    assert pushed.country == ""
    item = ExceptionItem.objects.get()
    assert item.kind == kinds.CHANGE_REFUSED
    assert "Country: “Atlantis” cannot be used" in item.cause


def test_a_country_that_a_person_types_in_words_is_understood(crm, connection, pushed):
    FieldMapping.objects.create(connection=connection, canonical="country", property="country", position=90)
    crm.person_changes(crm.contact()["id"], country="Germany")
    deliver(event(crm, "country"))
    webhook_events.work_all()
    pushed.refresh_from_db()
    assert pushed.country == "DE"


def test_a_status_that_a_person_sets_goes_through_the_doors(crm, connection, pushed):
    clock = make.clock(pushed)
    crm.person_changes(crm.contact()["id"], hs_lead_status="CONNECTED")
    deliver(event(crm, "hs_lead_status"))
    webhook_events.work_all()
    pushed.refresh_from_db()
    clock.refresh_from_db()
    assert pushed.status == "contacted"
    assert (clock.status, clock.evidence) == ("met", "claimed")


def test_a_status_that_means_nothing_here_is_left_alone(crm, connection, pushed):
    crm.person_changes(crm.contact()["id"], hs_lead_status="BAD_TIMING")
    deliver(event(crm, "hs_lead_status"))
    settle(connection)
    assert crm.contact()["hs_lead_status"] == "BAD_TIMING"


def test_an_owner_who_is_nobody_here_is_an_exception_and_is_not_overwritten(crm, connection, pushed):
    crm.call("POST", "/control/owners", {"email": "zoe@acme.test", "name": "Zoe Zorn"})
    zoe = crm.owner_id("zoe@acme.test")
    crm.person_changes(crm.contact()["id"], hubspot_owner_id=zoe)
    type(connection).objects.update(owners_read_at=None)
    deliver(event(crm, "hubspot_owner_id"))
    settle(connection)
    assert crm.contact()["hubspot_owner_id"] == zoe
    item = ExceptionItem.objects.get()
    assert item.kind == kinds.CHANGE_REFUSED
    assert "zoe@acme.test owns it in HubSpot, but is no owner here" in item.cause
    make.owner("zoe@acme.test")
    queue.retry([item], by="ops")
    webhook_events.work_all()
    assert owner_of(pushed) == "zoe@acme.test"


def test_a_refused_owner_is_the_one_that_the_crm_is_known_to_show_until_one_of_ours_does(
    crm, connection, pushed
):
    crm.call("POST", "/control/owners", {"email": "zoe@acme.test", "name": "Zoe Zorn"})
    type(connection).objects.update(owners_read_at=None)
    number = crm.contact()["id"]
    crm.person_changes(number, hubspot_owner_id=crm.owner_id("zoe@acme.test"))
    deliver(event(crm, "hubspot_owner_id"))
    webhook_events.work_all()
    assert make.link_of(pushed).shown_owner == "zoe@acme.test"
    make.edit(pushed, disqualify_reason="moved")
    make.drain(connection)
    assert make.link_of(pushed).shown_owner == "zoe@acme.test"
    assert crm_state.without_right_owner().count() == 1
    crm.person_changes(number, hubspot_owner_id=crm.owner_id("alice@acme.test"))
    deliver(event(crm, "hubspot_owner_id"))
    webhook_events.work_all()
    assert make.link_of(pushed).shown_owner == "alice@acme.test"


def test_our_next_owner_is_written_over_one_that_was_refused(crm, connection, pushed):
    crm.call("POST", "/control/owners", {"email": "zoe@acme.test", "name": "Zoe Zorn"})
    type(connection).objects.update(owners_read_at=None)
    crm.person_changes(crm.contact()["id"], hubspot_owner_id=crm.owner_id("zoe@acme.test"))
    deliver(event(crm, "hubspot_owner_id"))
    webhook_events.work_all()
    make.move(pushed, make.owner("bob@acme.test"))
    make.drain(connection)
    assert crm.contact()["hubspot_owner_id"] == crm.owner_id("bob@acme.test")
    assert make.link_of(pushed).shown_owner == "bob@acme.test"


def test_an_owner_whose_address_has_changed_is_still_the_one_that_is_shown(crm, connection, pushed):
    Owner.objects.filter(email="alice@acme.test").update(email="alice.ames@acme.test")
    OwnerLink.objects.filter(email="alice@acme.test").update(email="alice.ames@acme.test")
    make.push(pushed)
    make.drain(connection)
    assert make.link_of(pushed).shown_owner == "alice.ames@acme.test"


def test_an_owner_whom_nobody_knows_is_not_the_one_of_a_lead_that_nobody_owns(crm, connection, pushed):
    make.move(pushed, make.queue())
    make.drain(connection)
    type(connection).objects.update(owners_read_at=timezone.now())
    crm.call("POST", "/control/owners", {"email": "zoe@acme.test", "name": "Zoe Zorn"})
    zoe = crm.owner_id("zoe@acme.test")
    crm.person_changes(crm.contact()["id"], hubspot_owner_id=zoe)
    deliver(event(crm, "hubspot_owner_id"))
    webhook_events.work_all()
    assert InboundEvent.objects.get().status == "failed"
    assert ExceptionItem.objects.get().kind == kinds.CHANGE_REFUSED
    assert make.link_of(pushed).shown_owner == zoe


def test_it_refuses_what_is_not_signed_by_the_crm(crm, connection, pushed):
    with pytest.raises(BadSignature):
        deliver(event(crm, "hubspot_owner_id"), secret="somebody else's")
    assert not InboundEvent.objects.exists()


def test_it_knows_no_connection_of_that_name(crm, connection):
    with pytest.raises(webhook_events.UnknownConnection):
        webhook_events.accept(
            connection_key="nowhere", headers={}, raw_body=b"[]", method="POST", uri=URL, now=timezone.now()
        )


@pytest.mark.parametrize("body", [b"", b"{}", b"7", b"[" * 100_000])
def test_it_refuses_what_is_no_list_of_events(crm, connection, body):
    stamp = str(int(time.time() * 1000))
    signature = signature_v3(secret=make.WEBHOOK_SECRET, method="POST", url=URL, body=body, timestamp=stamp)
    headers = {"X-HubSpot-Request-Timestamp": stamp, "X-HubSpot-Signature-v3": signature}
    with pytest.raises(MalformedEvents):
        webhook_events.accept(
            connection_key="hubspot",
            headers=headers,
            raw_body=body,
            method="POST",
            uri=URL,
            now=timezone.now(),
        )


def test_a_contact_that_is_not_ours_is_ignored(crm, connection, pushed):
    number = crm.add_contact(email="somebody@globex.example")
    deliver(event(crm, "hubspot_owner_id", number=number))
    webhook_events.work_all()
    assert InboundEvent.objects.get().result == "Not a record of ours"


def test_events_wait_while_the_crm_is_gone(crm, connection, pushed):
    make.owner("bob@acme.test")
    crm.person_changes(crm.contact()["id"], hubspot_owner_id=crm.owner_id("bob@acme.test"))
    told = event(crm, "hubspot_owner_id")
    crm.fault("status", status=503, times=1)
    deliver(told)
    webhook_events.work_all()
    assert InboundEvent.objects.get().status == "waiting"
    webhook_events.work_all(now=timezone.now() + timedelta(minutes=2))
    assert owner_of(pushed) == "bob@acme.test"


def test_an_outage_costs_no_event_however_long_it_lasts(crm, connection, pushed):
    make.owner("bob@acme.test")
    crm.person_changes(crm.contact()["id"], hubspot_owner_id=crm.owner_id("bob@acme.test"))
    told = event(crm, "hubspot_owner_id")
    crm.fault("status", status=503)
    deliver(told)
    for _ in range(webhook_events.RETRIES.attempts + 3):
        make.make_due(connection)
        InboundEvent.objects.update(due_at=timezone.now())
        webhook_events.work_all()
    assert InboundEvent.objects.get().status == "waiting"
    assert set(ExceptionItem.objects.values_list("kind", flat=True)) == {kinds.UNAVAILABLE}
    crm.heal()
    make.make_due(connection)
    InboundEvent.objects.update(due_at=timezone.now())
    webhook_events.work_all()
    assert owner_of(pushed) == "bob@acme.test"


def test_an_event_that_is_quicker_than_our_booking_waits_for_it(crm, connection, pushed):
    make.owner("bob@acme.test")
    link = make.link_of(pushed)
    link.delete()
    crm.person_changes(crm.contact()["id"], hubspot_owner_id=crm.owner_id("bob@acme.test"))
    deliver(event(crm, "hubspot_owner_id"))
    webhook_events.work_all()
    assert InboundEvent.objects.get().status == "waiting"
    link.save(force_insert=True)
    webhook_events.work_all(now=timezone.now() + timedelta(minutes=2))
    assert owner_of(pushed) == "bob@acme.test"


def test_an_automation_after_a_persons_change_is_changed_back_and_not_left_alone(crm, connection, pushed):
    make.owner("bob@acme.test")
    bob = crm.owner_id("bob@acme.test")
    crm.person_changes(crm.contact()["id"], hubspot_owner_id=bob)
    deliver(event(crm, "hubspot_owner_id"))
    settle(connection)
    other_program_changes(connection, crm, "hubspot_owner_id", crm.owner_id("alice@acme.test"))
    assert crm.contact()["hubspot_owner_id"] == bob
    assert make.link_of(pushed).stopped == []


def test_a_person_is_asked_once_about_what_is_left_alone(crm, connection, pushed):
    make.owner("bob@acme.test")
    owner = {name: crm.owner_id(f"{name}@acme.test") for name in ("alice", "bob")}
    for name in ("bob", "bob", "alice", "bob"):
        other_program_changes(connection, crm, "hubspot_owner_id", owner[name])
    assert ExceptionItem.objects.get().count == 1
    newest = InboundEvent.objects.order_by("-pk").first()
    assert newest.result == "Left as it is: we have stopped writing it"


def test_a_persons_change_is_a_fresh_start_for_what_is_left_alone(crm, connection, pushed):
    for name in ("bob", "carl"):
        make.owner(f"{name}@acme.test")
    for _ in range(2):
        other_program_changes(connection, crm, "hubspot_owner_id", crm.owner_id("bob@acme.test"))
    assert make.link_of(pushed).stopped == ["hubspot_owner_id"]
    crm.call("POST", "/control/owners", {"email": "carl@acme.test", "name": "Carl"})
    type(connection).objects.update(owners_read_at=None)
    crm.person_changes(crm.contact()["id"], hubspot_owner_id=crm.owner_id("carl@acme.test"))
    deliver(event(crm, "hubspot_owner_id"))
    webhook_events.work_all()
    assert owner_of(pushed) == "carl@acme.test"
    assert make.link_of(pushed).stopped == []


def test_a_contact_that_a_fast_clock_tells_of_counts_as_now(crm, connection, pushed):
    crm.person_changes(crm.contact()["id"], hs_lead_status="CONNECTED")
    deliver(event(crm, "hs_lead_status", at=int((time.time() + 3600) * 1000)))
    webhook_events.work_all()
    pushed.refresh_from_db()
    assert pushed.status == "contacted"
    assert pushed.contacted_at <= timezone.now()
    assert not ExceptionItem.objects.exists()


def test_what_another_worker_has_taken_meanwhile_is_left_to_it(crm, connection, pushed):
    thief = uuid4()

    def answer(request):
        InboundEvent.objects.update(claim_token=thief)
        connections.close_all()
        request.answer(200, b'{"status": "COMPLETE", "results": []}', {"Content-Type": "application/json"})

    deliver(event(crm, "hubspot_owner_id"))
    with serve(answer) as server:
        type(connection).objects.update(base_url=server.url)
        webhook_events.work_all()
    found = InboundEvent.objects.get()
    assert (found.status, found.claim_token) == ("waiting", thief)
    assert make.link_of(pushed).gone_at is None


def test_an_event_that_failed_again_and_again_has_all_its_tries_after_a_retry(crm, connection, pushed):
    deliver(event(crm, "hubspot_owner_id"))
    InboundEvent.objects.update(status="failed", attempts=webhook_events.RETRIES.attempts)
    webhook_events.retry_refused([str(pushed.pk)], by="ops", now=timezone.now())
    found = InboundEvent.objects.get()
    assert (found.status, found.attempts) == ("waiting", 0)


def test_an_event_whose_record_never_gets_booked_is_not_waited_for_for_ever(crm, connection, pushed):
    make.link_of(pushed).delete()
    deliver(event(crm, "hubspot_owner_id"))
    for _ in range(20):
        InboundEvent.objects.filter(status="waiting").update(due_at=timezone.now())
        webhook_events.work_all()
    assert InboundEvent.objects.get().status == "ignored"


def test_a_connection_that_is_switched_off_is_told_nothing(crm, connection, pushed):
    told = event(crm, "hubspot_owner_id")
    type(connection).objects.update(active=False)
    with pytest.raises(webhook_events.UnknownConnection):
        deliver(told)
    assert not InboundEvent.objects.exists()


@pytest.mark.parametrize("primary", [True, False])
def test_the_notice_waits_for_the_primary_crm_only(crm, connection, pushed, primary):
    make.owner("bob@acme.test")
    type(connection).objects.update(primary=primary)
    crm.person_changes(crm.contact()["id"], hubspot_owner_id=crm.owner_id("bob@acme.test"))
    later = timezone.now() + timedelta(minutes=5)
    deliver(event(crm, "hubspot_owner_id"))
    waiting = OwnerNotice.objects.create(
        lead=pushed, owner=make.owner("bob@acme.test"), kind="overdue", cause="x", hold_until=later, due_at=later,
        created_at=timezone.now(),
    )  # fmt: skip
    webhook_events.work_all()
    waiting.refresh_from_db()
    assert (waiting.hold_until is None) == primary


def test_nothing_is_left_over_after_a_round_trip(crm, connection, pushed):
    settle(connection)
    assert not OutboxEntry.objects.exists()


def test_our_own_change_does_not_echo_even_where_we_have_not_booked_it_yet(crm, connection, pushed):
    """Its answer is still on the way, so what stands there is not what we know to have written."""
    make.owner("bob@acme.test")
    crm.program_changes(crm.contact()["id"], hubspot_owner_id=crm.owner_id("bob@acme.test"))
    deliver(event(crm, "hubspot_owner_id", source="INTEGRATION", source_id="1160452"))
    webhook_events.work_all()
    assert InboundEvent.objects.get().result == "Our own change"
    assert make.link_of(pushed).trail == []
    assert not OutboxEntry.objects.exists()
    assert not LeadChange.objects.exists()


@pytest.mark.parametrize("newest_first", [True, False])
def test_of_several_events_about_one_value_the_newest_says_when(crm, connection, pushed, newest_first):
    crm.person_changes(crm.contact()["id"], hs_lead_status="CONNECTED")
    start = int(time.time() * 1000)
    events = [event(crm, "hs_lead_status", at=start + minutes * 60_000) for minutes in (1, 20, 10)]
    deliver(*sorted(events, key=lambda each: each["occurredAt"], reverse=newest_first))
    webhook_events.work_all(now=timezone.now() + timedelta(hours=1))
    pushed.refresh_from_db()
    assert int(pushed.contacted_at.timestamp() * 1000) == start + 20 * 60_000
    results = InboundEvent.objects.order_by("occurred_at").values_list("result", flat=True)
    assert list(results) == ["A newer event says the same"] * 2 + ["Status taken over"]
