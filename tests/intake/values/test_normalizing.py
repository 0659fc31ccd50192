"""A lead's values together: what depends on what, what is noted, what is kept as given."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from intake.canonical import CANONICAL_FIELDS
from intake.values.facts import facts_of
from intake.values.normalize import Normalized, fold_aliases, normalize_values

ALIASES = {
    "product_interest": {"CRM Suite": "crm", "bi": "analytics"},
    "country": {"uk": "GB", "Engelland": "GB"},
}


def normalized(default_region: str | None = None, **values: object) -> Normalized:
    return normalize_values(values, aliases=ALIASES, default_region=default_region)


def codes_of(result: Normalized) -> dict[str, str]:
    return {note.field: note.code for note in result.notes}


def test_it_normalizes_a_whole_form():
    result = normalized(
        email=" Jane@Globex.com ",
        phone="030 901820",
        full_name="Dr. Jane van Doe",
        country="Deutschland",
        state="Bayern",
        employee_count="500-1000",
        product_interest="  crm   SUITE ",
        marketing_consent="on",
        submitted_at="2026-11-18T12:00:00Z",
        message="Hello,\r\n\tplease call\x07 ",
    )
    assert result.values == {
        "email": "jane@globex.com",
        "phone": "+4930901820",
        "first_name": "Jane",
        "last_name": "van Doe",
        "full_name": "Dr. Jane van Doe",
        "country": "DE",
        "state": "BY",
        "employee_count": 500,
        "product_interest": "crm",
        "marketing_consent": True,
        "submitted_at": datetime(2026, 11, 18, 12, tzinfo=UTC),
        "message": "Hello,\n\tplease call",
    }
    assert [(note.field, note.code) for note in result.notes] == [("message", "control_characters")]


def test_it_keeps_what_was_given_where_it_differs():
    result = normalized(email="Jane@Globex.com", city="Berlin ", employee_count="50+")
    assert result.raw == {"email": "Jane@Globex.com", "employee_count": "50+"}


def test_it_drops_a_bad_optional_value_with_a_note_and_keeps_it_raw():
    result = normalized(email="a@example.com", phone="call me", employee_count="many")
    assert result.values == {"email": "a@example.com"}
    assert result.raw == {"phone": "call me", "employee_count": "many"}
    assert codes_of(result) == {"phone": "phone_invalid", "employee_count": "number_invalid"}


def test_it_reads_a_phone_in_the_country_then_the_zone_then_the_default():
    assert (
        normalized(phone="030 901820", country="DE", timezone="America/New_York").values["phone"]
        == "+4930901820"
    )
    assert (
        normalized(phone="030 901820", timezone="Europe/Berlin", default_region="US").values["phone"]
        == "+4930901820"
    )
    assert normalized(phone="(212) 736-5000", default_region="US").values["phone"] == "+12127365000"
    assert codes_of(normalized(phone="030 901820")) == {"phone": "phone_invalid"}


def test_it_reads_a_phone_that_came_as_a_number():
    assert normalized(phone=12127365000).values["phone"] == "+12127365000"
    assert normalized(phone=2127365000.0, default_region="US").values["phone"] == "+12127365000"


def test_it_keeps_a_state_that_it_cannot_place():
    result = normalized(state="Transylvania", country="US")
    assert result.values["state"] == "Transylvania"
    assert codes_of(result) == {"state": "state_unknown"}
    assert codes_of(normalized(state="CA")) == {"state": "state_without_country"}


def test_it_learns_the_country_from_a_full_state_code():
    assert normalized(state="US-CA").values == {"state": "CA", "country": "US"}


def test_it_uses_value_aliases_whatever_their_case():
    assert normalized(country="ENGELLAND").values["country"] == "GB"
    assert normalized(product_interest="BI").values["product_interest"] == "analytics"
    assert normalized(product_interest="other").values["product_interest"] == "other"


def test_it_can_fold_the_aliases_once_for_many_leads():
    folded = fold_aliases(ALIASES)
    assert fold_aliases(folded) is folded
    result = normalize_values({"country": "engelland"}, aliases=folded, default_region=None)
    assert result.values == {"country": "GB"}


def test_it_joins_several_choices_and_takes_the_first_of_several_addresses():
    assert normalized(product_interest=["CRM", "Chat"]).values["product_interest"] == "CRM;Chat"
    result = normalized(email="a@example.com; b@example.com")
    assert result.values["email"] == "a@example.com"
    assert codes_of(result) == {"email": "several_addresses"}
    assert normalized(email=["", "a@example.com", "b@example.com"]).values["email"] == "a@example.com"


def test_it_makes_the_full_name_of_its_parts_and_does_not_split_over_them():
    assert normalized(first_name="JANE", last_name="doe").values["full_name"] == "Jane Doe"
    assert "last_name" not in normalized(full_name="Jane Doe", first_name="Jane").values


def test_it_takes_stand_ins_for_nothing():
    result = normalized(company="n/a", city="-", last_name="Null", job_title="undefined", message=" ")
    assert result.values == {"last_name": "Null", "full_name": "Null"}
    assert result.notes == []


def test_it_cuts_text_that_is_too_long_with_a_note():
    result = normalized(city="x" * 500, utm_source="y" * 200)
    assert result.values == {"city": "x" * 120, "utm_source": "y" * 200}
    assert codes_of(result) == {"city": "cut"}


def test_it_does_not_take_a_no_from_yaml_for_norway():
    assert codes_of(normalized(country=False)) == {"country": "not_text"}


def test_it_restores_the_zeros_that_a_number_lost():
    assert normalized(postal_code=2139, country="US").values["postal_code"] == "02139"


def test_it_says_when_a_phone_number_is_not_in_use():
    result = normalized(phone="+1 555 123 4567")
    assert result.values["phone"] == "+15551234567"
    assert codes_of(result) == {"phone": "phone_unassigned"}


def test_it_ignores_names_that_are_not_canonical():
    assert normalized(shoe_size="44").values == {}


def test_it_derives_facts():
    facts = facts_of(
        normalized(email="info@mail.globex.com", company="Globex GmbH", phone="+4930901820").values
    )
    assert facts == {
        "email_domain": "mail.globex.com",
        "email_is_free": False,
        "email_is_disposable": False,
        "email_is_role": True,
        "email_is_placeholder": False,
        "company_domain": "globex.com",
        "company_key": "globex",
        "phone_country": "DE",
    }


def test_it_takes_the_companys_domain_from_the_website_when_the_address_is_free_mail():
    values = normalized(email="jane@gmail.com", website="www.globex.co.uk/about").values
    assert facts_of(values)["company_domain"] == "globex.co.uk"
    assert facts_of(values)["email_is_free"] is True
    assert "company_domain" not in facts_of(normalized(email="jane@gmail.com").values)


@pytest.mark.parametrize(
    "website",
    [
        "https://facebook.com/globex",
        "https://de.linkedin.com/company/globex",
        "globex.sharepoint.com",
        "github.io",
        "gmail.com",
    ],
)
def test_a_page_at_a_social_network_or_a_host_is_no_companys_domain(website):
    for email in ("jane@gmail.com", "jane@facebook.com"):
        assert "company_domain" not in facts_of(normalized(email=email, website=website).values)


def test_a_name_of_ones_own_below_a_host_is_the_companys_domain():
    values = {"email": "jane@gmail.com", "website": "https://globex.github.io/about"}
    assert facts_of(values)["company_domain"] == "globex.github.io"
    assert facts_of({}) == {}


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
nearly = st.from_regex(r"[0-9a-zA-Z@.,+/:() -]{0,24}", fullmatch=True)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(CANONICAL_FIELDS)), anything | nearly, max_size=12))
def test_it_never_raises_and_gives_what_a_column_can_hold(values):
    result = normalize_values(values, aliases=ALIASES, default_region="US")
    facts_of(result.values)
    for name, value in result.values.items():
        field = CANONICAL_FIELDS[name]
        wanted = {"integer": int, "boolean": bool, "datetime": datetime}.get(field.kind, str)
        assert type(value) is wanted
        if isinstance(value, str):
            assert value
            assert field.max_length is None or len(value) <= field.max_length
        if field.maximum is not None:
            assert 0 <= value <= field.maximum


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(CANONICAL_FIELDS)), anything | nearly, max_size=12))
@example({"full_name": "E 0"})
@example({"budget": float("nan")})
@example({"full_name": "VAN BEETHOVEN"})
def test_normalizing_again_changes_nothing(values):
    once = normalize_values(values, aliases={}, default_region="US")
    again = normalize_values(once.values, aliases={}, default_region="US")
    assert json.dumps(again.values, default=str, sort_keys=True) == json.dumps(
        once.values, default=str, sort_keys=True
    )
