"""One task per lead and clock: due with the clock, moved with the owner, closed with the clock."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from crm_sync.connectors.hubspot import client
from crm_sync.models import CrmLink, OutboxEntry
from routing.models import SlaClock
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hot(crm, connection):
    lead = make.lead(segment="hot")
    make.clock(lead)
    return lead


def test_a_hot_lead_gets_a_task_due_at_the_sla_time(crm, connection, hot):
    make.drain(connection)
    (task,) = crm.tasks()
    due = SlaClock.objects.get(lead=hot).due_at
    assert task["hs_task_subject"] == "Call Gina Green (Globex)"
    assert abs(datetime.fromisoformat(task["hs_timestamp"]) - due) < timedelta(milliseconds=2)
    assert task["hubspot_owner_id"] == crm.owner_id("alice@acme.test")
    assert (task["hs_task_status"], task["hs_task_priority"]) == ("NOT_STARTED", "HIGH")
    assert task["contacts"] == [crm.contact()["id"]]
    link = make.link_of(hot)
    assert (link.task_id, link.task_open) == (task["id"], True)
    assert not OutboxEntry.objects.exists()


def test_a_cold_lead_gets_none(crm, connection):
    make.clock(make.lead(segment="cold"))
    make.drain(connection)
    assert crm.tasks() == []


def test_many_tasks_are_made_in_one_call(crm, connection):
    for number in range(20):
        make.clock(make.lead(email=f"person{number}@globex.example", segment="warm"))
    make.drain(connection)
    assert len(crm.tasks()) == 20
    assert len(crm.calls("/tasks/batch/create")) == 1


def test_a_reassign_moves_the_task(crm, connection, hot):
    make.drain(connection)
    make.move(hot, make.owner("bob@acme.test"))
    make.drain(connection)
    (task,) = crm.tasks()
    assert task["hubspot_owner_id"] == crm.owner_id("bob@acme.test")


@pytest.mark.parametrize("status", ["met", "cancelled"])
def test_a_clock_that_stops_closes_the_task(crm, connection, hot, status):
    make.drain(connection)
    make.stop(hot, status)
    make.drain(connection)
    (task,) = crm.tasks()
    assert task["hs_task_status"] == "COMPLETED"
    assert not make.link_of(hot).task_open


def test_a_new_clock_makes_a_new_task(crm, connection, hot):
    make.drain(connection)
    make.stop(hot, "met")
    make.clock(hot, minutes=60)
    make.drain(connection)
    assert sorted(each["hs_task_status"] for each in crm.tasks()) == ["COMPLETED", "NOT_STARTED"]


def test_a_clock_that_moves_takes_the_task_along(crm, connection, hot):
    make.drain(connection)
    sooner = timezone.now() + timedelta(minutes=5)
    SlaClock.objects.filter(lead=hot).update(due_at=sooner)
    make.push(hot)
    make.drain(connection)
    (task,) = crm.tasks()
    moved = datetime.fromisoformat(task["hs_timestamp"]).astimezone(UTC)
    assert abs(moved - sooner) < timedelta(milliseconds=2)


def test_a_second_push_makes_no_second_task(crm, connection, hot):
    make.drain(connection)
    make.edit(hot, email="gina@initech.example")
    make.drain(connection)
    assert len(crm.tasks()) == 1


def test_a_lost_answer_makes_no_second_task(crm, connection, hot, monkeypatch):
    monkeypatch.setattr(client, "_TIMEOUT_SECONDS", (0.5, 0.5))
    crm.fault("timeout_after_commit", ms=1500, times=1, path="/tasks/batch/create")
    make.drain(connection)
    assert make.link_of(hot).task_id == ""
    make.make_due(connection)
    make.drain(connection)
    (task,) = crm.tasks()
    assert make.link_of(hot).task_id == task["id"]
    assert not OutboxEntry.objects.exists()


def test_a_sender_that_died_after_making_a_task_makes_no_second_one(crm, connection, hot):
    make.drain(connection)
    # As if we had been killed between the CRM's answer and our booking of it.
    CrmLink.objects.filter(lead=hot).update(task_id="", task_open=False, task_sent={})
    make.push(hot)
    make.drain(connection)
    (task,) = crm.tasks()
    assert (make.link_of(hot).task_id, make.link_of(hot).task_open) == (task["id"], True)


def test_a_task_that_may_have_been_made_is_found_and_closed_though_its_clock_has_stopped(
    crm, connection, hot
):
    make.drain(connection)
    CrmLink.objects.filter(lead=hot).update(task_id="", task_open=False, task_sent={})
    make.stop(hot)
    make.drain(connection)
    (task,) = crm.tasks()
    assert task["hs_task_status"] == "COMPLETED"
    assert not make.link_of(hot).task_open


def test_a_task_that_is_found_closed_is_not_closed_again(crm, connection, hot):
    make.drain(connection)
    (task,) = crm.tasks()
    path = f"/hubspot/crm/v3/objects/tasks/{task['id']}"
    crm.call("PATCH", path, {"properties": {"hs_task_status": "COMPLETED"}})
    CrmLink.objects.filter(lead=hot).update(task_id="", task_open=False, task_sent={})
    make.push(hot)
    make.drain(connection)
    link = make.link_of(hot)
    assert (link.task_id, link.task_open) == (task["id"], False)


def test_a_task_that_was_never_made_is_made(crm, connection, hot):
    crm.fault("status", status=503, times=1, path="/tasks/batch/create")
    make.drain(connection)
    assert crm.tasks() == []
    assert crm.contact()["email"] == "gina@globex.example"
    make.make_due(connection)
    make.drain(connection)
    assert len(crm.tasks()) == 1
    assert not OutboxEntry.objects.exists()


def test_a_half_done_batch_of_tasks_is_finished(crm, connection):
    for number in range(6):
        make.clock(make.lead(email=f"person{number}@globex.example", segment="warm"))
    crm.fault("partial", rate=0.5, times=1, path="/tasks/batch/create")
    make.drain(connection)
    make.make_due(connection)
    make.drain(connection)
    assert len(crm.tasks()) == 6
    assert not OutboxEntry.objects.exists()


def test_a_task_that_somebody_deleted_is_let_go(crm, connection, hot):
    make.drain(connection)
    (task,) = crm.tasks()
    crm.call("DELETE", f"/hubspot/crm/v3/objects/tasks/{task['id']}")
    make.move(hot, make.owner("bob@acme.test"))
    make.drain(connection)
    assert crm.tasks() == []
    assert not OutboxEntry.objects.exists()
    before = len(crm.calls())
    make.push(hot)
    make.drain(connection)
    assert len(crm.calls()) == before


def test_a_task_that_was_never_made_is_not_looked_for_once_nobody_wants_it(crm, connection, hot):
    crm.fault("status", status=503, times=1, path="/tasks/batch/create")
    make.drain(connection)
    make.stop(hot)
    make.make_due(connection)
    make.drain(connection)
    assert crm.tasks() == []
    before = len(crm.calls())
    make.push(hot)
    make.drain(connection)
    assert len(crm.calls()) == before


def test_brackets_around_nothing_go_away(crm, connection):
    lead = make.lead(segment="hot", company="")
    make.clock(lead)
    make.drain(connection)
    assert crm.tasks()[0]["hs_task_subject"] == "Call Gina Green"
