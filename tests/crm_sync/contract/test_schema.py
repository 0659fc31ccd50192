"""What a CRM says about its properties."""

from typing import get_args

import pytest

from crm_sync.connectors.base import Need
from crm_sync.connectors.records import RemoteKind

pytestmark = pytest.mark.needs("properties")


def test_it_says_of_each_property_what_it_is_called_and_what_it_takes(backstage, connector):
    there = connector.schema().properties
    assert all(name == each.name and each.label for name, each in there.items())
    status = there[backstage.status]
    # Where any text is taken, the options are what others have said so far.
    assert status.type in ("choice", "text")
    assert set(backstage.statuses) <= {value for value, label in status.options if label}
    assert (there[backstage.company].type, there[backstage.company].read_only) == ("text", False)
    assert there[connector.names.owner].type == "reference"


def test_several_at_once_is_told_from_one_of_several(backstage, connector):
    assert connector.schema().properties[backstage.several].type == "choices"


def test_what_the_crm_writes_itself_is_read_only(backstage, connector):
    there = connector.schema().properties
    assert there[backstage.read_only].read_only
    assert there[backstage.read_only].type == "datetime"


def test_what_is_for_us_is_among_it_with_its_type(backstage, connector):
    connector.prepare([Need(backstage.score, "Score", "number")])
    assert connector.schema().properties[backstage.score].type == "number"


def test_reading_it_is_one_call(backstage, connector):
    before = backstage.calls()
    connector.schema()
    assert backstage.calls() == before + 1


def test_it_says_where_people_look_at_a_record(backstage, connector):
    address = connector.record_address()
    others = {connector.record_address_of(kind, address) for kind in get_args(RemoteKind)}
    # Where an id says of what it is, all are looked at in one place.
    assert address in others and len(others) in (1, 3)
    assert all(other.startswith(address.partition("//")[0]) and "{id}" in other for other in others)
    assert address.startswith(("http://", "https://"))
    assert "{id}" in address


def test_where_the_crm_can_tell_what_has_not_changed_is_not_read_again(backstage, connector):
    first = connector.schema()
    assert bool(first.stamp) == backstage.tells_changes
    before = backstage.calls()
    again = connector.schema(since=first.stamp)
    assert (again is None) == backstage.tells_changes
    assert backstage.calls() == before + 1
    backstage.add_property("town")
    news = connector.schema(since=first.stamp)
    assert "town" in {name.lower().removesuffix("__c") for name in news.properties}
    assert not backstage.tells_changes or news.stamp != first.stamp


def test_a_stamp_that_is_nobodys_reads_all(connector):
    assert connector.schema(since="somebody else's").properties
