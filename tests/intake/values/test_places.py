"""Countries, states and postal codes by ISO's codes."""

import pytest

from intake.values import countries, places
from intake.values.refusal import ValueRefused


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("Deutschland", "DE"),
        ("GERMANY", "DE"),
        ("deu", "DE"),
        ("Allemagne", "DE"),
        ("Alemania", "DE"),
        ("NO", "NO"),
        ("no", "NO"),
        ("Norway", "NO"),
        ("U.S.A.", "US"),
        ("United States of America", "US"),
        ("Vereinigte Staaten", "US"),
        ("UK", "GB"),
        ("Österreich", "AT"),
        ("Oesterreich", "AT"),
        ("SCHWEIZ", "CH"),
        ("Côte d’Ivoire", "CI"),
        ("Korea, Republic of", "KR"),
        ("Republic of Korea", "KR"),
        ("The Netherlands", "NL"),
        ("Türkiye", "TR"),
        ("Czech Republic", "CZ"),
        ("España", "ES"),
    ],
)
def test_it_knows_a_country_by_code_and_by_name_in_several_languages(raw, code):
    assert places.normalize_country(raw) == code


@pytest.mark.parametrize("raw", ["Atlantis", "XX", "", "U", "D", "12"])
def test_it_refuses_a_country_that_does_not_exist(raw):
    with pytest.raises(ValueRefused) as refused:
        places.normalize_country(raw)
    assert refused.value.code == "country_unknown"


@pytest.mark.parametrize(
    ("raw", "country", "state"),
    [
        ("California", "US", "CA"),
        ("ca", "US", "CA"),
        ("US-CA", "US", "CA"),
        ("D.C.", "US", "DC"),
        ("Bayern", "DE", "BY"),
        ("Bavaria", "DE", "BY"),
        ("NRW", "DE", "NW"),
        ("Baden-Wuerttemberg", "DE", "BW"),
        ("Cagliari", "IT", "CA"),
        ("Zürich", "CH", "ZH"),
        ("Québec", "CA", "QC"),
        ("Tirol", "AT", "7"),
    ],
)
def test_it_knows_a_state_of_a_country_by_code_and_name(raw, country, state):
    assert places.normalize_state(raw, country=country) == (state, country)


def test_it_reads_the_country_out_of_a_full_code():
    assert places.normalize_state("US-CA", country=None) == ("CA", "US")


@pytest.mark.parametrize(
    ("raw", "country", "code"),
    [
        ("CA", None, "state_without_country"),
        ("California", "DE", "state_unknown"),
        ("US-CA", "DE", "state_unknown"),
    ],
)
def test_it_does_not_guess_a_state(raw, country, code):
    with pytest.raises(ValueRefused) as refused:
        places.normalize_state(raw, country=country)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("raw", "country", "was_number", "code"),
    [
        (" 90402 ", "US", False, "90402"),
        ("2139", "US", True, "02139"),
        ("2139", "CH", True, "2139"),
        ("sw1a1aa", "GB", False, "SW1A 1AA"),
        ("k1a  0b1", "CA", False, "K1A 0B1"),
    ],
)
def test_it_writes_postal_codes_as_their_country_does(raw, country, was_number, code):
    assert places.normalize_postal_code(raw, country=country, was_number=was_number) == code


def test_it_knows_the_country_of_a_time_zone():
    assert places.country_of_timezone()["Europe/Berlin"] == "DE"


def test_every_country_of_our_own_table_exists():
    assert set(countries._names().values()) <= countries.country_codes()
