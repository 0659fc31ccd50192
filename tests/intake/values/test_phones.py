"""Phone numbers become E.164, read as dialled in the person's country."""

import pytest

from intake.values.phones import normalize_phone, phone_country
from intake.values.refusal import ValueRefused


@pytest.mark.parametrize(
    ("raw", "region", "number"),
    [
        ("(212) 736-5000", "US", "+12127365000"),
        ("+49 (0)30 901820", None, "+4930901820"),
        ("0049 30 901820", "US", "+4930901820"),
        ("030 / 90 18 20", "DE", "+4930901820"),
        ("044 668 18 00", "CH", "+41446681800"),
        ("12127365000", None, "+12127365000"),
        ("212-736-5000 ext. 12", "US", "+12127365000"),
        ("+1 212 555 0100", None, "+12125550100"),
    ],
)
def test_it_reads_a_number_as_dialled_in_the_country(raw, region, number):
    assert normalize_phone(raw, region=region).number == number


def test_it_takes_fictitious_numbers_of_the_right_length_and_says_so():
    assert not normalize_phone("+1 555 123 4567", region=None).is_assigned
    assert normalize_phone("+1 212 736 5000", region=None).is_assigned


@pytest.mark.parametrize(
    ("raw", "region"),
    [
        ("555-0100", "US"),
        ("030 901820", None),
        ("call me", "US"),
        ("", "US"),
        ("+999 12", None),
        ("12", "DE"),
    ],
)
def test_it_refuses_what_cannot_be_dialled(raw, region):
    with pytest.raises(ValueRefused, match="no phone number"):
        normalize_phone(raw, region=region)


@pytest.mark.parametrize("raw", ["000-000-0000", "(111) 111-1111", "1234567890"])
def test_it_refuses_digits_that_only_fill_the_field(raw):
    with pytest.raises(ValueRefused) as refused:
        normalize_phone(raw, region="US")
    assert refused.value.code == "phone_placeholder"


def test_it_knows_the_country_of_a_number():
    assert phone_country("+4930901820") == "DE"
    assert phone_country("+80012345678") is None
