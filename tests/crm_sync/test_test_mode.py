"""A connection in test mode: test leads are written as all leads will be, and of the others nothing is."""

import json
from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from crm_sync import belonging, crm_state, lost_records, outbox
from crm_sync.born_there import taking
from crm_sync.connection import circuit, connection_status, owners
from crm_sync.inbound import webhook_events
from crm_sync.models import CrmConnection, CrmDifference, CrmLink, OutboxEntry, OwnerLink
from crm_sync.outbound import lead_changes
from crm_sync.reconcile import running
from crm_sync.reconcile.repairing import repair
from exception_queue.queue import RetryRefused
from intake import models, runner
from intake.lead_changes import LeadEdit, edit_leads
from leadops import health
from routing.models import Assignment, OwnerNotice
from tests import make
from tests.crm_sync import test_born_there as born_there
from tests.crm_sync import test_looking_up as looking_up
from tests.crm_sync.test_observing import writes
from tests.leadops.console.permission_rows import SURE
from tests.make import crm_sync

pytestmark = pytest.mark.django_db(transaction=True)

BOB = "bob@acme.test"
TESTS = "ann+test@globex.example"


def in_mode(connection, mode) -> CrmConnection:
    CrmConnection.objects.filter(pk=connection.pk).update(mode=mode)
    connection.refresh_from_db()
    return connection


def hot(email="gina@globex.example", **fields) -> models.Lead:
    lead = crm_sync.lead(email=email, segment="hot", points=90, **fields)
    crm_sync.clock(lead)
    return lead


def everything(connection) -> None:
    """Whatever runs by itself."""
    lead_changes.queue_changes()
    webhook_events.work_all()
    crm_sync.make_due(connection)
    crm_sync.drain(connection)


@pytest.fixture
def there(crm, connection):
    """A lead that is there since it was live, of last week; from now on test leads only."""
    lead = hot()
    crm_sync.owner(BOB)
    crm_sync.drain(connection)
    owners.refresh_all()
    models.Lead.objects.update(created_at=timezone.now() - timedelta(days=7))
    in_mode(connection, "test")
    return lead


@pytest.fixture
def acme(crm, committed_acme) -> CrmConnection:
    """The demo's, in test mode, with a test address."""
    connection = looking_up.connected(crm)
    models.TestAddress.objects.create(pattern="*+test@globex.example")
    return in_mode(connection, "test")


def test_a_test_lead_is_there_with_owner_and_task_and_another_is_not(crm, connection):
    in_mode(connection, "test")
    other, tried = hot(), hot(TESTS, is_test=True)
    crm_sync.push(other, tried)
    crm_sync.drain(connection)
    contact = crm.contact()
    assert contact["leadops_lead_id"] == str(tried.pk)
    assert contact["hubspot_owner_id"] == crm.owner_id("alice@acme.test")
    (task,) = crm.tasks()
    assert task["contacts"] == [contact["id"]]
    assert not OutboxEntry.objects.exists()


def test_who_comes_in_from_a_test_address_is_written_and_nobody_else(crm, acme):
    before = len(writes(crm))
    other = make.handed_off(make.american())
    assert not OutboxEntry.objects.exists()
    crm_sync.drain(acme)
    assert len(writes(crm)) == before
    tried = make.handed_off(make.american(email=TESTS, full_name="Ann Example", company="Globex"))
    crm_sync.drain(acme)
    assert [each["leadops_lead_id"] for each in crm.contacts()] == [str(tried.pk)]
    assert CrmLink.objects.get().lead == tried
    assert not models.Lead.objects.get(pk=other.pk).is_test


def test_what_waits_of_others_stays_and_is_written_once_it_is_live(crm, connection):
    other, tried = hot(), hot(TESTS, is_test=True)
    in_mode(connection, "test")
    crm_sync.drain(connection)
    assert OutboxEntry.objects.get().lead == other
    assert [each["email"] for each in crm.contacts()] == [TESTS]
    assert outbox.has_due(connection.pk, now=timezone.now()) is False
    assert outbox.has_pending(connection.pk) is False
    in_mode(connection, "live")
    crm_sync.drain(connection)
    assert {each["leadops_lead_id"] for each in crm.contacts()} == {str(other.pk), str(tried.pk)}
    assert len(crm.tasks()) == 2
    assert not OutboxEntry.objects.exists()


def test_what_waits_of_others_makes_nothing_late(crm, connection):
    hot()
    in_mode(connection, "test")
    long_ago = timezone.now() - timedelta(hours=1)
    OutboxEntry.objects.update(due_at=long_ago, created_at=long_ago)
    assert health.oldest_due()["outbox"] == 0.0
    found = connection_status.of_connection(connection, now=timezone.now())
    assert found.state == "test"
    assert found.answer.startswith("Only test leads are written there: 0 so far. 1 other waits")
    hot(TESTS, is_test=True)
    OutboxEntry.objects.update(due_at=long_ago, created_at=long_ago)
    assert health.oldest_due()["outbox"] >= 3600
    found = connection_status.of_connection(connection, now=timezone.now())
    assert (found.state, found.pending) == ("behind", 2)
    assert found.answer.startswith("Behind: 1 lead waits to be written.")


def test_only_owners_of_test_leads_wait_until_the_crm_shows_them(crm, acme, settings):
    other = make.handed_off(make.american())
    tried = make.handed_off(make.american(email=TESTS, full_name="Ann Example", company="Globex"))
    notice = OwnerNotice.objects.get(lead=other)
    assert notice.hold_until is None
    waits = OwnerNotice.objects.get(lead=tried)
    assert waits.hold_until is not None
    crm_sync.drain(acme)
    waits.refresh_from_db()
    assert waits.hold_until is None


def test_owners_of_others_hear_of_a_change_at_once(connection):
    in_mode(connection, "test")
    notices = {}
    for lead in (hot(), hot(TESTS, is_test=True)):
        later = timezone.now() + timedelta(hours=1)
        notices[lead] = OwnerNotice.objects.create(
            lead=lead,
            owner=Assignment.objects.get(lead=lead).owner,
            kind="assigned",
            cause="new",
            due_at=later,
            hold_until=later,
            created_at=timezone.now(),
        )
        crm_sync.edit(lead, city="Berlin")
    other, tried = [OwnerNotice.objects.get(pk=one.pk) for one in notices.values()]
    assert (other.hold_until, tried.hold_until is None) == (None, False)


@pytest.mark.parametrize("is_test", [False, True])
def test_edits_owners_and_clocks_of_others_are_not_written(crm, connection, there, is_test):
    models.Lead.objects.filter(pk=there.pk).update(is_test=is_test)
    before = len(writes(crm))
    crm_sync.edit(there, company="Globex Two")
    crm_sync.move(there, crm_sync.owner(BOB))
    crm_sync.stop(there)
    everything(connection)
    assert (len(writes(crm)) > before) is is_test
    assert OutboxEntry.objects.exists() is False
    assert crm.contact()["hubspot_owner_id"] == crm.owner_id(BOB if is_test else "alice@acme.test")
    assert [each["hs_task_status"] for each in crm.tasks()] == ["COMPLETED" if is_test else "NOT_STARTED"]


@pytest.mark.parametrize("is_test", [False, True])
def test_a_change_there_comes_in_and_is_changed_back_of_test_leads_only(crm, connection, there, is_test):
    models.Lead.objects.filter(pk=there.pk).update(is_test=is_test)
    number = crm.contact()["id"]
    crm.program_changes(number, hubspot_owner_id=crm.owner_id(BOB))
    crm.person_changes(number, company="Globex Three")
    before = len(writes(crm))
    running.start(connection, now=timezone.now())
    # As the poll of the mirror tells it.
    found = crm_sync.link_of(there)
    for name in ("hubspot_owner_id", "company"):
        webhook_events.InboundEvent.objects.create(
            connection=connection, dedupe_key=name, remote_id=found.remote_id, property_name=name, payload={},
            received_at=timezone.now(), due_at=timezone.now(),
        )  # fmt: skip
    everything(connection)
    there.refresh_from_db()
    assert there.company == "Globex Three"
    assert (len(writes(crm)) > before) is is_test
    assert crm.contact()["hubspot_owner_id"] == crm.owner_id("alice@acme.test" if is_test else BOB)


def test_what_waits_of_others_holds_back_no_change_from_there(crm, connection, there):
    now = timezone.now()
    OutboxEntry.objects.create(connection=connection, lead=there, due_at=now, created_at=now)
    number = crm_sync.link_of(there).remote_id
    crm.person_changes(number, company="Globex Three")
    webhook_events.InboundEvent.objects.create(
        connection=connection, dedupe_key="1", remote_id=number, property_name="*", payload={}, received_at=now, due_at=now
    )  # fmt: skip
    webhook_events.work_all()
    there.refresh_from_db()
    assert there.company == "Globex Three"


def test_only_test_leads_are_compared_and_missed(crm, connection, there):
    week_ago = timezone.now() - timedelta(days=7)
    tried = crm_sync.lead(email=TESTS, is_test=True)
    crm_sync.drain(connection)
    crm_sync.lead(email="otto@other.example", queued=False)
    lost = crm_sync.lead(email="new+test@globex.example", is_test=True, queued=False)
    models.Lead.objects.update(created_at=week_ago)
    crm.person_changes(CrmLink.objects.get(lead=there).remote_id, leadops_segment="lukewarm")
    crm.person_changes(CrmLink.objects.get(lead=tried).remote_id, leadops_segment="lukewarm")
    running.start(connection, now=timezone.now())
    running.work_all()
    found = connection.reconciliations.latest("started_at")
    assert (found.total, found.found) == (2, {"changed": 1, "missing": 1})
    assert set(CrmDifference.objects.values_list("lead", flat=True)) == {tried.pk, lost.pk}
    assert belonging.missing(connection) == [lost.pk]


@pytest.mark.parametrize("how", ["rules", "ours"])
def test_differences_of_others_are_not_put_right_there(crm, connection, there, how):
    in_mode(connection, "live")
    crm.program_changes(crm.contact()["id"], leadops_segment="lukewarm")
    crm_sync.lead(email="otto@other.example", queued=False)
    models.Lead.objects.update(created_at=timezone.now() - timedelta(days=7))
    running.start(connection, now=timezone.now())
    running.work_all()
    assert CrmDifference.objects.filter(settled_at=None).count() == 2
    in_mode(connection, "test")
    before = len(writes(crm))
    done = repair(list(CrmDifference.objects.all()), how=how, by="maria@acme.test", now=timezone.now())
    everything(connection)
    assert len(writes(crm)) == before
    assert list(done.refused) == [
        "hubspot takes test leads only: go live with it first, or mark the lead as test."
    ]


def test_a_record_that_is_gone_is_made_again_of_test_leads_only(crm, connection, there):
    tried = crm_sync.lead(email=TESTS, is_test=True)
    crm_sync.drain(connection)
    CrmLink.objects.update(gone_at=timezone.now(), gone_how="deleted")
    for each in crm.contacts():
        crm.call("DELETE", f"/control/hubspot/contacts/{each['id']}")
    with pytest.raises(RetryRefused, match="takes test leads only"):
        lost_records.create_again([str(there.pk)], by="maria@acme.test", now=timezone.now())
    assert CrmLink.objects.filter(lead=there).exists()
    lost_records.create_again([str(there.pk), str(tried.pk)], by="maria@acme.test", now=timezone.now())
    everything(connection)
    assert [each["email"] for each in crm.contacts()] == [TESTS]
    assert CrmLink.objects.get(lead=there).gone_at


def test_a_contact_made_there_becomes_a_lead_and_stays_as_it_is(crm, acme):
    born_there.switched_on(acme)
    born_there.poll()
    born_there.made_there(crm)
    before = len(writes(crm))
    born_there.all_the_way(acme)
    lead = models.Lead.objects.get()
    assert lead.email == born_there.EMAIL
    assert len(writes(crm)) == before
    number = born_there.made_there(crm, TESTS, firstname="Ann", lastname="Example", company="Globex")
    taking.take_all(now=timezone.now() + timedelta(minutes=2))
    runner.drain(now=timezone.now() + timedelta(minutes=2))
    crm_sync.make_due(acme)
    crm_sync.drain(acme)
    tried = models.Lead.objects.get(email=TESTS)
    assert tried.is_test
    assert {each["id"]: each.get("leadops_lead_id") for each in crm.contacts()}[number] == str(tried.pk)
    assert CrmLink.objects.get().lead == tried


def test_a_contact_there_of_somebody_known_is_not_linked(crm, acme):
    born_there.switched_on(acme)
    born_there.poll()
    lead = make.handed_off(make.american(email=born_there.EMAIL))
    born_there.made_there(crm)
    before = len(writes(crm))
    born_there.all_the_way(acme)
    assert len(writes(crm)) == before
    assert models.Lead.objects.get() == lead
    assert not CrmLink.objects.exists()


def test_it_is_let_in_again_though_only_others_wait(connection):
    hot()
    in_mode(connection, "test")
    CrmConnection.objects.update(health="auth_lost")
    circuit.let_in(connection, now=timezone.now())
    connection.refresh_from_db()
    assert connection.health == "ok"


def test_an_owner_who_appears_there_is_written_for_test_leads_only(crm, connection):
    lost = crm_sync.owner("new@acme.test")
    leads = [hot(to=lost), hot(TESTS, is_test=True, to=lost)]
    crm_sync.drain(connection)
    in_mode(connection, "test")
    crm.call("POST", "/control/owners", {"email": "new@acme.test", "name": "New"})
    owners.refresh_all()
    everything(connection)
    assert OwnerLink.objects.filter(email="new@acme.test").exists()
    shown = {each["email"]: each.get("hubspot_owner_id", "") for each in crm.contacts()}
    assert shown == {leads[0].email: "", TESTS: crm.owner_id("new@acme.test")}


def test_a_lead_says_why_it_is_not_there(crm, connection):
    in_mode(connection, "test")
    leads = [crm_sync.lead(queued=False), crm_sync.lead(email=TESTS, is_test=True, queued=False)]
    edits = [LeadEdit(lead.pk, {"city": "Berlin"}) for lead in leads]
    with transaction.atomic():
        edit_leads(edits, actor="", source="console", now=timezone.now())
    rows = {row.lead_id: row for row in Assignment.objects.all()}
    states = crm_state.of_leads([lead.pk for lead in leads], assignments=rows)
    (other,), (tried,) = states[leads[0].pk], states[leads[1].pk]
    assert (other.state, other.message) == ("observed", "not written: HubSpot takes test leads only")
    assert tried.state == "waiting"


def test_a_person_makes_a_lead_a_test_and_it_is_written(crm, connection, admin_client):
    in_mode(connection, "test")
    lead = hot()
    admin_client.post(reverse("admin:intake_lead_mark_test", args=(lead.pk,)), SURE)
    everything(connection)
    assert crm.contact()["leadops_lead_id"] == str(lead.pk)
    admin_client.post(reverse("admin:intake_lead_unmark_test", args=(lead.pk,)), SURE)
    before = len(writes(crm))
    crm_sync.edit(lead, company="Globex Two")
    everything(connection)
    assert len(writes(crm)) == before


@pytest.mark.parametrize("catch_up", [True, False])
def test_switching_to_tests_shows_and_writes_the_test_leads_only(crm, connection, admin_client, catch_up):
    in_mode(connection, "observe")
    hot("real@globex.example", full_name="Real Person")
    tried = hot(TESTS, is_test=True, full_name="Ann Example")
    page = reverse("admin:crm_sync_crmconnection_try_out", args=(connection.pk,))
    shown = admin_client.get(page).content.decode()
    assert "Also write 1 test lead that has no record there yet" in shown
    assert TESTS in shown and "real@globex.example" not in shown
    admin_client.post(page, SURE | ({"catch_up": "on"} if catch_up else {}))
    connection.refresh_from_db()
    assert (connection.mode, connection.history.first().mode) == ("test", "test")
    crm_sync.drain(connection)
    assert [each["leadops_lead_id"] for each in crm.contacts()] == [str(tried.pk)] * catch_up


def test_going_live_from_tests_shows_and_writes_the_others(crm, connection, admin_client):
    in_mode(connection, "test")
    other = hot("real@globex.example")
    hot(TESTS, is_test=True)
    waiting = crm_sync.lead(email="waits@globex.example", queued=False)
    OutboxEntry.objects.create(
        connection=connection, lead=waiting, due_at=timezone.now(), created_at=timezone.now()
    )
    crm_sync.drain(connection)
    page = reverse("admin:crm_sync_crmconnection_live", args=(connection.pk,))
    shown = admin_client.get(page).content.decode()
    assert "Also write 2 leads that have no record there yet" in shown
    assert "1 lead waits already and is written at once." in shown
    admin_client.post(page, SURE | {"catch_up": "on"})
    crm_sync.drain(connection)
    assert {each["leadops_lead_id"] for each in crm.contacts()} >= {str(other.pk), str(waiting.pk)}
    assert len(crm.contacts()) == 3


def test_without_a_test_lead_it_says_how_to_get_one(connection, admin_client):
    in_mode(connection, "observe")
    shown = admin_client.get(reverse("admin:crm_sync_crmconnection_try_out", args=(connection.pk,)))
    assert "There is no test lead yet" in shown.content.decode()
    assert reverse("admin:intake_testaddress_changelist") in shown.content.decode()
    in_mode(connection, "test")
    page = admin_client.get(reverse("admin:crm_sync_crmconnection_change", args=(connection.pk,)))
    assert "No test address is set" in page.content.decode()
    models.TestAddress.objects.create(pattern="@testing.example")
    page = admin_client.get(reverse("admin:crm_sync_crmconnection_change", args=(connection.pk,)))
    assert "No test address is set" not in page.content.decode()


def test_for_a_live_connection_nobodys_lead_is_looked_at(connection):
    for number in range(3):
        crm_sync.lead(email=f"a{number}@globex.example")
    rows = outbox.to_be_sent().filter(connection=connection, due_at__lte=timezone.now())
    for mode, looks in (("live", False), ("test", True)):
        in_mode(connection, mode)
        (plan,) = json.loads(rows.explain(analyze=True, format="json"))
        assert bool(_lead_lookups(plan["Plan"])) is looks


def _lead_lookups(plan) -> int:
    """How often the plan's parts that read leads were run."""
    here = plan["Actual Loops"] if plan.get("Relation Name") == "intake_lead" else 0
    return here + sum(_lead_lookups(each) for each in plan.get("Plans", ()))
