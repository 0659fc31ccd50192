"""Records: created, updated, found again, adopted, refused one by one."""

import dataclasses
from typing import get_args

import pytest

from crm_sync.connectors.base import Need, Outgoing
from crm_sync.connectors.granted import Purpose
from plumbing.http import Throttled, Transient

reads, properties = pytest.mark.needs("reads"), pytest.mark.needs("properties")


@pytest.fixture
def outgoing(backstage):
    """A record for a key: `outgoing("k1")`."""

    def make(key, *, email=None, remote_id="", **more):
        address = f"{key}@globex.example" if email is None else email
        values = {backstage.connector_class.names.email: address, backstage.first: key.upper()}
        values |= backstage.required
        whole = values | more
        return Outgoing(key, whole, remote_id, whole=whole)

    return make


def test_it_makes_a_record_of_each_key(backstage, connector, outgoing):
    report = connector.write([outgoing("k1"), outgoing("k2")])
    assert {key: written.created for key, written in report.written.items()} == {"k1": True, "k2": True}
    there = {key: backstage.values(written.remote_id) for key, written in report.written.items()}
    assert {key: values[backstage.first] for key, values in there.items()} == {"k1": "K1", "k2": "K2"}


@reads
def test_it_makes_records_and_finds_them_again_by_our_key(backstage, connector, outgoing):
    report = connector.write([outgoing("k1"), outgoing("k2")])
    assert {key: written.created for key, written in report.written.items()} == {"k1": True, "k2": True}
    found = connector.read(["k1", "k2", "k3"], by="lead", properties=[backstage.first])
    assert {key: one.properties[backstage.first] for key, one in found.items()} == {"k1": "K1", "k2": "K2"}
    assert {key: one.remote_id for key, one in found.items()} == {
        key: written.remote_id for key, written in report.written.items()
    }


@reads
def test_it_updates_the_record_that_has_our_key(backstage, connector, outgoing):
    first = connector.write([outgoing("k1")]).written["k1"]
    second = connector.write([outgoing("k1", **{backstage.company: "Globex"})]).written["k1"]
    assert (second.remote_id, second.created) == (first.remote_id, False)
    assert backstage.values(first.remote_id)[backstage.company] == "Globex"


@reads
def test_an_empty_text_clears_a_property(backstage, connector, outgoing):
    number = connector.write([outgoing("k1")]).written["k1"].remote_id
    connector.write([backstage.record("k1", **{backstage.first: ""})])
    assert backstage.first not in backstage.values(number)


@reads
def test_it_reads_by_number_and_by_address_too(backstage, connector, outgoing):
    number = connector.write([outgoing("k1")]).written["k1"].remote_id
    by_number = connector.read([number], by="id", properties=[backstage.first])
    by_address = connector.read(["k1@globex.example"], by="email", properties=[backstage.first])
    assert by_number[number].lead_id == by_address["k1@globex.example"].lead_id == "k1"


def test_nothing_to_do_calls_nobody(backstage, connector):
    before = backstage.calls()
    assert connector.write([]).written == {}
    assert backstage.calls() == before


@reads
def test_nothing_to_adopt_or_to_read_calls_nobody(backstage, connector):
    before = backstage.calls()
    assert connector.adopt([]).written == {}
    assert connector.read([], by="id", properties=[]) == {}
    assert backstage.calls() == before


@reads
def test_a_taken_address_is_told_with_the_record_that_has_it_and_holds_up_nobody(
    backstage, connector, outgoing
):
    there = backstage.add("gina@globex.example")
    report = connector.write([outgoing("k1", email="gina@globex.example"), outgoing("k2")])
    # Where an address may stand twice, a rule of an admin's is against it.
    taken = report.taken | {key: said.records[0] for key, said in report.alike.items()}
    assert (taken["k1"].remote_id, taken["k1"].lead_id) == (there, "")
    assert list(report.written) == ["k2"]


@reads
def test_a_rule_about_duplicates_says_whom_it_means_and_lets_pass_what_is_sent_anyway(
    backstage, connector, outgoing
):
    backstage.make_duplicate_rule()
    there = backstage.add("gina@globex.example", **{backstage.first: "K1"})
    report = connector.write([outgoing("k1"), outgoing("k2")])
    if not connector.has_duplicate_rules:
        assert sorted(report.written) == ["k1", "k2"]
        return
    assert list(report.written) == ["k2"]
    said = report.alike["k1"]
    assert [one.remote_id for one in said.records] == [there]
    assert said.records[0].properties[backstage.first] == "K1"
    assert (bool(said.message), said.unseen, said.passable) == (True, 0, True)
    insisting = dataclasses.replace(outgoing("k1"), anyway=True)
    assert connector.write([insisting]).written["k1"].created


@reads
def test_it_adopts_a_record_and_puts_our_key_on_it(backstage, connector, outgoing):
    there = backstage.add("gina@globex.example")
    adopted = connector.adopt([outgoing("k1", email="gina@globex.example", remote_id=there)]).written["k1"]
    assert (adopted.remote_id, adopted.created) == (there, False)
    assert connector.read(["k1"], by="lead", properties=[])["k1"].remote_id == there


def test_a_value_that_is_refused_costs_only_its_own_record(backstage, connector, outgoing):
    report = connector.write([outgoing("k1"), outgoing("k2", email="not an address"), outgoing("k3")])
    assert sorted(report.written) == ["k1", "k3"]
    assert list(report.refused) == ["k2"]
    assert report.refused["k2"].message
    if connector.can.properties:
        assert connector.names.email in report.refused["k2"].properties


@pytest.mark.needs("owners")
def test_an_owner_who_is_nobody_is_refused_by_the_name_of_the_property(backstage, connector, outgoing):
    report = connector.write([outgoing("k1", **{connector.names.owner: "123456"})])
    assert connector.names.owner in report.refused["k1"].properties


@properties
def test_a_property_that_does_not_exist_costs_only_its_own_value(backstage, connector, outgoing):
    report = connector.write([outgoing("k1", town="Springfield"), outgoing("k2")])
    assert report.unknown == {"town": {"k1"}}
    assert sorted(report.written) == ["k1", "k2"]


@properties
def test_it_makes_properties_that_are_ours_and_names_the_others(backstage):
    connector = backstage.connect()
    made = connector.names.is_ours(backstage.score)
    needs = [Need(backstage.score, "Score", "number"), Need("town", "Town")]
    assert (backstage.score in connector.prepare(needs, create=False)) == made
    assert (backstage.score in connector.schema().properties) != made
    assert connector.prepare(needs) == ["town"]
    assert backstage.score in connector.schema().properties
    assert "town" not in connector.schema().properties


def test_a_lost_answer_is_ambiguous_and_can_be_looked_up(backstage, connector, outgoing):
    backstage.lose_next_answer()
    report = connector.write([outgoing("k1")])
    assert isinstance(report.stopped, Transient)
    assert report.stopped.ambiguous
    assert report.written == {}
    if connector.can.reads:
        assert "k1" in connector.read(["k1"], by="lead", properties=[])
    # And sent again, which makes no second.
    number = connector.write([outgoing("k1")]).written["k1"].remote_id
    assert number == connector.write([outgoing("k1")]).written["k1"].remote_id


def test_it_calls_nobody_when_no_calls_are_left(backstage, connector, outgoing):
    backstage.grant_calls(1)
    connector.write([outgoing("k1")])
    before = backstage.calls()
    assert isinstance(connector.write([outgoing("k2")]).stopped, Throttled)
    assert backstage.calls() == before


def test_whoever_lost_the_connection_makes_no_call(backstage, connector, outgoing):
    class Lost(Exception):
        pass

    def refuse():
        raise Lost

    before = backstage.calls()
    with pytest.raises(Lost):
        backstage.connect(before_call=refuse).write([outgoing("k1")])
    assert backstage.calls() == before


@reads
def test_the_history_says_who_wrote_a_value(backstage, connector, outgoing):
    number = connector.write([outgoing("k1")]).written["k1"].remote_id
    backstage.person_changes(number, backstage.first, "Regina")
    names = [backstage.first]
    present = connector.read([number], by="id", properties=names, history=names)[number]
    assert present.properties[backstage.first] == "Regina"
    assert connector.is_person(present.authors[backstage.first])


@reads
def test_a_record_that_was_written_before_is_not_made_anew_when_it_is_gone(backstage, connector, outgoing):
    written = connector.write([outgoing("k1"), outgoing("k2"), outgoing("k3")]).written
    backstage.delete(written["k2"].remote_id)
    known = [
        Outgoing(key, {backstage.first: "Regina"}, written[key].remote_id, exists=True)
        for key in ("k1", "k2", "k3")
    ]
    report = connector.write([*known, outgoing("k4")])
    assert report.gone == {"k2"}
    assert set(report.written) == {"k1", "k3", "k4"}
    assert not report.refused
    assert not report.again
    assert connector.read(["k2"], by="lead", properties=[]) == {}


@reads
def test_a_record_that_was_merged_is_answered_with_the_one_that_it_was_merged_into(
    backstage, connector, outgoing
):
    written = connector.write([outgoing("k1"), outgoing("k2"), outgoing("k3")]).written
    ids = [written[key].remote_id for key in ("k1", "k2", "k3")]
    new = backstage.merge(ids[0], ids[1])
    found = connector.read(ids, by="id", properties=[backstage.first])
    assert {asked: present.remote_id for asked, present in found.items()} == {
        ids[0]: new,
        ids[1]: new,
        ids[2]: ids[2],
    }


def every_right(connector):
    return sorted({right for rights in connector.rights.values() for right in rights})


def test_each_right_is_tried_and_nothing_is_changed(backstage, connector, outgoing):
    number = connector.write([outgoing("k1")]).written["k1"].remote_id
    before = backstage.values(number)
    assert all(connector.granted(every_right(connector)).values())
    assert backstage.values(number) == before


@reads
def test_a_right_that_lacks_is_named(backstage, connector):
    name = backstage.deny_deals()
    found = connector.granted(every_right(connector))
    assert [right for right, has in found.items() if not has] == [name]
    assert name in connector.rights["deals"]


def test_there_is_a_right_for_every_purpose_and_a_way_to_get_a_token(connector):
    assert set(connector.rights) == set(get_args(Purpose))
    can = connector.can
    without = {
        *([] if connector.names.own_prefix else ["own_properties"]),
        *([] if can.reads else ["contacts", "companies", "deals", "touches"]),
        *([] if can.properties else ["properties"]),
        *([] if can.owners else ["owners"]),
        *([] if can.tasks else ["tasks"]),
    }
    assert {purpose for purpose, rights in connector.rights.items() if not rights} == without
    assert connector.token_guide.token and connector.token_guide.right and connector.token_guide.steps


CALLS = {
    "reads": ["read", "adopt", "find_contacts", "listing", "changed", "deleted", "touches"],
    "owners": ["owners"],
    "tasks": ["create_tasks", "change_tasks", "tasks_of"],
}


def test_what_it_cannot_do_is_not_there_to_be_called(connector):
    for capability, calls in CALLS.items():
        there = [hasattr(connector, call) for call in calls]
        assert there == [getattr(connector.can, capability)] * len(calls)
    # Who keeps nothing is told, and tells.
    tells = [hasattr(connector, call) for call in ("told", "message")]
    assert tells == [not connector.can.reads] * 2 == [bool(connector.messages)] * 2
