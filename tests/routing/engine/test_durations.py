import pytest

from routing.engine.durations import DurationError, in_words, parse


@pytest.mark.parametrize(
    ("text", "clock", "kind", "seconds"),
    [
        ("30m", "wall", "wall", 1800),
        ("30m", "team", "opening", 1800),
        ("4h", "owner", "opening", 14400),
        ("24h", "wall", "wall", 86400),
        ("1.5h", "wall", "wall", 5400),
        ("4bh", "wall", "business_hours", 14400),
        ("4BH", "team", "business_hours", 14400),
    ],
)
def test_a_plain_duration_takes_its_meaning_from_the_clock_and_bh_does_not(text, clock, kind, seconds):
    duration = parse(text, clock=clock)
    assert (duration.kind, duration.seconds) == (kind, seconds)


def test_business_days_and_shares_carry_their_number():
    assert (parse("2bd").kind, parse("2bd").amount) == ("business_days", 2)
    assert (parse("150%").kind, parse("150%").amount) == ("percent", 150)


@pytest.mark.parametrize("text", ["", "soon", "30", "30 s", "-5m", "3d", "1.5bd", "0.001m", 30, None, "5m5m"])
def test_what_is_not_a_duration_is_said_in_a_sentence(text):
    with pytest.raises(DurationError, match=r"\.$"):
        parse(text)


def test_it_reads_as_people_speak():
    assert in_words(parse("30m", clock="team")) == "30 minutes of opening time"
    assert in_words(parse("1bd")) == "1 business day"
    assert in_words(parse("8bh")) == "8 business hours"
    assert in_words(parse("24h")) == "24 hours"
    assert in_words(parse("50%")) == "50 % of the first response time"
