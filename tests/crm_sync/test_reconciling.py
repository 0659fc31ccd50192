"""Every way in which the CRM can differ from here is found, named and put right."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm_sync.connection import owners
from crm_sync.connectors.records import RemoteContact
from crm_sync.inbound import webhook_events
from crm_sync.mirror.writing import save_contacts
from crm_sync.models import CrmDifference, CrmLink, OutboxEntry, Reconciliation
from crm_sync.outbound import lead_changes
from crm_sync.reconcile import running
from crm_sync.reconcile.comparing import same
from crm_sync.reconcile.repairing import repair
from exception_queue.models import ExceptionItem
from intake.models import Lead, LeadIdentity
from routing.models import Assignment
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db(transaction=True)

BOB = "bob@acme.test"


@pytest.fixture
def lead(crm, connection) -> Lead:
    """In the CRM as it should be; of last week, so that nothing of it is on its way."""
    made = make.lead(company="Globex")
    make.owner(BOB)
    make.drain(connection)
    owners.refresh_all()
    Lead.objects.update(created_at=timezone.now() - timedelta(days=7))
    return made


def round_over(connection) -> Reconciliation:
    """One whole round, pages and all."""
    running.start(connection, by="maria@acme.test", now=timezone.now())
    running.work_all()
    return Reconciliation.objects.filter(connection=connection).latest("started_at")


def open_kinds() -> list[str]:
    return sorted(CrmDifference.objects.filter(settled_at=None).values_list("kind", flat=True))


def put_right(connection, *, how="rules"):
    done = repair(
        list(CrmDifference.objects.filter(settled_at=None)), how=how, by="maria@acme.test", now=timezone.now()
    )
    webhook_events.work_all()
    lead_changes.queue_changes()
    make.drain(connection)
    running.work_all()
    return done


def number(lead) -> str:
    return CrmLink.objects.get(lead=lead).remote_id


def test_all_equal_is_said_with_numbers(connection, lead):
    found = round_over(connection)
    assert (found.equal, found.total, found.found) == (1, 1, {})
    assert found.finished_at
    assert open_kinds() == []


def test_who_is_missing_there_is_written(crm, connection, lead):
    other = make.lead(email="otto@other.example", queued=False)
    Lead.objects.filter(pk=other.pk).update(created_at=timezone.now() - timedelta(days=1))
    found = round_over(connection)
    assert (found.equal, found.total, found.found) == (1, 2, {"missing": 1})
    assert put_right(connection).asked == 1
    assert open_kinds() == []
    assert CrmDifference.objects.get().settled_how == "repaired"
    assert len(crm.contacts()) == 2


def test_who_has_just_come_in_is_not_missing(connection, lead):
    make.lead(email="otto@other.example", queued=False)
    assert round_over(connection).found == {}


def test_what_is_behind_is_written(crm, connection, lead):
    make.edit(lead, company="Globex International")
    OutboxEntry.objects.all().delete()
    crm.person_changes(number(lead), company="")
    CrmLink.objects.update(sent={**CrmLink.objects.get().sent, "company": ""})
    make.edit(lead, email="gina@globex-international.example")
    OutboxEntry.objects.all().delete()
    found = round_over(connection)
    assert found.found == {"behind": 1}
    assert [line["property"] for line in CrmDifference.objects.get().lines] == ["email", "company"]
    put_right(connection)
    assert crm.contact()["email"] == "gina@globex-international.example"
    assert open_kinds() == []


def test_what_a_person_changed_there_unheard_is_taken_over(crm, connection, lead):
    crm.person_changes(number(lead), company="Globex Holding")
    assert round_over(connection).found == {"changed": 1}
    line = CrmDifference.objects.get().lines[0]
    assert (line["label"], line["here"], line["there"]) == ("Company", "Globex", "Globex Holding")
    put_right(connection)
    assert Lead.objects.get(pk=lead.pk).company == "Globex Holding"
    assert open_kinds() == []


def test_ours_can_be_written_over_what_was_changed_there(crm, connection, lead):
    crm.person_changes(number(lead), leadops_segment="lukewarm")
    assert round_over(connection).found == {"changed": 1}
    put_right(connection, how="ours")
    assert crm.contact()["leadops_segment"] == "cold"
    assert open_kinds() == []


def test_another_owner_there_becomes_the_owner_here_or_is_written_over(crm, connection, lead):
    crm.person_changes(number(lead), hubspot_owner_id=crm.owner_id(BOB))
    assert round_over(connection).found == {"owner": 1}
    line = CrmDifference.objects.get().lines[0]
    assert (line["here"], line["there"]) == ("alice@acme.test", BOB)
    put_right(connection)
    assert Assignment.objects.get(lead=lead).owner.email == BOB
    assert open_kinds() == []
    crm.person_changes(number(lead), hubspot_owner_id=crm.owner_id("alice@acme.test"))
    round_over(connection)
    put_right(connection, how="ours")
    assert crm.contact()["hubspot_owner_id"] == crm.owner_id(BOB)
    assert Assignment.objects.get(lead=lead).owner.email == BOB


def test_a_deleted_record_is_made_again_when_somebody_asks(crm, connection, lead):
    crm.call("DELETE", f"/control/hubspot/contacts/{number(lead)}")
    assert round_over(connection).found == {"deleted": 1}
    assert ExceptionItem.objects.get(status="open").kind == "crm.record_gone"
    put_right(connection)
    assert len(crm.contacts()) == 1
    assert round_over(connection).found == {}
    assert open_kinds() == []


def test_a_record_merged_into_another_is_ours_from_then_on(crm, connection, lead):
    other = crm.add_contact(email="gina@private.example")
    crm.call("POST", "/control/hubspot/contacts/merge", {"primary": number(lead), "other": other})
    before = number(lead)
    round_over(connection)
    assert number(lead) != before
    make.drain(connection)
    assert round_over(connection).found == {}


def test_a_second_record_with_an_address_of_theirs_is_named_and_not_merged(crm, connection, lead):
    now = timezone.now()
    LeadIdentity.objects.create(lead=lead, kind="email", value="gina@private.example", exclusive=True)
    save_contacts(
        connection, [RemoteContact("9001", emails=["gina@private.example"], modified_at=now)], now=now
    )
    assert round_over(connection).found == {"duplicate": 1}
    assert CrmDifference.objects.get().remote_id == "9001"
    assert put_right(connection).refused
    assert open_kinds() == ["duplicate"]


def test_what_is_equal_again_settles_by_itself(crm, connection, lead):
    crm.person_changes(number(lead), leadops_segment="lukewarm")
    round_over(connection)
    crm.person_changes(number(lead), leadops_segment="cold")
    assert round_over(connection).found == {}
    assert CrmDifference.objects.get().settled_how == "by_itself"


def test_what_is_on_its_way_is_no_difference(crm, connection, lead):
    make.edit(lead, email="gina@globex-international.example")
    found = Reconciliation.objects.create(connection=connection, started_at=timezone.now(), total=1)
    # A push waits: rounds wait for it too.
    assert running.work_all() == 0
    OutboxEntry.objects.update(due_at=timezone.now() + timedelta(hours=1))
    running.work_all()
    found.refresh_from_db()
    assert (found.equal, found.found) == (0, {"on_their_way": 1})
    assert open_kinds() == []


def test_a_round_goes_on_where_it_was(crm, connection, monkeypatch):
    for n in range(5):
        make.lead(email=f"g{n}@globex.example")
    make.drain(connection)
    monkeypatch.setattr(running, "PAGE", 2)
    monkeypatch.setattr(running, "PAGES", 2)
    running.start(connection, now=timezone.now())
    assert running.work_all() == 4
    assert Reconciliation.objects.get().finished_at is None
    assert running.start(connection, now=timezone.now()) is None
    running.work_all()
    found = Reconciliation.objects.get()
    assert (found.equal, found.total, found.calls) == (5, 5, 3)


def test_it_runs_by_itself_once_a_night(connection, lead):
    running.work_all()
    assert Reconciliation.objects.count() == 1
    running.work_all()
    assert Reconciliation.objects.count() == 1
    Reconciliation.objects.update(started_at=timezone.now() - timedelta(days=1))
    running.work_all()
    assert Reconciliation.objects.count() == 2


def test_while_the_crm_is_away_nothing_is_said(crm, connection, lead):
    crm.fault("status", status=503, rate=1)
    found = round_over(connection)
    assert (found.finished_at, found.checked) == (None, 0)
    assert found.last_error
    assert open_kinds() == []


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("10", "10.0", True),
        ("2026-11-26T14:00:00.000Z", "2026-11-26T15:00:00+01:00", True),
        ("", "0", False),
        ("nan", "nan", True),
        ("Globex", "globex", False),
        ("2026-11-26T00:00:00", "2026-11-26", True),
    ],
)
def test_the_same_in_other_words_is_equal(one, other, equal):
    assert same(one, other) is equal
