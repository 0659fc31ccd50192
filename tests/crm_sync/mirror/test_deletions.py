"""What was deleted in the CRM, found without any webhook: against the sandbox over HTTP."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm_sync.inbound import webhook_events
from crm_sync.looking import finding
from crm_sync.looking.finding import wanted_of
from crm_sync.models import Account, CrmConnection, CrmLink, KnownContact, MirrorProgress, OpenDeal
from crm_sync.polling import deletions, filling
from tests.crm_sync.contract.backstage import HubSpotBackstage
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def backstage(crm, connection) -> HubSpotBackstage:
    return HubSpotBackstage("v3", crm)


def look_an_hour_later() -> int:
    MirrorProgress.objects.update(deleted_read_at=timezone.now() - timedelta(hours=2))
    return deletions.find_all()


def delete(crm, kind, number):
    crm.call("DELETE", f"/control/hubspot/{kind}/{number}")


def test_nobody_is_decided_by_a_record_that_was_deleted_there(crm, connection, backstage):
    somebody = crm.add_contact(email="k@globex.example")
    company = backstage.add_company("Globex", "globex.example")
    deal = backstage.add_deal("Rollout", contact=somebody, company=company)
    filling.fill_all(seconds=20)
    wanted = [wanted_of({"email": "k@globex.example", "company": "Globex"})]
    (before,) = finding.find(connection.pk, wanted)
    assert before.deal is not None and before.account is not None and before.contact is not None
    for kind, number in (("deals", deal), ("companies", company), ("contacts", somebody)):
        delete(crm, kind, number)
    assert look_an_hour_later() == 3
    assert all(model.objects.get().gone for model in (KnownContact, Account, OpenDeal))
    (after,) = finding.find(connection.pk, wanted)
    assert (after.deal, after.account, after.contact) == (None, None, None)


def test_it_is_read_once_an_hour_and_only_of_kinds_that_were_loaded(crm, connection, backstage):
    assert deletions.find_all() == 0
    filling.fill_all(seconds=20)
    assert deletions.find_all() == 3
    assert deletions.find_all() == 0


def test_many_pages_are_read_on_where_the_last_one_was_saved(crm, connection, backstage, monkeypatch):
    monkeypatch.setattr(deletions, "_PAGE", 2)
    monkeypatch.setattr(deletions, "PAGES", 1)
    people = [crm.add_contact(email=f"k{number}@globex.example") for number in range(5)]
    filling.fill_all(seconds=20)
    for number in people:
        delete(crm, "contacts", number)
    MirrorProgress.objects.exclude(kind="contacts").update(deleted_read_at=timezone.now())
    gone = []
    while deletions.find_all():
        gone.append(KnownContact.objects.filter(gone=True).count())
    assert gone == [2, 4, 5]


def test_the_record_of_a_lead_is_looked_for_as_soon_as_it_is_listed_as_deleted(crm, connection, backstage):
    make.queue(fallback=True)
    lead = make.lead()
    make.push(lead)
    make.drain(connection)
    filling.fill_all(seconds=20)
    delete(crm, "contacts", CrmLink.objects.get(lead=lead).remote_id)
    look_an_hour_later()
    webhook_events.work_all()
    assert CrmLink.objects.get(lead=lead).gone_at is not None


def test_what_was_restored_stands_there_again(crm, connection, backstage):
    somebody = crm.add_contact(email="k@globex.example")
    filling.fill_all(seconds=20)
    delete(crm, "contacts", somebody)
    look_an_hour_later()
    crm.call("POST", f"/control/hubspot/contacts/{somebody}/restore")
    MirrorProgress.objects.update(polled_at=timezone.now() - timedelta(minutes=5))
    filling.fill_all(seconds=20)
    assert not KnownContact.objects.get().gone
    look_an_hour_later()
    assert not KnownContact.objects.get().gone


def test_it_waits_while_few_calls_are_left_or_leads_are_to_be_written(crm, connection, backstage):
    filling.fill_all(seconds=20)
    CrmConnection.objects.update(budget={"max": 100, "remaining": 40})
    assert deletions.find_all() == 0
    CrmConnection.objects.update(budget={})
    make.queue(fallback=True)
    make.push(make.lead())
    assert deletions.find_all() == 0
