"""How Salesforce writes values and ids, and how a question quotes them."""

from datetime import UTC, date, datetime

import pytest

from crm_sync.connectors.salesforce import formats


@pytest.mark.parametrize(
    ("short", "long"),
    [
        # Q is the third of its five: 4, E. The last five are upper, lower, upper, lower, upper: 1 + 4 + 16 = 21, V.
        ("00Q5g00000AbCdE", "00Q5g00000AbCdEEAV"),
        ("001000000000001", "001000000000001AAA"),
    ],
)
def test_an_id_of_15_characters_gets_the_three_that_tell_its_case(short, long):
    assert formats.long_id(short) == long
    assert formats.long_id(long) == long


@pytest.mark.parametrize("text", ["", "151", "00Q5g00000AbCd", "00Q5g00000AbCd'", "00Q5g00000AbCdEX"])
def test_what_is_no_id_stays_what_it_is(text):
    assert formats.long_id(text) == text
    assert not formats.is_id(text)


def test_a_question_quotes_what_would_end_it():
    assert formats.quoted("O'Neil \\ Sons\n") == r"'O\'Neil \\ Sons\n'"
    assert formats.listed(["b", "a", "b"]) == "('a', 'b')"


def test_what_it_gives_reads_like_what_we_write():
    moment = datetime(2026, 11, 22, 13, tzinfo=UTC)
    assert formats.moment("2026-11-22T13:00:00.000+0000") == moment
    assert formats.moment("soon") is None
    assert formats.encode(moment) == "2026-11-22T13:00:00.000Z"
    assert formats.at(moment) == "2026-11-22T13:00:00Z"
    assert formats.text_of(75.0) == formats.encode(75) == "75"
    assert formats.text_of(True) == formats.encode(True) == "true"
    assert formats.encode(date(2026, 11, 22)) == "2026-11-22"
