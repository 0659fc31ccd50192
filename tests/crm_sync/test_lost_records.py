"""Records that people delete, erase, restore or merge in the CRM: the lead says so, and nothing is made again by itself."""

import json
import time
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from crm_sandbox.webhooks import signature_v3
from crm_sync import crm_state
from crm_sync import exception_kinds as kinds
from crm_sync.inbound import link_check, webhook_events
from crm_sync.models import CrmConnection, CrmLink, OutboxEntry
from crm_sync.outbound import lead_push
from exception_queue import queue
from exception_queue.models import ExceptionItem
from intake.models import Lead, TimelineEntry
from leadops import lead_view
from routing.models import LeadScore
from tests.make import crm_sync as make
from tests.plumbing.server import serve

pytestmark = pytest.mark.django_db(transaction=True)

URL = "https://leadops.acme.example/api/v1/webhooks/hubspot"


@pytest.fixture(params=["2026-09", "v3"])
def pushed(crm, connection, request):
    connection.api_version = request.param
    connection.save()
    lead = make.lead()
    make.drain(connection)
    return lead


def told(what, number, **more):
    """An event, signed, as HubSpot sends it; then worked on."""
    event = {
        "subscriptionType": f"contact.{what}",
        "objectId": int(number),
        "occurredAt": int(time.time() * 1000),
        "changeSource": "CRM_UI",
        **more,
    }
    body = json.dumps([event]).encode()
    stamp = str(int(time.time() * 1000))
    signature = signature_v3(secret=make.WEBHOOK_SECRET, method="POST", url=URL, body=body, timestamp=stamp)
    headers = {"X-HubSpot-Request-Timestamp": stamp, "X-HubSpot-Signature-v3": signature}
    webhook_events.accept(
        connection_key="hubspot", headers=headers, raw_body=body, method="POST", uri=URL, now=timezone.now()
    )
    webhook_events.work_all()


def delete(crm, number, query=""):
    crm.call("DELETE", f"/control/hubspot/contacts/{number}{query}")


def merge(crm, primary, other):
    made = crm.call("POST", "/control/hubspot/contacts/merge", {"primary": primary, "other": other})
    return made["id"]


def state_of(lead):
    return lead_view.of_leads([lead.pk])[lead.pk].crm[0]


def open_items():
    return [(item.kind, item.subject_id) for item in ExceptionItem.objects.filter(status="open")]


def verbs(lead):
    found = TimelineEntry.objects.filter(lead=lead, verb__startswith="crm_sync.record_").order_by("pk")
    return list(found.values_list("verb", flat=True))


def a_day_goes_by():
    CrmLink.objects.update(seen_at=timezone.now() - timedelta(days=1, minutes=1))


def test_a_deleted_contact_is_not_in_sync_and_a_person_is_asked(crm, connection, pushed):
    number = crm.contact()["id"]
    delete(crm, number)
    told("deletion", number)
    state = state_of(pushed)
    assert (state.state, state.in_sync, state.message) == ("gone", False, "deleted in HubSpot")
    assert state.fix
    assert open_items() == [(kinds.RECORD_GONE, str(pushed.pk))]
    assert ExceptionItem.objects.get().cause == "The record was deleted in HubSpot."
    assert verbs(pushed) == ["crm_sync.record_gone"]
    assert not crm_state.without_right_owner().exists()
    told("deletion", number)
    assert ExceptionItem.objects.get().count == 1
    assert verbs(pushed) == ["crm_sync.record_gone"]


@pytest.mark.parametrize("is_told", [True, False])
def test_a_deleted_contact_is_not_made_again_by_itself(crm, connection, pushed, is_told):
    number = crm.contact()["id"]
    delete(crm, number)
    if is_told:
        told("deletion", number)
    for name in ("initech.example", "umbrella.example"):
        make.edit(pushed, email=f"gina@{name}")
        make.drain(connection)
    assert crm.contacts() == []
    assert open_items() == [(kinds.RECORD_GONE, str(pushed.pk))]
    assert state_of(pushed).state == "gone"
    assert not OutboxEntry.objects.exists()


def test_one_deleted_contact_holds_up_no_other_of_its_batch(crm, connection, pushed):
    others = [make.lead(email=f"person{number}@globex.example") for number in range(5)]
    make.drain(connection)
    delete(crm, make.link_of(pushed).remote_id)
    delete(crm, make.link_of(others[0]).remote_id)
    before = len(crm.calls())
    for lead in (pushed, *others):
        make.edit(lead, disqualify_reason="moved")
    make.drain(connection)
    assert len(crm.calls()) - before <= 4
    assert len(crm.contacts()) == 4
    assert len(open_items()) == 2
    assert {link.sent.get("leadops_disqualify_reason") for link in CrmLink.objects.filter(gone_at=None)} == {
        "moved"
    }


def test_create_again_makes_one_whole_record(crm, connection, pushed):
    number = crm.contact()["id"]
    delete(crm, number)
    told("deletion", number)
    queue.retry(ExceptionItem.objects.all(), by="ops")
    make.drain(connection)
    contact = crm.contact()
    assert (contact["firstname"], contact["leadops_lead_id"]) == ("Gina", str(pushed.pk))
    assert contact["hubspot_owner_id"] == crm.owner_id("alice@acme.test")
    assert make.link_of(pushed).remote_id == contact["id"]
    assert state_of(pushed).in_sync
    assert open_items() == []
    assert verbs(pushed) == ["crm_sync.record_gone", "crm_sync.record_wanted"]


def test_leave_it_makes_none_whatever_happens_to_the_lead(crm, connection, pushed):
    number = crm.contact()["id"]
    delete(crm, number)
    told("deletion", number)
    queue.dismiss(ExceptionItem.objects.all(), by="ops")
    make.edit(pushed, company="Initech")
    make.drain(connection)
    a_day_goes_by()
    link_check.check_all()
    assert crm.contacts() == []
    assert open_items() == []
    state = state_of(pushed)
    assert (state.state, state.in_sync, state.fix) == ("gone", False, "")


def test_a_contact_that_is_restored_goes_on_as_before(crm, connection, pushed):
    number = crm.contact()["id"]
    delete(crm, number)
    told("deletion", number)
    make.edit(pushed, disqualify_reason="moved")
    make.drain(connection)
    crm.call("POST", f"/control/hubspot/contacts/{number}/restore", {})
    told("restore", number)
    make.drain(connection)
    assert open_items() == []
    assert state_of(pushed).in_sync
    assert make.link_of(pushed).sent["leadops_disqualify_reason"] == "moved"


def test_a_person_who_was_erased_for_privacy_is_said_to_be(crm, connection, pushed):
    number = crm.contact()["id"]
    delete(crm, number, "?privacy=true")
    told("deletion", number)
    told("privacyDeletion", number)
    assert state_of(pushed).message == "erased for privacy in HubSpot"
    assert "for privacy" in ExceptionItem.objects.get().cause


def test_a_contact_that_was_merged_is_found_under_its_new_number(crm, connection, pushed):
    number = crm.contact()["id"]
    other = crm.add_contact(email="gina.private@globex.example")
    new = merge(crm, number, other)
    told("merge", new, primaryObjectId=int(number), mergedObjectIds=[int(other)], newObjectId=int(new))
    assert make.link_of(pushed).remote_id == new
    assert (open_items(), state_of(pushed).in_sync) == ([], True)
    assert verbs(pushed) == ["crm_sync.record_merged"]
    make.edit(pushed, disqualify_reason="moved")
    make.drain(connection)
    assert len(crm.contacts()) == 1
    assert make.link_of(pushed).sent["leadops_disqualify_reason"] == "moved"


def test_a_contact_that_was_merged_into_a_strangers_gets_our_key_again(crm, connection, pushed):
    number = crm.contact()["id"]
    other = crm.add_contact(email="boss@globex.example", leadops_lead_id="somebody else's")
    new = merge(crm, other, number)
    make.edit(pushed, disqualify_reason="moved")
    make.drain(connection)
    make.drain(connection)
    assert crm.contact()["leadops_lead_id"] == str(pushed.pk)
    assert make.link_of(pushed).remote_id == new
    assert open_items() == []


def test_of_two_leads_that_were_merged_there_one_keeps_the_record_and_a_person_is_asked_about_the_other(
    crm, connection, pushed
):
    second = make.lead(email="hugo@globex.example")
    make.drain(connection)
    numbers = [make.link_of(lead).remote_id for lead in (pushed, second)]
    new = merge(crm, *numbers)
    told("merge", new, primaryObjectId=int(numbers[0]), mergedObjectIds=[int(numbers[1])])
    assert make.link_of(pushed).remote_id == new
    assert state_of(second).message == "merged into another lead's record in HubSpot"
    assert open_items() == [(kinds.RECORD_GONE, str(second.pk))]
    queue.retry(ExceptionItem.objects.all(), by="ops")
    make.drain(connection)
    assert len({link.remote_id for link in CrmLink.objects.filter(gone_at=None)}) == 2
    assert len(crm.contacts()) == 2


def test_a_sweep_finds_what_was_never_told(crm, connection, pushed):
    others = [make.lead(email=f"person{number}@globex.example") for number in range(3)]
    make.drain(connection)
    delete(crm, make.link_of(pushed).remote_id)
    stranger = crm.add_contact(email="stranger@globex.example")
    new = merge(crm, make.link_of(others[0]).remote_id, stranger)
    assert link_check.check_all() == 0
    a_day_goes_by()
    before = len(crm.calls())
    assert link_check.check_all() == 4
    assert len(crm.calls()) - before <= 2
    assert state_of(pushed).state == "gone"
    assert make.link_of(others[0]).remote_id == new
    assert open_items() == [(kinds.RECORD_GONE, str(pushed.pk))]
    assert link_check.check_all() == 0


def test_a_lead_whose_record_is_gone_gets_no_task(crm, connection, pushed):
    delete(crm, crm.contact()["id"])
    LeadScore.objects.update(segment="hot")
    make.clock(pushed)
    make.edit(pushed, disqualify_reason="moved")
    before = len(crm.calls())
    make.drain(connection)
    assert [each["path"] for each in crm.calls()[before:] if "/tasks" in each["path"]] == []
    assert open_items() == [(kinds.RECORD_GONE, str(pushed.pk))]
    assert make.link_of(pushed).task_clock is None


def test_a_record_that_is_gone_keeps_no_address_from_others(crm, connection, pushed):
    """The newer of two with one address was there first; its record was deleted, so the older has the address."""
    make.lead(email="shared@globex.example", queued=False)
    newer = make.lead(email="shared@globex.example")
    make.drain(connection)
    CrmLink.objects.filter(lead=newer).update(sent={"email": "shared@globex.example"})
    entries = make_pending(Lead.objects.filter(email="shared@globex.example"))
    shares = [push.lead == newer for push in loaded(entries, connection) if push.shares_email]
    assert shares == [False], "Whoever has it there keeps it."
    CrmLink.objects.filter(lead=newer).update(gone_at=timezone.now(), gone_how="deleted")
    assert [push.lead for push in loaded(entries, connection) if push.shares_email] == [newer]


def make_pending(leads):
    make.push(*leads)
    return list(OutboxEntry.objects.filter(lead__in=leads).order_by("pk"))


def loaded(entries, connection):
    return lead_push.load(entries, connection_id=connection.pk, email_property="email", fields=())


def test_the_sweep_believes_what_was_booked_while_it_read(crm, connection, pushed):
    """The CRM says that it knows nothing of the record; meanwhile somebody else has heard that it stands there."""
    booked = timezone.now()

    def answer(request):
        CrmLink.objects.update(seen_at=booked)
        connections.close_all()
        request.answer(200, b'{"status": "COMPLETE", "results": []}', {"Content-Type": "application/json"})

    a_day_goes_by()
    with serve(answer) as server:
        CrmConnection.objects.update(base_url=server.url)
        assert link_check.check_all() == 1
    assert len(server.seen) >= 1
    assert make.link_of(pushed).gone_at is None
    assert open_items() == []


def test_the_sweep_leaves_calls_to_leads(crm, connection, pushed):
    a_day_goes_by()
    CrmConnection.objects.update(budget={"max": 100, "remaining": 50})
    assert link_check.check_all() == 0
    CrmConnection.objects.update(budget={"max": 100, "remaining": 51})
    make.push(pushed)
    assert link_check.check_all() == 0
    make.drain(connection)
    a_day_goes_by()
    assert link_check.check_all() == 1


def test_the_sweep_asks_again_about_what_it_got_no_answer_for(crm, connection, pushed):
    a_day_goes_by()
    crm.fault("status", status=503, times=1)
    assert link_check.check_all() == 0
    make.make_due(connection)
    CrmConnection.objects.update(health="ok", failures=0)
    assert link_check.check_all() == 1
    assert open_items() == []


def test_somebody_who_was_erased_stays_so_whatever_is_told_of_the_record_later(crm, connection, pushed):
    number = crm.contact()["id"]
    delete(crm, number, "?privacy=true")
    told("privacyDeletion", number)
    told("propertyChange", number, propertyName="hubspot_owner_id", propertyValue="")
    told("deletion", number)
    assert make.link_of(pushed).gone_how == CrmLink.Gone.ERASED
    item = ExceptionItem.objects.get(kind=kinds.RECORD_GONE)
    assert ("for privacy" in item.cause, item.count) == (True, 1)
    assert verbs(pushed) == ["crm_sync.record_gone"]


@pytest.fixture
def without_task(crm, connection):
    """Its record stands there, and its task was lost on the way."""
    lead = make.lead(segment="hot")
    make.clock(lead)
    crm.fault("status", status=503, path="/tasks/batch/create", times=1)
    make.drain(connection)
    crm.heal()
    assert crm.tasks() == []
    make.make_due(connection)
    return lead


@pytest.mark.parametrize("query", ["", "?privacy=true"])
def test_a_record_that_goes_before_its_task_is_made_is_asked_about_once_and_as_such(
    crm, connection, without_task, query
):
    number = crm.contact()["id"]
    delete(crm, number, query)
    make.drain(connection)
    assert open_items() == [(kinds.RECORD_GONE, str(without_task.pk))]
    assert state_of(without_task).state == "gone"
    assert not OutboxEntry.objects.exists()
    told("privacyDeletion" if query else "deletion", number)
    assert open_items() == [(kinds.RECORD_GONE, str(without_task.pk))]


def test_a_record_that_is_merged_before_its_task_is_made_gets_the_task_where_it_is_now(
    crm, connection, without_task
):
    new = merge(crm, crm.contact()["id"], crm.add_contact(email="second@globex.example"))
    make.drain(connection)
    make.make_due(connection)
    make.drain(connection)
    (task,) = crm.tasks()
    assert task["contacts"] == [new]
    assert (make.link_of(without_task).remote_id, state_of(without_task).state) == (new, "in_sync")
    assert open_items() == []
