"""A connection that fails now and then, or is not let in, is one item, and comes back by itself soon."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm_sync import exception_kinds as kinds
from crm_sync.connection import circuit
from crm_sync.models import CrmConnection, OutboxEntry
from crm_sync.outbound import sending
from exception_queue.models import ExceptionItem
from plumbing.http import AuthLost, Transient
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db(transaction=True)


def seconds_go_by(connection, seconds):
    """As far as the connection can tell."""
    row = CrmConnection.objects.get(pk=connection.pk)
    by = timedelta(seconds=seconds)
    for name in ("not_before", "last_error_at", "last_ok_at"):
        if at := getattr(row, name):
            setattr(row, name, at - by)
    row.save()
    OutboxEntry.objects.update(due_at=timezone.now())


def test_a_crm_that_answers_now_and_then_is_one_item_over_flaky_minutes(connection):
    flaky = Transient("The CRM answered 502", ambiguous=True)
    now = timezone.now()
    for second in range(0, 180, 3):
        at = now + timedelta(seconds=second)
        connection.refresh_from_db()
        if second % 4:
            circuit.failed(connection, flaky, now=at)
        else:
            circuit.answered(connection, now=at)
            connection.refresh_from_db()
            circuit.settle(connection, now=at)
    assert ExceptionItem.objects.get().status == "open"
    quiet = at + timedelta(seconds=1)
    connection.refresh_from_db()
    circuit.answered(connection, now=quiet)
    assert ExceptionItem.objects.get().status == "open"
    connection.refresh_from_db()
    circuit.settle(connection, now=quiet + timedelta(seconds=61))
    item = ExceptionItem.objects.get()
    assert (item.status, item.resolution) == ("resolved", "The CRM answers again.")


def test_an_outage_that_is_over_closes_its_item_without_any_lead_to_write(crm, connection):
    crm.fault("status", status=503)
    make.lead()
    for _ in range(3):
        make.make_due(connection)
        make.drain(connection)
    crm.heal()
    make.make_due(connection)
    make.drain(connection)
    assert not OutboxEntry.objects.exists()
    assert ExceptionItem.objects.get().status == "open"
    seconds_go_by(connection, 61)
    sending.drain_all()
    assert ExceptionItem.objects.get().status == "resolved"


def test_a_connection_that_is_let_in_again_goes_on_within_seconds(crm, connection):
    crm.fault("auth")
    make.lead()
    make.drain(connection)
    item = ExceptionItem.objects.get()
    assert item.kind == kinds.AUTH_LOST
    connection.refresh_from_db()
    assert connection.not_before - timezone.now() <= timedelta(seconds=5)
    crm.heal()
    seconds_go_by(connection, 6)
    sending.drain_all()
    assert crm.contact()["email"] == "gina@globex.example"
    item.refresh_from_db()
    assert (item.status, item.count) == ("resolved", 1)


def test_a_connection_that_is_not_let_in_asks_once_per_pause_and_the_pauses_grow(crm, connection):
    crm.fault("auth")
    make.lead()
    make.drain(connection)
    pauses = []
    for _ in range(9):
        before = len(crm.calls())
        sending.drain_all()
        assert len(crm.calls()) == before
        connection.refresh_from_db()
        pauses.append(round((connection.not_before - connection.last_error_at).total_seconds()))
        seconds_go_by(connection, 301)
        sending.drain_all()
        assert len(crm.calls()) == before + 1
    assert pauses == [5, 10, 15, 30, 60, 120, 300, 300, 300]
    assert ExceptionItem.objects.get().count == 1
    assert OutboxEntry.objects.get().status == OutboxEntry.Status.PENDING


def test_calls_that_were_under_way_when_we_were_shut_out_make_the_pause_no_longer(connection):
    """A worker reads events while others write and poll: all of them are refused in the same second."""
    now = timezone.now()
    for milliseconds in range(8):
        at_work = CrmConnection.objects.get(pk=connection.pk)
        circuit.failed(at_work, AuthLost("It answered 401"), now=now + timedelta(milliseconds=milliseconds))
    connection.refresh_from_db()
    assert (connection.failures, connection.not_before - now) == (1, timedelta(seconds=5))


def test_a_login_that_is_lost_after_an_outage_is_asked_for_within_seconds(connection):
    CrmConnection.objects.update(health=CrmConnection.Health.DOWN, failures=26)
    at_work = [CrmConnection.objects.get(pk=connection.pk) for _ in range(2)]
    now = timezone.now()
    for each in at_work:
        circuit.failed(each, AuthLost("It answered 401"), now=now)
    connection.refresh_from_db()
    assert connection.not_before - now == timedelta(seconds=5)


def test_what_is_let_in_to_look_and_not_to_write_makes_no_storm(crm, connection):
    make.lead()
    crm.fault("auth", path="/contacts")
    make.drain(connection)
    pauses = []
    for _ in range(4):
        connection.refresh_from_db()
        pauses.append(round((connection.not_before - connection.last_error_at).total_seconds()))
        seconds_go_by(connection, 301)
        sending.drain_all()
    assert pauses == [5, 10, 15, 30]
    item = ExceptionItem.objects.get()
    assert (item.status, item.count) == ("open", 1)


def test_a_connection_that_is_let_in_and_has_nothing_to_write_closes_its_item(crm, connection):
    circuit.failed(connection, AuthLost("The token is revoked"), now=timezone.now())
    seconds_go_by(connection, 6)
    sending.drain_all()
    assert ExceptionItem.objects.get().status == "resolved"
    connection.refresh_from_db()
    assert connection.health == CrmConnection.Health.OK
