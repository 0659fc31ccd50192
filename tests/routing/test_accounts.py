"""Named accounts are found by their stored keys, in one statement for any number of leads."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps  # noqa: TID251  as a migration is given it
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from routing import facts
from routing.accounts import Accounts
from routing.engine.account_family import AccountRules
from routing.engine.account_match import TOO_COMMON
from routing.engine.seen import ownership_from_json
from routing.models import Absence, Assignment, Decision, NamedAccount, Owner, RoutingSettings
from routing.rules import publishing
from tests import make

pytestmark = pytest.mark.django_db


def belongs(*, extra=(), **values):
    told = facts.of_values(values, extra=dict(extra), form=None)
    return Accounts([told]).of(told)


def test_a_lead_belongs_to_the_account_with_its_id_domain_or_name():
    globex = NamedAccount.objects.create(
        company="Globex GmbH & Co. KG", domains=["Globex.co.uk"], external_id="A-17"
    )
    for step, values in (
        ("external_id", {"email": "jane@gmail.com", "extra": {"account_id": "A-17"}}),
        ("domain", {"email": "jane@globex.co.uk"}),
        ("registrable_domain", {"email": "jane@mail.globex.co.uk"}),
        ("registrable_domain", {"email": "jane@gmail.com", "website": "https://www.globex.co.uk"}),
        ("name", {"email": "jane@gmail.com", "company": "The GLOBEX Corporation"}),
    ):
        found = belongs(**values)
        assert (found.account, found.match.step) == (globex, step)
    assert belongs(email="jane@gmail.com", company="Initech").account is None


def test_free_mail_and_social_pages_are_no_accounts_domain():
    NamedAccount.objects.create(
        company="Wrongly imported", domains=["gmail.com", "facebook.com", "sharepoint.com"]
    )
    for values in (
        {"email": "jane@gmail.com", "website": "https://facebook.com/globex"},
        {"email": "jane@facebook.com"},
    ):
        assert belongs(**values).account is None


def test_an_account_is_found_by_what_it_says_now():
    row = NamedAccount.objects.create(company="Globex", domains=["globex.com"])
    row.company, row.domains = "Initech", ["initech.com"]
    row.save()
    assert belongs(email="jane@globex.com", company="Globex").account is None
    assert belongs(email="jane@initech.com").account == row
    row.active = False
    row.save()
    assert belongs(email="jane@initech.com").account is None
    (made,) = NamedAccount.objects.bulk_create([NamedAccount(company="Umbrella", domains=["umbrella.com"])])
    assert belongs(email="jane@umbrella.com").account == made


def test_an_account_whose_owner_is_there_goes_first_among_those_with_one_domain():
    gone = Owner.objects.create(email="gone@acme.test", name="Gone", active=False)
    here = Owner.objects.create(email="here@acme.test", name="Here")
    NamedAccount.objects.create(company="Globex", domains=["globex.com"], owner=gone)
    second = NamedAccount.objects.create(company="Globex Europe", domains=["globex.com"], owner=here)
    found = belongs(email="jane@globex.com")
    assert found.account == second
    assert [(one.label, one.lost) for one in found.match.judged] == [
        ("Globex Europe", ""),
        ("Globex", "Globex Europe has an owner"),
    ]


def test_a_batch_of_any_size_costs_one_statement():
    NamedAccount.objects.bulk_create(
        NamedAccount(company=f"Company {n}", domains=[f"company{n}.com"]) for n in range(200)
    )
    told = [facts.of_values({"email": f"jane@company{n}.com"}, extra={}, form=None) for n in range(100)]
    with CaptureQueriesContext(
        connection,
    ) as queries:
        accounts = Accounts(told)
        found = [accounts.of(one).account for one in told]
    assert len(queries) == 1
    assert [str(one) for one in found] == [f"Company {n}" for n in range(100)]
    with CaptureQueriesContext(connection) as queries:
        Accounts([{}])
    assert len(queries) == 0


def test_accounts_from_before_get_their_keys():
    row = NamedAccount.objects.create(
        company="Globex AG", domains=["GLOBEX.com"], country="DE", postal_code="10115"
    )
    keys = row.match_keys
    assert "d:globex.com" in keys
    NamedAccount.objects.update(match_keys=[])
    import_module("routing.migrations.0018_keys_of_accounts_that_are_there").fill(apps, None)
    row.refresh_from_db()
    assert row.match_keys == keys


def test_the_decision_says_how_the_account_was_found_and_which_others_there_were(acme):
    account = NamedAccount.objects.get(company="Globex")
    NamedAccount.objects.create(company="Globex, Inc.", country="JP")
    lead = make.handed_off(make.american(email="jane@globex.com", company="Globex", country="US"))
    decision = Decision.objects.get(lead=lead)
    said = decision.ownership
    assert (said["account_name"], said["account_by"]) == ("Globex", "domain")
    assert said["account_candidates"][0] == {
        "id": str(account.pk),
        "label": "Globex",
        "step": "domain",
        "lost": "",
    }
    assert said["account_candidates"][1]["lost"] == "it has the name, and is in another country: JP, not US"
    assert any("found by the domain of the address" in str(row) for row in decision.trace)


def test_what_very_many_accounts_have_in_common_is_not_looked_for():
    """A switchboard of a thousand companies does not say which one; it must not cost either."""
    NamedAccount.objects.bulk_create(
        NamedAccount(company=f"Globex {'x' * n}", phone=f"+49301234{n:04}") for n in range(TOO_COMMON)
    )
    assert belongs(company="Globexx", phone="+493012349999").account is None
    assert belongs(company="Globex x", phone="+493012349999").account is not None
    NamedAccount.objects.filter(company="Globex xx").delete()
    assert belongs(company="Globexx", phone="+493012349999").match.step == "close_name"


def test_the_order_of_steps_is_published_and_a_step_that_is_left_out_finds_nothing(acme):
    NamedAccount.objects.create(company="By name", country="US")
    values = make.american(email="jane@globex.com", company="By name")
    assert published_match(values) == ("Globex", "domain")
    RoutingSettings.objects.update_or_create(pk=1, defaults={"account_steps": ["name", "domain"]})
    assert publishing.unpublished_changes() == [
        "An account is found by its name, then by the domain of the address."
    ]
    assert published_match({**values, "email": "ann@globex.com"}) == ("Globex", "domain")
    publishing.publish(by="maria", now=timezone.now())
    assert publishing.compiled().to_json()["account_steps"] == ["name", "domain"]
    assert published_match({**values, "email": "bea@globex.com"}) == ("By name", "name")
    RoutingSettings.objects.update(account_steps=["external_id"])
    publishing.publish(by="maria", now=timezone.now())
    assert published_match({**values, "email": "cem@globex.com"}) == ("", "")


def test_the_usual_order_is_nothing_to_publish(acme):
    RoutingSettings.objects.get_or_create(pk=1)
    assert publishing.unpublished_changes() == []
    assert "account_steps" not in publishing.draft_snapshot()


def published_match(values):
    said = Decision.objects.get(lead=make.handed_off(values)).ownership
    return said["account_name"], said["account_by"]


def family():
    """A unit of a group, each with an owner; by name."""
    group = NamedAccount.objects.create(
        company="Globex Group", owner=Owner.objects.get(email="carla@acme.test"), tier="A"
    )
    unit = NamedAccount.objects.get(company="Globex")
    NamedAccount.objects.filter(pk=unit.pk).update(parent=group, tier="B")
    return unit, group


@pytest.mark.parametrize(
    ("owner_from", "whose", "says"),
    [
        ("self", "", "owner of Globex, found"),
        ("parent", "Globex Group", "owner of Globex Group, above Globex, found"),
    ],
)
def test_the_owner_of_the_company_above_decides_where_that_is_published(acme, owner_from, whose, says):
    unit, group = family()
    RoutingSettings.objects.update_or_create(pk=1, defaults={"account_owner_from": owner_from})
    if owner_from != "self":
        assert publishing.unpublished_changes() == [
            "Whose an account is: the owner of the company right above it, if there is one"
        ]
    publishing.publish(by="maria", now=timezone.now())
    lead = make.handed_off(make.american(email="jane@globex.com"))
    decision = Decision.objects.get(lead=lead)
    expected = (group if whose else unit).owner
    assert decision.facts["account_owner"] == expected.email
    assert decision.facts["account_tier"] == "B"
    assert decision.ownership["account_owner_of"] == whose
    assert Assignment.objects.get(lead=lead).owner == expected
    assert any(says in row["answer"] for row in decision.trace)


def test_the_sdr_of_an_accounts_owner_takes_its_new_leads_and_the_decision_replays(acme):
    alice, bob = (Owner.objects.get(email=f"{name}@acme.test") for name in ("alice", "bob"))
    Owner.objects.filter(pk=alice.pk).update(sdr=bob)
    lead = make.handed_off(make.american(email="jane@globex.com"))
    decision = Decision.objects.get(lead=lead)
    assert (Assignment.objects.get(lead=lead).owner, decision.facts["account_owner"]) == (bob, alice.email)
    seen = ownership_from_json(decision.ownership)
    assert (seen.account_owner.name, seen.account_owner.sdr.name) == (alice.name, bob.name)
    assert {alice.pk, bob.pk} <= {int(pk) for pk in decision.row_versions["owner"]}


def test_an_sdr_who_is_away_leaves_the_lead_to_the_accounts_owner(acme):
    alice, bob = (Owner.objects.get(email=f"{name}@acme.test") for name in ("alice", "bob"))
    Owner.objects.filter(pk=alice.pk).update(sdr=bob)
    today = timezone.now().date()
    Absence.objects.create(owner=bob, starts_on=today - timedelta(days=1), ends_on=today + timedelta(days=1))
    lead = make.handed_off(make.american(email="jane@globex.com"))
    assert Assignment.objects.get(lead=lead).owner == alice


def test_companies_above_cost_one_query_more_and_a_circle_ends(acme):
    unit, group = family()
    NamedAccount.objects.filter(pk=group.pk).update(parent=unit)
    told = [facts.of_values({"email": f"a{n}@globex.com"}, extra={}, form=None) for n in range(50)]
    with CaptureQueriesContext(connection) as queries:
        named = Accounts(told, AccountRules(owner_from="ultimate"))
        found = [named.of(one) for one in told]
    assert len(queries) == 2
    assert {(one.account, one.owner_of) for one in found} == {(unit, "Globex Group")}
