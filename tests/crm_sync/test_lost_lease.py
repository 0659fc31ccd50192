"""Whoever lost the connection books nothing, and a task is intended in writing before it is asked for (I6)."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from crm_sync import exception_kinds as kinds
from crm_sync.connection import lease
from crm_sync.connection.lease import LeaseLost
from crm_sync.connectors.base import Report, TaskReport, Written
from crm_sync.connectors.budget import Budget
from crm_sync.connectors.hubspot import client
from crm_sync.models import CrmConnection, CrmLink, FieldMapping, LeftOutValue, OutboxEntry
from crm_sync.outbound import lead_push, payload, record_results, row_results, task_results
from crm_sync.outbound.session import open_session
from exception_queue.models import ExceptionItem
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def session(crm, connection):
    token = lease.take(connection.pk)
    return open_session(connection, token=token, budget=Budget({}))


@pytest.fixture
def pushes(session):
    """A new lead, and one that stands there, on their way; then somebody else takes the connection."""
    known = make.lead(email="known@globex.example", segment="hot")
    CrmLink.objects.create(connection=session.connection, lead=known, remote_id="77")
    make.clock(known)
    make.lead(email="new@globex.example")
    found = lead_push.load(
        list(OutboxEntry.objects.order_by("pk")), connection_id=session.pk, email_property="email", fields=()
    )
    CrmConnection.objects.update(lease_token=uuid4())
    return found


def written(pushes):
    for number, push in enumerate(pushes):
        push.sending = {"firstname": "Gina"}
        push.written = Written(str(500 + number), created=True)


def rows():
    return [list(model.objects.order_by("pk").values()) for model in (CrmLink, OutboxEntry, ExceptionItem)]


BOOKING = {
    "contacts that were written": lambda session, pushes: (
        written(pushes),
        record_results.save(session, pushes, Report()),
    ),
    "contacts that failed": lambda session, pushes: record_results.save(
        session, pushes, Report(again={push.key: "internal error" for push in pushes})
    ),
    "a call that failed": lambda session, pushes: row_results.put_off_all(
        session, pushes, words="gone", ambiguous=True
    ),
    "a lead that failed": lambda session, pushes: row_results.put_off_one(
        session, pushes[0], words="gone", ambiguous=True
    ),
    "leads that are done": lambda session, pushes: row_results.finish_all(session, pushes),
    "leads whose record is gone": lambda session, pushes: row_results.drop_all(
        session, pushes, reason="gone"
    ),
    "the intention of a task": lambda session, pushes: task_results.save_intentions(session, pushes),
    "tasks that were made": lambda session, pushes: task_results.save(session, pushes, TaskReport()),
    "tasks that were looked for": lambda session, pushes: task_results.save_found(
        session, {push: [] for push in pushes}
    ),
}


@pytest.mark.parametrize("what", BOOKING)
def test_whoever_lost_the_connection_meanwhile_books_nothing(session, pushes, what):
    before = rows()
    with pytest.raises(LeaseLost):
        BOOKING[what](session, pushes)
    assert rows() == before


def test_a_lease_that_has_ended_cannot_be_begun_anew_before_a_call(crm, connection):
    token = lease.take(connection.pk)
    lease.renew(connection.pk, token, budget={})
    CrmConnection.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    with pytest.raises(LeaseLost):
        lease.renew(connection.pk, token, budget={})


def test_whoever_lost_the_connection_cannot_let_others_into_it(crm, connection):
    lost, held = lease.take(connection.pk), uuid4()
    CrmConnection.objects.update(lease_token=held)
    lease.release(connection.pk, lost, budget={})
    assert CrmConnection.objects.get().lease_token == held
    assert lease.take(connection.pk) is None


def test_a_lead_that_was_given_to_somebody_else_while_it_was_sent_shows_the_right_owner_not_yet(
    crm, connection
):
    token = lease.take(connection.pk)
    session = open_session(connection, token=token, budget=Budget({}))
    moved, kept = make.lead(), make.lead(email="kept@globex.example")
    pushes = lead_push.load(
        list(OutboxEntry.objects.order_by("pk")), connection_id=session.pk, email_property="email", fields=()
    )
    for number, push in enumerate(pushes):
        push.owner_id = "1"
        push.sending = {session.plan.names.owner: "1"}
        push.written = Written(str(500 + number), created=True)
    make.move(moved, make.owner("bob@acme.test"))
    assert record_results.save(session, pushes, Report()).shown == [kept.pk]


def test_a_lead_that_lacks_a_value_and_changed_while_it_was_sent_has_arrived_only_in_part(crm, connection):
    FieldMapping.objects.create(connection=connection, canonical="city", property="town", position=90)
    lead = make.lead(city="Springfield")
    make.drain(connection)
    make.push(lead)
    session = open_session(connection, token=lease.take(connection.pk), budget=Budget({}))
    (push,) = lead_push.load(
        list(OutboxEntry.objects.all()), connection_id=session.pk, email_property="email", fields=()
    )
    push.written = Written(make.link_of(lead).remote_id, created=False)
    payload.leave_out(push, "town", why="missing")
    make.push(lead)
    record_results.save(session, [push], Report())
    found = ExceptionItem.objects.filter(kind=kinds.UNKNOWN_PROPERTY).values_list("status", "count")
    assert list(found) == [("open", 1)]
    assert LeftOutValue.objects.filter(lead=lead).exists()
    assert OutboxEntry.objects.get().status == OutboxEntry.Status.PENDING


@pytest.fixture
def standing(crm, connection):
    """A lead whose record stands there, without a task."""
    lead = make.lead(segment="hot")
    make.drain(connection)
    make.clock(lead)
    make.push(lead)
    return lead


def test_a_task_is_intended_in_writing_before_it_is_asked_for(crm, connection, standing):
    crm.fault("reset", path="/tasks/batch/create", times=1)
    make.drain(connection)
    link = make.link_of(standing)
    assert (link.task_clock, link.task_id) != (None, "")
    assert link.task_clock is not None
    before = len(crm.calls())
    make.make_due(connection)
    make.drain(connection)
    paths = [each["path"] for each in crm.calls()[before:]]
    looked = next(place for place, path in enumerate(paths) if "associations" in path)
    assert looked < next(place for place, path in enumerate(paths) if "/tasks/batch/create" in path)
    assert len(crm.tasks()) == 1


def test_the_task_of_a_new_lead_is_intended_together_with_its_record(crm, connection):
    lead = make.lead(segment="hot")
    make.clock(lead)
    crm.fault("reset", path="/tasks/batch/create", times=1)
    make.drain(connection)
    link = make.link_of(lead)
    assert link.task_clock is not None
    assert link.task_id == ""


def test_a_task_whose_answer_was_lost_is_found_and_not_made_again(crm, connection, standing, monkeypatch):
    monkeypatch.setattr(client, "_TIMEOUT_SECONDS", (0.5, 0.5))
    crm.fault("timeout_after_commit", ms=1500, path="/tasks/batch/create", times=1)
    make.drain(connection)
    assert make.link_of(standing).task_id == ""
    make.make_due(connection)
    make.drain(connection)
    assert len(crm.tasks()) == 1
    assert make.link_of(standing).task_id == crm.tasks()[0]["id"]


def test_a_task_that_was_looked_for_in_vain_is_intended_again_before_it_is_asked_for(
    crm, connection, standing, monkeypatch
):
    """The first call did nothing, the answer to the second was lost: the third time it is found."""
    monkeypatch.setattr(client, "_TIMEOUT_SECONDS", (0.5, 0.5))
    crm.fault("reset", path="/tasks/batch/create", times=1)
    make.drain(connection)
    crm.fault("timeout_after_commit", ms=1500, path="/tasks/batch/create", times=1)
    for _ in range(2):
        make.make_due(connection)
        make.drain(connection)
    assert len(crm.tasks()) == 1
    assert make.link_of(standing).task_id == crm.tasks()[0]["id"]


def test_a_lead_that_was_merged_here_takes_no_address_from_the_others(crm, connection):
    """The oldest has the address; one that is no lead of its own any more does not count."""
    first = make.lead(email="gina@globex.example", queued=False)
    second = make.lead(email="gina@globex.example")
    type(first).objects.filter(pk=first.pk).update(merged_into=second, updated_at=timezone.now())
    make.drain(connection)
    assert crm.contact()["email"] == "gina@globex.example"
