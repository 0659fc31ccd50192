"""Events, signatures, limits and formats: what is known before any call is made."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from crm_sync.connectors.events import WHOLE_RECORD, MalformedEvents
from crm_sync.connectors.writes import Author
from plumbing import signatures
from plumbing.signatures import BadSignature
from tests.crm_sync.contract.backstage import ADDRESS


@pytest.fixture
def kind_of_crm(backstage):
    return backstage.connector_class


def check(kind_of_crm, headers, body, *, secret, method="POST", uri=ADDRESS):
    signatures.check(
        kind_of_crm.verify,
        headers=headers,
        raw_body=body,
        secret=secret,
        method=method,
        uri=uri,
        now=timezone.now(),
    )


def test_it_reads_which_property_of_which_record_was_changed_by_whom_and_when(backstage, kind_of_crm):
    one, other = backstage.numbers
    name, another = backstage.told
    body = backstage.body(backstage.event(one, name), backstage.event(other, another))
    first, second = kind_of_crm.parse_events(body).changes
    assert (first.remote_id, second.remote_id) == (one, other)
    # One that says less than all of it says that the record is to be read.
    assert first.property == (name if backstage.says_what else WHOLE_RECORD)
    assert first.at == datetime.fromtimestamp(1_790_000_000, tz=UTC)
    assert first.author == (backstage.person if backstage.says_what else Author(""))
    assert first.raw


def test_a_delivery_that_comes_again_has_the_same_key_and_another_event_another(backstage, kind_of_crm):
    one, other = backstage.numbers
    name, another = backstage.told
    events = [
        backstage.event(one, name),
        backstage.event(one, name, attempt=1),
        backstage.event(one, another),
        backstage.event(other, name),
        backstage.event(one, name, at=1_790_000_001_000),
    ]
    keys = [each.dedupe_key for each in kind_of_crm.parse_events(backstage.body(*events)).changes]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 4
    assert max(map(len, keys)) <= 200


@pytest.mark.parametrize("body", [b"", b"nonsense", b"7", b'"text"', b"\xff"])
def test_it_refuses_what_is_not_its_own_shape(kind_of_crm, body):
    with pytest.raises(MalformedEvents):
        kind_of_crm.parse_events(body)


def test_an_event_that_cannot_be_read_costs_no_other(backstage, kind_of_crm):
    one, _ = backstage.numbers
    good = backstage.event(one, backstage.told[0])
    found = kind_of_crm.parse_events(backstage.body(good, *backstage.unreadable, good))
    assert [each.remote_id for each in found.changes] == [one, one]
    assert len(found.unreadable) == len(backstage.unreadable)
    assert all(words for words, _ in found.unreadable)


def test_it_accepts_its_own_signature_and_no_other(backstage, kind_of_crm):
    body = backstage.body(backstage.event(backstage.numbers[0], backstage.told[0]))
    headers, address = backstage.signed(body), backstage.address()
    right = {"headers": headers, "body": body, "uri": address, "secret": backstage.webhook_secret}
    check(kind_of_crm, **right)
    for changed in ({"secret": "somebody else's"}, {"secret": ""}, *backstage.forged(body)):
        with pytest.raises(BadSignature):
            check(kind_of_crm, **{**right, **changed})


def test_it_knows_people_programs_and_ourselves_apart(backstage, connector):
    assert [connector.is_person(each) for each in (backstage.person, backstage.program, backstage.us)] == [
        True,
        False,
        False,
    ]
    ours = [
        connector.is_us(each, recipient=backstage.recipient)
        for each in (backstage.person, backstage.program, backstage.us)
    ]
    assert ours == [False, False, backstage.tells_us_apart]
    assert connector.user_id_of(backstage.person) == backstage.user_id
    assert connector.user_id_of(backstage.us) == ""


def test_it_reads_how_many_calls_are_left(backstage, kind_of_crm):
    found = kind_of_crm.read_limits(backstage.limits(7))
    assert 7 in (found.remaining, found.daily_remaining)
    assert kind_of_crm.read_limits({"Content-Type": "application/json"}) is None


def test_every_value_of_ours_becomes_a_text_that_the_crm_takes(kind_of_crm):
    moment = datetime(2026, 11, 26, 11, 30, tzinfo=UTC)
    values = [None, "", "text", 7, Decimal("2.50"), True, moment, ["a", "b"]]
    texts = [kind_of_crm.encode(value) for value in values]
    assert all(isinstance(each, str) for each in texts)
    assert texts[:4] == ["", "", "text", "7"]
    assert datetime.fromisoformat(texts[6]) == moment
    assert kind_of_crm.encode(moment.astimezone()) == texts[6]
    assert texts[7] == f"a{kind_of_crm.list_separator}b"
    assert len(kind_of_crm.encode("x" * 1_000_000)) < 70_000


def test_it_says_who_it_is(kind_of_crm):
    assert kind_of_crm.label
    assert len({version.name for version in kind_of_crm.api_versions}) == len(kind_of_crm.api_versions) > 0
    names = kind_of_crm.names
    # Where two records may have one address, no property of ours holds the second.
    assert names.is_ours(names.shared_email) or names.shared_email == names.email
    assert not names.is_ours(names.email)
    assert kind_of_crm.most_with_history > 0
