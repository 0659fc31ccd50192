"""HubSpot's search gives 10,000 results and orders them anew each time; whoever asks what has changed misses nothing."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from crm_sync.connection.connecting import connect
from crm_sync.connectors.budget import Budget

pytestmark = pytest.mark.django_db(transaction=True)


def ids_of_changed(connection, *, limit=3):
    connector, found, after = connect(connection, budget=Budget({})), [], ""
    since = datetime.now(UTC) - timedelta(days=1)
    for _ in range(200):
        page = connector.changed("contacts", since=since, after=after, limit=limit)
        found += [each.remote_id for each in page.records]
        after = page.after
        if not after:
            return found
    raise AssertionError("It goes on for ever.")


def test_a_long_search_goes_on_from_the_moment_that_it_reached(crm, connection):
    made = [crm.add_contact(email=f"k{number}@globex.example") for number in range(11)]
    assert sorted(set(ids_of_changed(connection))) == sorted(made)


def test_more_changes_of_one_moment_than_a_search_gives_are_all_found(crm, connection):
    inputs = [{"properties": {"email": f"k{number}@globex.example"}} for number in range(40)]
    answer = crm.call("POST", "/hubspot/crm/v3/objects/contacts/batch/create", {"inputs": inputs})
    made = [each["id"] for each in answer["results"]]
    moments = Counter(each["updatedAt"] for each in answer["results"])
    last = crm.add_contact(email="last@globex.example")
    assert max(moments.values()) > 2
    assert sorted(set(ids_of_changed(connection, limit=2))) == sorted([*made, last])


def test_what_changes_while_pages_are_read_moves_nothing_out_of_sight(crm, connection):
    made = [crm.add_contact(email=f"k{number}@globex.example") for number in range(8)]
    connector, since = connect(connection, budget=Budget({})), datetime.now(UTC) - timedelta(days=1)
    first = connector.changed("contacts", since=since, after="", limit=4)
    # It goes to the end of the order, and all others move up by one.
    crm.person_changes(made[0], firstname="Regina")
    second = connector.changed("contacts", since=since, after=first.after, limit=4)
    assert made[4] in {each.remote_id for each in second.records}
