"""What the mirror asks of every connector: whom an address belongs to, all that there is, and what has changed."""

from datetime import UTC, datetime, timedelta

import pytest

pytestmark = pytest.mark.needs("reads")
KINDS = ["contacts", "companies", "deals"]


@pytest.fixture
def there(backstage):
    """Five contacts, three companies, two deals; by kind the ids."""
    contacts = [backstage.add_person(f"k{number}@globex.example") for number in range(5)]
    companies = [backstage.add_company(f"Globex {number}", f"globex{number}.example") for number in range(3)]
    deals = [
        backstage.add_deal("Rollout", contact=contacts[0], company=companies[0]),
        backstage.add_deal("Renewal", contact=contacts[1], company=companies[1], won=True),
    ]
    return {"contacts": contacts, "companies": companies, "deals": deals}


def pages(ask):
    """All records, and how many pages they came in."""
    found, after, count = [], "", 0
    while True:
        page = ask(after)
        found += page.records
        count += 1
        after = page.after
        if not after or count > 20:
            return found, count


def long_ago():
    return datetime.now(UTC) - timedelta(days=1)


def test_it_finds_people_by_address_a_hundred_to_a_call(backstage, connector, there):
    before = backstage.calls()
    asked = ["K0@globex.example", "k3@globex.example", *(f"{number}@initech.example" for number in range(98))]
    found = connector.find_contacts(asked)
    assert {address: one.remote_id for address, one in found.items()} == {
        "K0@globex.example": there["contacts"][0],
        "k3@globex.example": there["contacts"][3],
    }
    assert list(found["K0@globex.example"].emails) == ["k0@globex.example"]
    assert backstage.calls() == before + 1
    assert connector.find_contacts([]) == {}
    assert backstage.calls() == before + 1


def test_it_tells_whose_somebody_is_and_how_far_they_got(backstage, connector):
    connector.write([backstage.record("k1", **{connector.names.email: "k1@globex.example"})])
    owner = connector.owners()[0]
    there = backstage.add("gina@globex.example")
    backstage.person_changes(there, connector.names.owner, owner.remote_id)
    backstage.person_changes(there, backstage.status, backstage.statuses[0])
    found = connector.find_contacts(["gina@globex.example", "k1@globex.example"])
    gina, ours = found["gina@globex.example"], found["k1@globex.example"]
    assert (gina.owner_id, gina.lead_status, gina.lead_key) == (owner.remote_id, backstage.statuses[0], "")
    assert ours.lead_key == "k1"
    assert gina.modified_at is not None


@pytest.mark.parametrize("kind", KINDS)
def test_the_list_has_every_record_once_page_by_page(connector, there, kind):
    found, count = pages(lambda after: connector.listing(kind, after=after, limit=1))
    assert [one.remote_id for one in found] == there[kind]
    assert count == len(there[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_changes_come_in_their_order_page_by_page(connector, there, kind):
    found, count = pages(lambda after: connector.changed(kind, since=long_ago(), after=after, limit=2))
    assert list(dict.fromkeys(one.remote_id for one in found)) == there[kind]
    assert count >= len(there[kind]) / 2
    assert [one.modified_at for one in found] == sorted(one.modified_at for one in found)


def test_only_what_was_changed_since_is_told_and_the_changed_one_last(backstage, connector, there):
    before = connector.changed("contacts", since=long_ago(), after="", limit=100).records
    assert before[-1].remote_id == there["contacts"][-1]
    since = backstage.a_later_moment()
    backstage.person_changes(there["contacts"][1], backstage.first, "Regina")
    page = connector.changed("contacts", since=since, after="", limit=100)
    assert page.records[-1].remote_id == there["contacts"][1]
    assert there["contacts"][0] not in [one.remote_id for one in page.records]
    assert page.total in (None, len(page.records))


@pytest.mark.parametrize("by", ["list", "change"])
def test_a_deal_says_whose_it_is_and_how_it_stands(connector, there, by):
    if by == "list":
        page = connector.listing("deals", after="", limit=100)
    else:
        page = connector.changed("deals", since=long_ago(), after="", limit=100)
    first, second = page.records
    assert (first.name, first.state, second.state) == ("Rollout", "open", "won")
    assert list(first.contact_ids) == [there["contacts"][0]]
    assert second.account_id == there["companies"][1]


def test_a_company_has_its_domain_and_its_owner(backstage, connector):
    owner = connector.owners()[0].remote_id
    backstage.add_company("Globex", "globex.example", owner=owner)
    (company,) = connector.listing("companies", after="", limit=100).records
    assert (company.name, company.owner_id) == ("Globex", owner)
    assert [each for each in company.domains if each] == ["globex.example"]


def test_a_record_that_others_were_merged_into_names_them(backstage, connector, there):
    one, other = there["contacts"][:2]
    new = backstage.merge(one, other)
    found, _ = pages(lambda after: connector.listing("contacts", after=after, limit=100))
    gone = {one, other} - {new}
    assert gone.isdisjoint(each.remote_id for each in found)
    assert set(next(each for each in found if each.remote_id == new).merged_ids) == gone


def test_it_tells_who_has_been_in_contact_and_when(backstage, connector):
    gina, otto = backstage.add("gina@globex.example"), backstage.add("otto@globex.example")
    owner = connector.owners()[0]
    before = datetime.now(UTC) - timedelta(hours=2)
    backstage.touch("call", contact=gina, owner=owner.email, at=before)
    backstage.touch("email", contact=gina, owner=owner.email)
    backstage.touch("meeting", contact=otto)
    found = connector.touches([gina, otto], since=long_ago())
    assert [(touch.contact_id, touch.kind) for touch in found] == [
        (gina, "call"),
        (gina, "email"),
        (otto, "meeting"),
    ]
    assert found[0].owner_id == owner.remote_id
    assert abs(found[0].at - before) < timedelta(seconds=1)
    assert [touch.kind for touch in connector.touches([gina], since=before + timedelta(hours=1))] == ["email"]
    assert list(connector.touches([], since=before)) == []


def test_what_was_deleted_is_told_page_by_page_and_only_that(backstage, connector, there):
    assert connector.deleted("contacts", since=None, after="", limit=100).ids == []
    for number in there["contacts"][1:4]:
        backstage.delete(number)
    first = connector.deleted("contacts", since=None, after="", limit=2)
    last = connector.deleted("contacts", since=None, after=first.after, limit=2)
    assert [*first.ids, *last.ids] == there["contacts"][1:4]
    assert not last.after
    assert connector.deleted("deals", since=None, after="", limit=100).ids == []


def test_what_was_deleted_since_a_moment_is_told_at_least(backstage, connector, there):
    before, after = there["contacts"][1:3]
    backstage.delete(before)
    since = backstage.a_later_moment()
    backstage.delete(after)
    found = connector.deleted("contacts", since=since, after="", limit=100).ids
    assert after in found
    assert set(found) <= {before, after}
