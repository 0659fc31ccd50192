"""The first load, page by page, and the polls after it, against the sandbox over HTTP."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm_sync import exception_kinds as kinds
from crm_sync.models import Account, CrmConnection, KnownContact, MirrorProgress, OpenDeal
from crm_sync.polling import filling, lag, trouble
from exception_queue.models import ExceptionItem
from plumbing import claiming
from tests.crm_sync.contract.backstage import HubSpotBackstage

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = 3


@pytest.fixture(autouse=True)
def small_pages(monkeypatch):
    monkeypatch.setattr(filling, "_PAGE", PAGE)


def progress(kind="contacts"):
    return MirrorProgress.objects.get(kind=kind)


def time_goes_by(**ago):
    """As if the last poll had been a while ago."""
    MirrorProgress.objects.update(polled_at=timezone.now() - timedelta(**(ago or {"minutes": 5})))


def poll():
    time_goes_by()
    return filling.fill_all()


def addresses():
    return sorted(address for row in KnownContact.objects.filter(gone=False) for address in row.emails)


def test_the_first_load_brings_everything_and_says_how_far_it_is(crm, connection):
    backstage = HubSpotBackstage("v3", crm)
    people = [crm.add_contact(email=f"k{number}@globex.example") for number in range(7)]
    company = backstage.add_company("Globex GmbH", "www.globex.example")
    deal = backstage.add_deal("Rollout", contact=people[0], company=company)
    filling.fill_all()
    assert addresses() == [f"k{number}@globex.example" for number in range(7)]
    assert Account.objects.get(remote_id=company).domains == ["globex.example"]
    assert OpenDeal.objects.get(remote_id=deal).contact_ids == [people[0]]
    for kind, number in (("contacts", 7), ("companies", 1), ("deals", 1)):
        row = progress(kind)
        assert (row.read, row.total, row.after) == (number, number, "")
        assert row.loaded_at is not None


def test_the_first_load_goes_on_where_the_last_page_was_saved(crm, connection):
    people = [crm.add_contact(email=f"k{number}@globex.example") for number in range(7)]
    filling._add_rows(connection.pk)
    assert filling._turn(connection.pk)
    assert (progress().read, progress().after) == (PAGE, people[PAGE - 1])
    # Killed while it reads the next page: the lease runs out, and another goes on.
    claiming.claim(MirrorProgress.objects.filter(kind="contacts"), limit=1, lease=timedelta(0))
    listed = "/crm/objects/2026-09/contacts"
    before = len([each for each in crm.calls(listed) if each["method"] == "GET"])
    filling.fill_all()
    assert (progress().read, len(addresses())) == (7, 7)
    assert len([each for each in crm.calls(listed) if each["method"] == "GET"]) == before + 2


def test_a_page_whose_row_was_taken_over_meanwhile_is_not_saved(crm, connection):
    crm.add_contact(email="k@globex.example")
    filling._add_rows(connection.pk)
    row = progress()
    page = filling.RecordPage([], after="99")
    mine = claiming.claim(MirrorProgress.objects.filter(pk=row.pk), limit=1, lease=timedelta(0))
    claiming.claim(MirrorProgress.objects.filter(pk=row.pk), limit=1, lease=filling.LEASE)
    filling._save(row, page, since=timezone.now(), token=mine.token, now=timezone.now())
    assert progress().after == ""


def test_only_one_worker_reads_a_page(crm, connection):
    filling._add_rows(connection.pk)
    claiming.claim(MirrorProgress.objects.all(), limit=3, lease=filling.LEASE)
    assert filling.fill_all() == 0
    assert crm.calls() == []


def test_a_poll_brings_what_was_made_and_changed_and_nothing_twice(crm, connection):
    people = [crm.add_contact(email=f"k{number}@globex.example") for number in range(5)]
    filling.fill_all()
    new = crm.add_contact(email="new@globex.example")
    crm.person_changes(people[1], hs_lead_status="OPEN_DEAL", hubspot_owner_id=crm.owner_id("bob@acme.test"))
    poll()
    assert "new@globex.example" in addresses()
    row = KnownContact.objects.get(remote_id=people[1])
    assert (row.lead_status, row.owner_id) == ("OPEN_DEAL", crm.owner_id("bob@acme.test"))
    assert progress().changed_until >= KnownContact.objects.get(remote_id=new).modified_at
    assert progress().after == ""


def test_polls_are_as_far_apart_as_the_connection_says(crm, connection):
    CrmConnection.objects.update(poll_seconds=120)
    filling.fill_all()
    time_goes_by(seconds=119)
    assert filling.fill_all() == 0
    time_goes_by(seconds=121)
    assert filling.fill_all() == 3


def test_a_merge_that_a_poll_finds_leaves_one_contact_with_both_addresses_gone_before(crm, connection):
    one, other = (crm.add_contact(email=f"{name}@globex.example") for name in ("gina", "regina"))
    filling.fill_all()
    third = HubSpotBackstage("v3", crm).merge(one, other)
    poll()
    assert list(KnownContact.objects.filter(gone=False).values_list("remote_id", flat=True)) == [third]


def test_what_the_crm_refuses_is_asked_about_once_and_closes_by_itself(crm, connection):
    crm.add_contact(email="k@globex.example")
    crm.fault("status", status=403, path="companies")
    filling.fill_all()
    assert len(addresses()) == 1
    item = ExceptionItem.objects.get()
    assert (item.kind, item.subject_id, item.status) == (kinds.MIRROR_BEHIND, "hubspot", "open")
    assert CrmConnection.objects.get().health == CrmConnection.Health.OK
    # It is asked for again, but not at once.
    calls = len(crm.calls("companies"))
    filling.fill_all()
    assert len(crm.calls("companies")) == calls
    crm.heal()
    trouble.ask_again(["hubspot"], by="anna", now=timezone.now())
    filling.fill_all()
    assert progress("companies").loaded_at is not None
    assert ExceptionItem.objects.get().status != "open"


def test_a_kind_that_is_refused_grows_older_and_is_behind(crm, connection):
    filling.fill_all()
    time_goes_by(minutes=7)
    crm.fault("status", status=403, path="companies")
    filling.fill_all()
    filling.fill_all()
    found = {path.kind: path for path in lag.paths(connection, now=timezone.now())}
    assert found["companies"].lag >= timedelta(minutes=7)
    assert [kind for kind, path in found.items() if path.is_behind] == ["companies"]
    crm.heal()
    MirrorProgress.objects.update(asked_at=timezone.now() - timedelta(minutes=2))
    filling.fill_all()
    assert not any(path.is_behind for path in lag.paths(connection, now=timezone.now()))


def test_the_first_load_waits_while_few_calls_are_left_and_polls_do_not(crm, connection):
    filling._add_rows(connection.pk)
    short = {"max": 100, "remaining": 10, "daily_remaining": None, "resets_at": None}
    CrmConnection.objects.update(budget=short)
    assert filling.fill_all() == 0
    CrmConnection.objects.update(budget={})
    filling.fill_all()
    CrmConnection.objects.update(budget=short)
    time_goes_by()
    assert filling.fill_all() == 3


def test_a_connection_that_is_off_or_paused_is_not_called(crm, connection):
    CrmConnection.objects.update(not_before=timezone.now() + timedelta(minutes=1))
    assert filling.fill_all() == 0
    CrmConnection.objects.update(not_before=None, active=False)
    assert filling.fill_all() == 0
    assert crm.calls() == []


def turns(connection, number):
    for _ in range(number):
        assert filling._turn(connection.pk)


def test_a_long_poll_of_one_kind_keeps_no_other_waiting(crm, connection):
    backstage = HubSpotBackstage("v3", crm)
    filling.fill_all()
    poll()
    crm.call("POST", "/control/hubspot/imports", {"count": 100, "start": 0, "domain": "import.example"})
    backstage.add_company("Globex", "globex.example")
    time_goes_by()
    turns(connection, 6)
    assert Account.objects.exists()
    assert progress().after, "of the import, pages are left"


def test_a_long_poll_does_not_hold_up_the_first_load_of_another_kind(crm, connection):
    backstage = HubSpotBackstage("v3", crm)
    for number in range(2 * PAGE):
        backstage.add_company(f"Globex {number}", f"globex{number}.example")
    filling.fill_all()
    poll()
    MirrorProgress.objects.filter(kind="companies").update(loaded_at=None, after="", read=0)
    crm.call("POST", "/control/hubspot/imports", {"count": 100, "start": 0, "domain": "import.example"})
    time_goes_by()
    turns(connection, 8)
    assert progress("companies").read == 2 * PAGE
    assert progress().after, "of the import, pages are left"


def test_polls_of_all_kinds_together_keep_within_the_searches_of_a_second(crm, connection):
    for number in range(4 * PAGE):
        crm.add_contact(email=f"k{number}@globex.example")
    filling.fill_all()
    crm.call("DELETE", "/control/limits")
    crm.call("POST", "/control/limits", {"target": "hubspot", "calls": 190, "per_seconds": 10})
    time_goes_by()
    MirrorProgress.objects.update(changed_until=timezone.now() - timedelta(hours=1))
    filling.fill_all()
    searches = crm.calls("/search")
    assert len(searches) >= 4 + 2 + 3
    assert [one["status"] for one in searches if one["status"] != 200] == []
