"""The org's calls of 24 hours are everybody's: background work leaves the last fifth to leads, and these go on to the end."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm_sync import exception_kinds as kinds
from crm_sync.connection import circuit, connection_status, owners
from crm_sync.inbound import link_check
from crm_sync.models import CrmConnection, CrmLink, KnownContact, MirrorProgress, OutboxEntry
from crm_sync.polling import deletions, filling, lag
from crm_sync.reconcile import running as reconciling
from crm_sync.tasks import read_properties
from exception_queue.models import ExceptionItem
from leadops.metrics import OpenWorkCollector
from tests.crm_sync.salesforce.test_whole_way import Org
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db(transaction=True)

DAY = 1_000
QUERY = "/query"


@pytest.fixture
def org(crm, connection):
    made = Org(crm, connection)
    made.control("org", {"daily_calls": DAY})
    return made


@pytest.fixture
def lead(org, connection):
    """It stands there, and all is read."""
    made = make.lead()
    make.drain(connection)
    filling.fill_all()
    poll_is_due()
    filling.fill_all()
    return made


def used_by_another_integration(org, *, left):
    """So many are left before our next call, which then tells us."""
    used = int(org.control("usage", {"calls": 1})["used"])
    org.control("usage", {"calls": DAY - used - left})


def calls_come_back(org, *, left):
    """The window rolls: what others did is more than a day ago."""
    used = int(org.control("usage", {"calls": 1})["used"])
    org.control("org", {"daily_calls": used + left})


def poll_is_due(ago=timedelta(minutes=1)):
    MirrorProgress.objects.update(polled_at=timezone.now() - ago, asked_at=None)


def background():
    """Everything that can wait, and is due."""
    CrmLink.objects.update(seen_at=timezone.now() - timedelta(days=2))
    MirrorProgress.objects.update(deleted_read_at=None)
    return link_check.check_all() + deletions.find_all() + reconciling.work_all()


def status(connection):
    row = CrmConnection.objects.get(pk=connection.pk)
    return connection_status.of_connection(row, now=timezone.now())


def test_when_four_fifths_are_used_only_what_leads_need_is_done(org, connection, lead):
    assert background() > 0
    used_by_another_integration(org, left=DAY // 5)
    poll_is_due()
    filling.fill_all()
    assert status(connection).is_sparing
    before = len(org.calls())
    reconciling.start(CrmConnection.objects.get(), now=timezone.now())
    assert background() == 0
    owners.refresh_all()
    poll_is_due()
    filling.fill_all()
    assert org.calls()[before:] == []
    make.lead(email="otto@globex.example")
    make.drain(connection)
    assert not OutboxEntry.objects.exists()
    # Changes come in all the same, only less often, which is not late.
    before = len(org.calls())
    poll_is_due(timedelta(minutes=6))
    filling.fill_all()
    assert [path for _, path in org.calls()[before:]] != []
    poll_is_due(timedelta(minutes=4))
    paths = lag.paths(CrmConnection.objects.get(), now=timezone.now())
    assert {path.every for path in paths} == {timedelta(minutes=5)}
    assert not any(path.is_late for path in paths)


def test_the_first_reading_of_an_org_waits_for_calls_too(org, connection):
    for number in range(3):
        fields = {"LastName": "Green", "Company": "Globex", "Email": f"p{number}@globex.example"}
        org.control("Lead", {"fields": fields})
    used_by_another_integration(org, left=DAY // 5)
    make.lead()
    make.drain(connection)
    filling.fill_all()
    assert not KnownContact.objects.exists()
    calls_come_back(org, left=DAY)
    make.lead(email="otto@globex.example")
    make.drain(connection)
    filling.fill_all()
    assert KnownContact.objects.count() == 5


def test_leads_are_written_to_the_last_call_and_then_wait_under_an_exception(org, connection, lead):
    # Two to search for somebody, of whom contacts have no key here, and one to write.
    used_by_another_integration(org, left=9)
    for number in range(3):
        make.lead(email=f"p{number}@globex.example")
        make.drain(connection)
    assert not OutboxEntry.objects.exists()
    waiting = make.lead(email="late@globex.example")
    make.drain(connection)
    row = OutboxEntry.objects.get()
    assert (row.lead_id, row.status) == (waiting.pk, "pending")
    (item,) = ExceptionItem.objects.filter(status="open")
    assert (item.kind, item.subject_id) == (kinds.CALLS_USED_UP, connection.key)
    # The window rolls, so it is asked again soon.
    pause = CrmConnection.objects.get().not_before - timezone.now()
    assert timedelta(minutes=4) < pause <= timedelta(minutes=5)
    found = status(connection)
    assert found.state == "used_up"
    assert (found.calls_left_today, found.calls_of_today) == (0, DAY)
    assert "1 lead waits" in found.answer
    # Nobody calls before the pause is over: the org counts refused calls of nobody.
    before = len(org.calls())
    make.drain(connection)
    poll_is_due(timedelta(hours=1))
    filling.fill_all()
    read_properties()
    assert len(org.calls()) == before


def test_it_comes_back_by_itself_when_calls_are_left_again(org, connection, lead):
    used_by_another_integration(org, left=0)
    make.lead(email="late@globex.example")
    make.drain(connection)
    assert ExceptionItem.objects.get().kind == kinds.CALLS_USED_UP
    calls_come_back(org, left=DAY * 10)
    # The pause is over.
    make.make_due(connection)
    make.drain(connection)
    assert not OutboxEntry.objects.exists()
    assert ExceptionItem.objects.get().status == "resolved"
    assert not status(connection).is_sparing
    assert background() > 0


def test_a_poll_finds_out_too_where_no_lead_waits(org, connection, lead):
    used_by_another_integration(org, left=0)
    poll_is_due()
    filling.fill_all()
    assert ExceptionItem.objects.get().kind == kinds.CALLS_USED_UP
    calls_come_back(org, left=DAY * 10)
    make.make_due(connection)
    poll_is_due()
    filling.fill_all()
    assert ExceptionItem.objects.get().status == "resolved"
    assert CrmConnection.objects.get().last_error == ""


def test_whoever_says_try_now_does_not_wait_for_the_pause(org, connection, lead):
    used_by_another_integration(org, left=0)
    make.lead(email="late@globex.example")
    make.drain(connection)
    calls_come_back(org, left=DAY * 10)
    circuit.resume([connection.key], by="ops", now=timezone.now())
    make.drain(connection)
    assert not OutboxEntry.objects.exists()


def test_too_many_long_calls_at_once_are_no_end_of_the_day(org, connection, lead):
    org.crm.call(
        "POST",
        "/control/faults",
        {
            "target": "salesforce",
            "kind": "status",
            "status": 403,
            "code": "REQUEST_LIMIT_EXCEEDED",
            "message": "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
            "times": 1,
        },
    )
    make.lead(email="late@globex.example")
    make.drain(connection)
    row = CrmConnection.objects.get()
    assert row.not_before - timezone.now() < timedelta(seconds=3)
    assert not ExceptionItem.objects.exists()


def test_calls_and_the_version_with_its_end_stand_on_the_page_and_in_the_metrics(
    org, connection, lead, admin_client
):
    used_by_another_integration(org, left=100)
    make.lead(email="otto@globex.example")
    make.drain(connection)
    left = status(connection).calls_left_today
    assert 0 < left < 100
    page = admin_client.get(f"/admin/crm_sync/crmconnection/{connection.pk}/change/").content.decode()
    assert f"{left} <small>of 1,000</small>" in page
    assert "they are kept for leads, and other work waits" in page
    assert "version of its API, supported until 1 February 2029" in page
    (family,) = [
        each for each in OpenWorkCollector().collect() if each.name == "leadops_crm_calls_left_today"
    ]
    assert [(each.labels["connection"], each.value) for each in family.samples] == [("salesforce", left)]
