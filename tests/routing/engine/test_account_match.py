"""The first step that finds an account decides, whatever the order in which accounts are looked at."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.engine.account_match import (
    ALL_STEPS,
    SHOWN,
    STEPS,
    AccountCandidate,
    AccountMatch,
    WantedAccount,
    account_keys,
    match,
)

LEAD = WantedAccount(
    name="globex",
    host="mail.globex.co.uk",
    domain="globex.co.uk",
    country="GB",
    phone="+442079460123",
    postal_code="EC1A 1BB",
    account_id="A-17",
)


def account(number="1", *, own=False, customer=False, owned=False, rank=0, **told) -> AccountCandidate:
    keys = frozenset(account_keys(**{"name": "", **told}))
    return AccountCandidate(number, f"No. {number}", keys, customer=customer, owned=owned, own=own, rank=rank)


FOUND_BY = {
    "contact": account("contact", own=True),
    "external_id": account("external_id", account_id="A-17"),
    "domain": account("domain", domains=["mail.globex.co.uk"]),
    "registrable_domain": account("registrable_domain", domains=["globex.co.uk"]),
    "name": account("name", name="globex"),
    "close_name": account("close_name", name="globexx", domains=["globexx.de"], phone="+442079460999"),
}


def whys(found: AccountMatch) -> dict[str, str]:
    return {one.id: one.lost for one in found.judged}


@pytest.mark.parametrize("step", ALL_STEPS)
def test_each_step_finds_its_account(step):
    found = match(LEAD, [FOUND_BY[step]])
    assert (found.candidate, found.step) == (FOUND_BY[step], step)
    assert whys(found) == {step: ""}


def test_the_first_step_that_finds_one_decides_and_the_others_say_so():
    assert list(FOUND_BY) == list(STEPS)
    for place, step in enumerate(ALL_STEPS):
        found = match(LEAD, [FOUND_BY[each] for each in reversed(ALL_STEPS[place:])])
        assert found.step == step
        assert whys(found)[step] == ""
        for later in ALL_STEPS[place + 1 : place + SHOWN]:
            assert f"No. {step} was found" in whys(found)[later]


def test_steps_can_be_put_in_another_order_and_left_out():
    both = [FOUND_BY["domain"], FOUND_BY["name"]]
    assert match(LEAD, both, ["name", "domain"]).step == "name"
    assert match(LEAD, both, ["name"]).candidate == FOUND_BY["name"]
    assert match(LEAD, both, ["external_id"]).candidate is None


def test_a_name_does_not_count_in_another_country():
    found = match(LEAD, [account(name="globex", country="DE")])
    assert found.candidate is None
    assert whys(found) == {"1": "it has the name, and is in another country: DE, not GB"}
    assert match(LEAD, [account(name="globex", country="GB")]).step == "name"
    assert (
        match(LEAD, [account(name="globex", country="DE", domains=["globex.co.uk"])]).step
        == "registrable_domain"
    )


@pytest.mark.parametrize(
    ("told", "why_not"),
    [
        ({"phone": "+442079460777"}, ""),
        ({"country": "GB", "postal_code": "ec1a1bb"}, ""),
        ({"domains": ["globex.de"]}, ""),
        ({}, "its name is similar, and nothing else is the same"),
        ({"phone": "+442089460777"}, "its name is similar, and nothing else is the same"),
        ({"postal_code": "EC1A 1BB"}, "its name is similar, and nothing else is the same"),
    ],
)
def test_a_similar_name_counts_only_with_something_else_that_is_the_same(told, why_not):
    for name in ("globexx", "globex deutschland"):
        found = match(LEAD, [account(name=name, **told)])
        assert (found.step == "close_name") is (not why_not)
        assert whys(found) == {"1": why_not}


@pytest.mark.parametrize("name", ["initech", "globex 2", "g", "umbrella"])
def test_another_name_is_not_similar_whatever_else_is_the_same(name):
    told = {"phone": "+442079460777", "country": "GB", "postal_code": "EC1A 1BB", "domains": ["globex.de"]}
    assert match(LEAD, [account(name=name, **told)]) == AccountMatch()


def test_of_several_accounts_with_one_domain_the_customer_goes_first():
    here = {"domains": ["globex.co.uk"]}
    customer = account("1", customer=True, rank=9, **here)
    owned = account("2", owned=True, rank=8, country="DE", **here)
    near = account("3", country="GB", rank=7, **here)
    named = account("4", name="globex", rank=6, **here)
    first, second = account("5", rank=1, **here), account("6", rank=2, **here)
    listed = [second, first, named, near, owned, customer]
    for place, (winner, why) in enumerate(
        [
            (customer, "No. 1 is a customer"),
            (owned, "No. 2 has an owner"),
            (near, "No. 3 is in the same country"),
            (named, "No. 4 has the same name"),
            (first, "No. 5 goes first among equals"),
        ]
    ):
        found = match(LEAD, listed[: len(listed) - place])
        assert found.candidate == winner
        assert set(whys(found).values()) == {"", why}


def test_no_account_is_found_by_nothing():
    assert match(WantedAccount(), list(FOUND_BY.values())[1:]) == AccountMatch()
    assert WantedAccount().sought() == []
    assert match(LEAD, []) == AccountMatch()


names = st.sampled_from(["", "globex", "globexx", "globex deutschland", "initech", "г", "株"])
words = {
    "name": names,
    "domains": st.lists(
        st.sampled_from(["globex.co.uk", "mail.globex.co.uk", "globex.de", "x.y"]), max_size=2
    ),
    "account_id": st.sampled_from(["", "A-17", "A-18"]),
    "country": st.sampled_from(["", "GB", "DE"]),
    "phone": st.sampled_from(["", "+442079460999", "+4930123456", "12"]),
    "postal_code": st.sampled_from(["", "EC1A 1BB", "10115"]),
}
flags = {flag: st.booleans() for flag in ("customer", "owned", "own")}
accounts = st.lists(
    st.tuples(st.fixed_dictionaries(words), st.fixed_dictionaries(flags)), min_size=0, max_size=6
).map(lambda rows: [account(str(n), rank=n % 2, **told, **is_) for n, (told, is_) in enumerate(rows)])
leads = st.builds(
    WantedAccount,
    name=names,
    host=st.sampled_from(["", "mail.globex.co.uk"]),
    domain=st.sampled_from(["", "globex.co.uk", "globex.de"]),
    country=words["country"],
    phone=words["phone"],
    postal_code=words["postal_code"],
    account_id=words["account_id"],
)
orders = st.permutations(ALL_STEPS).flatmap(lambda steps: st.integers(0, 6).map(lambda n: steps[:n]))


@given(leads, accounts, orders, st.randoms())
def test_the_match_does_not_depend_on_the_order_of_candidates(lead, listed, steps, chance):
    shuffled = chance.sample(listed, len(listed))
    assert match(lead, listed, steps) == match(lead, shuffled, steps)


@given(leads, accounts, orders)
def test_whoever_is_not_taken_says_why_and_the_one_that_is_stands_first(lead, listed, steps):
    found = match(lead, listed, steps)
    if found.candidate is None:
        assert found.step is None
        assert all(one.lost for one in found.judged)
        return
    assert found.step in steps
    assert (found.judged[0].id, found.judged[0].step, found.judged[0].lost) == (
        found.candidate.id,
        found.step,
        "",
    )
    assert all(one.lost for one in found.judged[1:])
    assert len(found.judged) == len({one.id for one in found.judged}) <= SHOWN


@given(leads, accounts, orders)
def test_the_search_by_keys_misses_no_account_that_a_step_would_find(lead, listed, steps):
    """What shares no key with the lead and is not the company of its record changes nothing."""
    sought = set(lead.sought())
    near = [one for one in listed if one.own or one.keys & sought]
    assert match(lead, near, steps).candidate == match(lead, listed, steps).candidate


@given(leads, accounts)
def test_a_step_that_is_left_out_never_decides(lead, listed):
    for step in ALL_STEPS:
        assert match(lead, listed, [each for each in ALL_STEPS if each != step]).step != step
