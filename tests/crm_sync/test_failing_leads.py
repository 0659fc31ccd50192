"""What the CRM fails at is told from what it refuses: it is tried again until it passes, and a person hears of it once."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from crm_sync import exception_kinds as kinds
from crm_sync import outbox
from crm_sync.models import CrmConnection, OutboxEntry
from exception_queue.models import ExceptionItem
from tests.exception_queue.trying import fails_again, works_now
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db(transaction=True)


def rounds(connection, times):
    for _ in range(times):
        make.make_due(connection)
        make.drain(connection)


def healthy(connection):
    connection.refresh_from_db()
    return connection.health == CrmConnection.Health.OK and not connection.failures


@pytest.fixture
def other(crm, connection):
    """A lead that the CRM has taken."""
    lead = make.lead(email="first@globex.example")
    make.drain(connection)
    return lead


@pytest.mark.parametrize("path", ["/contacts/batch/upsert", "/tasks/batch/create"])
def test_a_lead_that_the_crm_fails_on_is_never_given_up_and_its_one_item_closes_when_it_passes(
    crm, connection, other, path
):
    connection.api_version = "v3"
    connection.save()
    crm.fault("partial", rate=1.0, path=path)
    make.clock(make.lead(segment="hot"))
    rounds(connection, outbox.NEWS_AFTER - 1)
    assert not ExceptionItem.objects.exists()
    rounds(connection, 10)
    entry = OutboxEntry.objects.get()
    assert (entry.status, entry.attempts) == (OutboxEntry.Status.PENDING, outbox.NEWS_AFTER + 9)
    item = ExceptionItem.objects.get()
    assert (item.kind, item.status, item.count) == (kinds.FAILING, "open", 10)
    assert "internal error" in item.cause
    crm.heal()
    rounds(connection, 1)
    item.refresh_from_db()
    assert (item.status, item.resolved_by) == ("resolved", "leadops")
    assert {each["email"] for each in crm.contacts()} == {"first@globex.example", "gina@globex.example"}
    assert len(crm.tasks()) == 1
    assert not OutboxEntry.objects.exists()


def test_a_lead_that_is_asked_for_again_is_due_at_once_however_long_it_was_put_off(crm, connection):
    lead = make.lead()
    later = timezone.now() + timedelta(minutes=15)
    OutboxEntry.objects.update(due_at=later, attempts=2)
    assert not outbox.has_due(connection.pk, now=timezone.now())
    make.push(lead)
    assert outbox.has_due(connection.pk, now=timezone.now())
    assert OutboxEntry.objects.get().attempts == 2


def test_a_lead_that_has_failed_often_is_sent_with_no_other(crm, connection):
    leads = [make.lead(email=f"person{number}@globex.example") for number in range(3)]
    entries = [OutboxEntry.objects.get(lead=lead) for lead in leads]
    OutboxEntry.objects.filter(pk=entries[1].pk).update(attempts=outbox.RETRIES.alone_after)
    now = timezone.now()
    assert outbox.due(connection.pk, limit=10, now=now) == [entries[0], entries[2]]
    outbox.mark_done([entries[0]])
    assert outbox.due(connection.pk, limit=10, now=now) == [entries[1]]


def test_a_lead_that_was_refused_and_has_changed_meanwhile_is_sent_once_more(crm, connection):
    lead, other = make.lead(), make.lead(email="other@globex.example")
    sent = list(OutboxEntry.objects.order_by("pk"))
    make.push(lead)
    refusals = {lead.pk: "not an address", other.pk: "not an address"}
    with transaction.atomic():
        given_up = outbox.mark_dead(sent, errors=refusals, now=timezone.now())
    assert [entry.lead_id for entry in given_up] == [other.pk]
    statuses = dict(OutboxEntry.objects.values_list("lead", "status"))
    assert statuses == {lead.pk: OutboxEntry.Status.PENDING, other.pk: OutboxEntry.Status.DEAD}


def test_a_lead_that_was_given_up_begins_anew_when_it_is_asked_for_again(crm, connection):
    lead = make.lead()
    OutboxEntry.objects.update(status=OutboxEntry.Status.DEAD, attempts=5)
    make.push(lead)
    entry = OutboxEntry.objects.get()
    assert (entry.status, entry.attempts) == (OutboxEntry.Status.PENDING, 0)


def test_a_lead_that_changed_while_it_was_sent_begins_anew(crm, connection):
    lead = make.lead()
    OutboxEntry.objects.update(attempts=5, ambiguous=True, last_error="gone")
    sent = list(OutboxEntry.objects.all())
    make.push(lead)
    outbox.mark_done(sent)
    entry = OutboxEntry.objects.get()
    assert (entry.attempts, entry.ambiguous, entry.last_error) == (0, False, "")


def test_an_answer_that_was_lost_once_is_remembered_until_the_lead_is_sent(crm, connection):
    make.lead()
    for ambiguous in (True, False):
        with transaction.atomic():
            entries = list(OutboxEntry.objects.all())
            outbox.mark_failed(entries, error="x", ambiguous=ambiguous, now=timezone.now())
    assert OutboxEntry.objects.get().ambiguous


def test_its_tries_come_more_and_more_seldom_and_at_least_every_quarter_of_an_hour():
    longest = [max(outbox.RETRIES.delay_after(failed) for _ in range(200)) for failed in (1, 5, 40)]
    assert longest[0] < longest[1] < longest[2] <= timedelta(minutes=15)
    assert not outbox.RETRIES.is_over(10_000)


def test_one_lead_that_breaks_the_crm_holds_up_no_other_and_is_not_an_outage(crm, connection, other):
    make.lead()
    # Only this lead: the CRM is there for the cheap call that is made to find out.
    crm.fault("status", status=500, path="/contacts/batch/upsert")
    OutboxEntry.objects.update(attempts=outbox.RETRIES.alone_after)
    rounds(connection, 3)
    assert healthy(connection)
    assert ExceptionItem.objects.get().kind == kinds.FAILING
    assert OutboxEntry.objects.get().status == OutboxEntry.Status.PENDING
    crm.heal()
    rounds(connection, 1)
    assert not OutboxEntry.objects.exists()
    assert not ExceptionItem.objects.exclude(status="resolved").exists()


def test_a_crm_that_is_gone_is_an_outage_also_for_a_lead_that_has_failed_before(crm, connection, other):
    make.lead()
    OutboxEntry.objects.update(attempts=outbox.RETRIES.alone_after)
    crm.fault("status", status=503)
    rounds(connection, 3)
    assert not healthy(connection)
    assert [item.kind for item in ExceptionItem.objects.all()] == [kinds.UNAVAILABLE]


def test_trying_a_failing_lead_by_hand_says_what_came_of_it(crm, connection, other):
    connection.api_version = "v3"
    connection.save()
    crm.fault("partial", rate=1.0, path="/upsert")
    make.lead()
    rounds(connection, outbox.NEWS_AFTER)
    item = ExceptionItem.objects.get()
    fails_again(item, lambda: make.drain(connection))
    crm.heal()
    works_now(item, lambda: make.drain(connection))


def test_a_lead_that_is_refused_after_it_has_failed_has_the_one_item_that_says_so(crm, connection, other):
    connection.api_version = "v3"
    connection.save()
    crm.fault("partial", rate=1.0, path="/upsert")
    make.lead(email="not an address")
    rounds(connection, outbox.NEWS_AFTER)
    crm.heal()
    rounds(connection, 1)
    assert [item.kind for item in ExceptionItem.objects.filter(status="open")] == [kinds.REJECTED]
