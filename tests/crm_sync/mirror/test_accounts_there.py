"""Accounts of the mirror are matched as named accounts are, in one statement for a batch."""

from datetime import UTC, datetime
from importlib import import_module

import pytest
from django.apps import apps  # noqa: TID251  as a migration is given it
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from crm_sync.connectors.records import RemoteCompany
from crm_sync.looking import backgrounds
from crm_sync.looking.finding import find, wanted_of
from crm_sync.mirror.writing import save_companies
from crm_sync.models import Account, KnownContact, OpenDeal, OwnerLink
from routing.engine.account_family import AccountRules
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


@pytest.fixture
def connection():
    return make.connection("http://127.0.0.1:1")


def companies(connection, *rows, **each):
    save_companies(
        connection,
        [RemoteCompany(remote_id, **{"modified_at": NOON, **each, **row}) for remote_id, row in rows],
        now=NOON,
    )


def found(connection, *, record="", **values):
    (one,) = find(connection.pk, [wanted_of(values, record=record)])
    return one


def test_each_step_finds_a_company_of_the_crm(connection):
    companies(
        connection,
        ("1", {"name": "Globex", "domains": ["globex.co.uk"]}),
        ("2", {"name": "株式会社イニテック", "country": "Japan"}),
        (
            "3",
            {
                "name": "Umbrela Health",
                "phone": "030 5550 1234",
                "country": "Germany",
                "postal_code": "10115",
            },
        ),
    )
    for number, by, values in (
        ("1", "domain", {"email": "jane@globex.co.uk"}),
        ("1", "registrable_domain", {"email": "jane@mail.globex.co.uk"}),
        ("2", "name", {"email": "jane@gmail.com", "company": "イニテック", "country": "JP"}),
        ("3", "close_name", {"company": "Umbrella Health AG", "phone": "+493055509999"}),
        ("3", "close_name", {"company": "Umbrella Health", "country": "DE", "postal_code": "10115"}),
    ):
        account = found(connection, **values).account
        assert account is not None
        assert (account.remote_id, account.by) == (number, by)
    assert found(connection, company="イニテック", country="US").account is None
    assert found(connection, company="Umbrella Health", phone="+494055509999").account is None


def test_the_company_of_the_persons_record_goes_first(connection):
    companies(
        connection, ("1", {"name": "Globex", "domains": ["globex.com"]}), ("2", {"name": "Globex Holding"})
    )
    KnownContact.objects.create(
        connection=connection, remote_id="51", emails=["jane@globex.com"], account_id="2"
    )
    one = found(connection, email="jane@globex.com")
    assert one.account is not None
    assert (one.account.remote_id, one.account.by) == ("2", "contact")
    assert [(each.id, each.lost) for each in one.accounts.judged] == [
        ("2", ""),
        ("1", "Globex Holding was found by the company of their record, which goes first"),
    ]


def test_of_several_accounts_with_one_domain_the_customer_is_told_and_the_others_say_why(connection):
    companies(
        connection,
        ("1", {"owner_id": "7"}),
        ("2", {"is_customer": True}),
        ("3", {}),
        name="Globex",
        domains=["globex.com"],
    )
    OwnerLink.objects.create(
        connection=connection, remote_id="7", email="bob@acme.test", name="Bob", seen_at=NOON
    )
    (told,) = backgrounds.known_now(connection, [wanted_of({"email": "jane@globex.com"})], now=NOON)
    assert (told.account, told.account_by, told.is_customer) == ("Globex", "domain", True)
    assert [(one["id"], one["lost"]) for one in told.account_candidates] == [
        ("2", ""),
        ("1", "Globex is a customer"),
        ("3", "Globex is a customer"),
    ]


def test_a_deal_of_an_account_that_was_found_by_its_name_is_not_the_leads(connection):
    companies(connection, ("1", {"name": "Globex", "domains": ["globex.com"]}))
    OpenDeal.objects.create(connection=connection, remote_id="700", name="Globex 2027", account_id="1")
    by_name, by_domain = found(connection, company="Globex"), found(connection, email="jane@globex.com")
    assert by_name.account is not None
    assert by_name.deal is None
    assert by_domain.deal is not None
    assert by_domain.deal.name == "Globex 2027"


def test_a_deal_of_a_company_that_was_not_taken_is_not_the_leads(connection):
    companies(connection, ("1", {"is_customer": True}), ("2", {}), name="Globex", domains=["globex.com"])
    OpenDeal.objects.create(connection=connection, remote_id="700", name="Globex 2027", account_id="2")
    assert found(connection, email="jane@globex.com").deal is None


def test_a_batch_of_any_size_costs_one_statement(connection):
    companies(connection, *((str(n), {"domains": [f"company{n}.com"]}) for n in range(100)))
    wanted = [wanted_of({"email": f"jane@company{n}.com"}) for n in range(100)]
    with CaptureQueriesContext(database) as queries:
        answers = find(connection.pk, wanted)
    assert len(queries) == 1
    assert [one.account.remote_id for one in answers if one.account] == [str(n) for n in range(100)]


def test_accounts_from_before_get_their_keys(connection):
    companies(connection, ("1", {"name": "Globex AG", "domains": ["globex.com"], "country": "Germany"}))
    keys = Account.objects.get().match_keys
    assert {"n:globex", "d:globex.com", "i:1", "c:DE"} <= set(keys)
    Account.objects.update(match_keys=[])
    import_module("crm_sync.migrations.0019_keys_of_accounts_that_are_there").fill(apps, None)
    assert Account.objects.get().match_keys == keys


def test_an_id_that_the_form_names_finds_the_company_with_it_there(connection):
    companies(connection, ("7001", {"name": "Globex", "domains": ["globex.com"]}))
    (one,) = find(connection.pk, [wanted_of({"company": "Somebody else"}, extra={"account_id": "7001"})])
    assert (one.account.name, one.account.by) == ("Globex", "external_id")


def test_the_owner_of_a_company_above_counts_where_the_rules_say_so(connection):
    for number, email in (("1", "eva@acme.test"), ("2", "bob@acme.test")):
        OwnerLink.objects.create(connection=connection, email=email, remote_id=number, seen_at=NOON)
    companies(
        connection,
        ("10", {"name": "Globex", "domains": ["globex.com"], "owner_id": "1", "parent_id": "11"}),
        ("11", {"name": "Globex Group", "domains": ["globexgroup.com"], "owner_id": "2", "parent_id": "10"}),
        ("12", {"name": "Initech", "domains": ["initech.com"], "owner_id": "1"}),
    )
    wanted = [wanted_of({"email": "jane@globex.com"}), wanted_of({"email": "tom@initech.com"})]
    with CaptureQueriesContext(database) as queries:
        told = backgrounds.known_now(connection, wanted, rules=AccountRules(owner_from="ultimate"), now=NOON)
    assert len(queries) == 2
    assert [(one.account, one.account_owner, one.account_owner_of) for one in told] == [
        ("Globex", "bob@acme.test", "Globex Group"),
        ("Initech", "eva@acme.test", ""),
    ]
    (usual, _) = backgrounds.known_now(connection, wanted, now=NOON)
    assert (usual.account_owner, usual.account_owner_of) == ("eva@acme.test", "")
    OwnerLink.objects.filter(email="bob@acme.test").update(archived=True)
    (own, _) = backgrounds.known_now(connection, wanted, rules=AccountRules(owner_from="parent"), now=NOON)
    assert own.account_owner == "eva@acme.test"
