"""Mirror rows have one writer, and the newest word of the CRM is the row."""

from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
from django.apps import apps  # noqa: TID251  as a migration is given it
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from crm_sync.connectors.records import RemoteCompany, RemoteContact, RemoteDeal
from crm_sync.mirror.writing import mark_gone, save, save_companies, save_contacts, save_deals
from crm_sync.models import Account, KnownContact, OpenDeal
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)


@pytest.fixture
def connection():
    return make.connection("http://127.0.0.1:1")


def contact(remote_id="51", **fields):
    return RemoteContact(
        remote_id, **{"emails": ["Gina@Globex.example"], "owner_id": "7", "modified_at": NOON, **fields}
    )


def test_addresses_are_lower_case_and_additional_ones_are_kept(connection):
    emails = ["Gina@Globex.example", "GINA.GREEN@mail.example ", "gina@globex.example", "", "x" * 255]
    assert save_contacts(connection, [contact(emails=emails)], now=NOON) == {"51"}
    assert KnownContact.objects.get().emails == ["gina@globex.example", "gina.green@mail.example"]


def test_domains_are_what_somebody_registered_and_names_are_folded(connection):
    company = RemoteCompany(
        "7001",
        name="The Globex GmbH & Co. KG",
        domains=["WWW.Globex.co.uk", "globex.co.uk", "globex.de", "10.0.0.1", ""],
        is_customer=True,
        modified_at=NOON,
    )
    assert save_companies(connection, [company], now=NOON) == {"7001"}
    account = Account.objects.get()
    assert (account.folded_name, account.domains) == ("globex", ["globex.co.uk", "globex.de"])
    assert account.is_customer


def test_only_a_newer_word_changes_a_row_whatever_the_order(connection):
    save_contacts(connection, [contact(owner_id="8", modified_at=LATER)], now=NOON)
    assert save_contacts(connection, [contact(owner_id="7", modified_at=NOON)], now=NOON) == set()
    assert KnownContact.objects.get().owner_id == "8"
    assert save_contacts(connection, [contact(owner_id="9", modified_at=LATER)], now=NOON) == {"51"}
    assert KnownContact.objects.get().owner_id == "9"


def test_the_same_word_twice_changes_nothing(connection):
    assert save_contacts(connection, [contact()], now=NOON) == {"51"}
    assert save_contacts(connection, [contact(), contact()], now=LATER) == set()


def test_of_two_words_in_one_page_the_newer_counts(connection):
    words = [contact(owner_id="8", modified_at=LATER), contact(owner_id="7")]
    save_contacts(connection, words, now=NOON)
    assert KnownContact.objects.get().owner_id == "8"


def test_a_record_without_a_date_is_as_old_as_its_reading(connection):
    save_contacts(connection, [contact(modified_at=None)], now=NOON)
    assert KnownContact.objects.get().modified_at == NOON


def test_what_is_gone_comes_back_only_when_it_is_shown_again_later(connection):
    save(connection, "contacts", [contact()], now=NOON)
    assert mark_gone(connection, "contacts", ["51", "52"], now=LATER) == ["51"]
    assert mark_gone(connection, "contacts", ["51"], now=LATER) == []
    # A page that was read before the deletion.
    save(connection, "contacts", [contact(owner_id="8")], now=LATER)
    assert KnownContact.objects.get().gone
    save(connection, "contacts", [contact(modified_at=LATER + timedelta(seconds=1))], now=LATER)
    assert not KnownContact.objects.get().gone


def test_a_merge_makes_a_third_record_and_deals_follow_it(connection):
    save_contacts(connection, [contact("51"), contact("52")], now=NOON)
    save_deals(connection, [RemoteDeal("3001", contact_ids=["51", "52", "60"], modified_at=NOON)], now=NOON)
    third = contact("53", merged_ids=["51", "52"], modified_at=LATER)
    assert save_contacts(connection, [third], now=LATER) == {"53"}
    assert set(KnownContact.objects.filter(gone=True).values_list("remote_id", flat=True)) == {"51", "52"}
    assert sorted(OpenDeal.objects.get().contact_ids) == ["53", "60"]


def test_contacts_deals_and_daughters_follow_a_company_that_was_merged(connection):
    companies = [
        RemoteCompany("7001", name="Globex", modified_at=NOON),
        RemoteCompany("7002", name="Globex France", parent_id="7001", modified_at=NOON),
    ]
    save(connection, "companies", companies, now=NOON)
    save(connection, "contacts", [contact(account_id="7001")], now=NOON)
    save(connection, "deals", [RemoteDeal("3001", account_id="7001", modified_at=NOON)], now=NOON)
    save(
        connection,
        "companies",
        [RemoteCompany("7003", name="Globex", merged_ids=["7001"], modified_at=LATER)],
        now=NOON,
    )
    assert Account.objects.get(remote_id="7001").gone
    assert Account.objects.get(remote_id="7002").parent_id == "7003"
    assert KnownContact.objects.get().account_id == OpenDeal.objects.get().account_id == "7003"


def test_what_no_column_can_hold_costs_no_page(connection):
    odd = RemoteCompany("7001", name="Glo\0bex " + "x" * 400, domains=["globex.example"], modified_at=NOON)
    save_companies(connection, [odd], now=NOON)
    assert len(Account.objects.get().name) == 300


def test_a_page_is_one_statement(connection):
    page = [contact(str(number)) for number in range(100)]
    with CaptureQueriesContext(database) as queries:
        save_contacts(connection, page, now=NOON)
    assert len([each for each in queries if "SAVEPOINT" not in each["sql"]]) == 1


def test_names_that_were_folded_before_are_folded_anew(connection):
    save_companies(connection, [RemoteCompany("7001", name="ООО «Глобекс»", modified_at=NOON)], now=NOON)
    save_companies(connection, [RemoteCompany("7002", name="Initech", modified_at=NOON)], now=NOON)
    Account.objects.filter(remote_id="7001").update(folded_name="ооо глобекс")
    import_module("crm_sync.migrations.0014_fold_names_anew").fold(apps, None)
    names = dict(Account.objects.values_list("remote_id", "folded_name"))
    assert names == {"7001": "глобекс", "7002": "initech"}
