"""A form's field map: where values come from, where they go, and what happens to the rest."""

import json

import pytest

from intake.vendors.field_map import apply_field_map
from intake.vendors.generic import flatten
from intake.vendors.tally import flatten as flatten_tally
from intake.vendors.typeform import flatten as flatten_typeform
from tests.intake.vendors import bodies

TEXT_BODY = {
    "data": {
        "fields": [
            {"label": "Email", "value": {"text": "jane@example.com"}},
            {"label": "Size [people]", "value": {"text": "12"}},
        ]
    },
    "answers": [{"text": "first"}, {"text": "second"}],
    "a.b": "dotted",
}


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("data.fields[label=Email].value.text", "jane@example.com"),
        ("data.fields[label=email].value.text", "jane@example.com"),
        ('data.fields[label="Size [people]"].value.text', "12"),
        ("$.answers[1].text", "second"),
        ("answers[-1].text", "second"),
        ("answers.0.text", "first"),
        ("a.b", "dotted"),
    ],
)
def test_it_finds_a_value_by_its_path(source, value):
    assert apply_field_map(flatten(TEXT_BODY), {source: "message"}, {}).values == {"message": value}


@pytest.mark.parametrize("source", ["nothing", "answers[9].text", "data[", "data.fields[label=X]", "[", ""])
def test_it_names_the_sources_that_a_body_lacks(source):
    mapped = apply_field_map(flatten(TEXT_BODY), {source: "message"}, {})
    assert mapped.missing == [source]
    assert mapped.values == {}


def test_it_finds_a_value_by_its_label_whatever_the_case():
    mapped = apply_field_map(flatten_tally(bodies.TALLY), {"INTERESTS": "product_interest"}, {})
    assert mapped.values["product_interest"] == ["CRM", "BI"]
    assert "Interests" not in mapped.extra


def test_it_keeps_a_value_found_by_path_only_once():
    mapped = apply_field_map(flatten_tally(bodies.TALLY), {"data.fields[label=Email].value": "email"}, {})
    assert mapped.values["email"] == "bob@example.com"
    assert "Email" not in mapped.extra


def test_it_carries_out_the_field_map_of_the_example_configuration():
    field_map = {"email": "email", "How many people work at your company?": "employee_count"}
    mapped = apply_field_map(flatten_typeform(bodies.TYPEFORM), field_map, {})
    assert mapped.values["employee_count"] == "500-1000"
    assert "How many people work at your company?" not in mapped.extra
    assert (mapped.unknown, mapped.missing) == ([], [])


def test_it_takes_the_first_source_that_has_a_value():
    flat = flatten({"work": "w@example.com", "private": "p@example.com", "empty": " "})
    mapped = apply_field_map(flat, {"empty": "email", "work": "email", "private": "email"}, {})
    assert mapped.values == {"email": "w@example.com"}
    assert mapped.extra == {"private": "p@example.com"}


def test_it_does_not_take_a_renamed_value_under_its_own_name_too():
    mapped = apply_field_map(flatten({"company": "crm"}), {"company": "product_interest"}, {})
    assert mapped.values == {"product_interest": "crm"}
    assert mapped.extra == {}


def test_it_lets_the_map_win_over_a_value_of_that_name():
    mapped = apply_field_map(
        flatten({"email": "a@example.com", "work": "b@example.com"}), {"work": "email"}, {}
    )
    assert mapped.values == {"email": "b@example.com"}
    assert mapped.extra == {"email": "a@example.com"}


@pytest.mark.parametrize("name", ["email", "E-Mail", "EMAIL", "e_mail"])
def test_it_recognises_a_canonical_name_however_it_is_spelled(name):
    assert apply_field_map(flatten({name: "a@example.com"}), {}, {}).values == {"email": "a@example.com"}


def test_it_prefers_the_exact_canonical_name_to_a_similar_one():
    mapped = apply_field_map(flatten({"E-Mail": "a@example.com", "email": "b@example.com"}), {}, {})
    assert mapped.values == {"email": "b@example.com"}
    assert mapped.extra == {"E-Mail": "a@example.com"}


def test_it_reports_targets_that_are_no_canonical_field_and_loses_nothing():
    mapped = apply_field_map(
        flatten({"x": "1", "email": "a@example.com"}), {"x": "e_mail", "email": "mail"}, {}
    )
    assert mapped.unknown == ["e_mail", "mail"]
    assert mapped.values == {"email": "a@example.com"}
    assert mapped.extra == {"x": "1"}


def test_it_can_name_an_extra_value():
    mapped = apply_field_map(flatten({"pid": "P-1"}), {"pid": "extra.partner_id"}, {})
    assert mapped.extra == {"partner_id": "P-1"}


def test_it_fills_gaps_with_defaults_and_never_overwrites():
    mapped = apply_field_map(
        flatten({"intent": "ebook", "message": ""}),
        {},
        {
            "intent": "demo_request",
            "message": "none",
            "extra.region": "EU",
            "campaign_code": "C1",
            "city": "",
        },
    )
    assert mapped.values == {"intent": "ebook", "message": "none"}
    assert mapped.extra == {"region": "EU", "campaign_code": "C1"}


def test_json_text_in_one_value_of_a_form_is_opened_for_names_and_paths():
    said = json.dumps(
        {"email": ["jana@lande-werk.example"], "full_name": ["Jana Landmann"], "size": {"n": 5}}
    )
    for name in ("data.json", "payload"):
        flat = flatten({"page_id": "a1", name: said})
        mapped = apply_field_map(flat, {}, {})
        assert mapped.values == {"email": ["jana@lande-werk.example"], "full_name": ["Jana Landmann"]}
        found = apply_field_map(flat, {f"{name}.email[0]": "email", f"{name}.size.n": "employee_count"}, {})
        assert (found.values["email"], found.values["employee_count"]) == ("jana@lande-werk.example", 5)


@pytest.mark.parametrize("text", ["{not json}", "[1, 2]", "{}", '"x"', "[]", '{"a": NaN}', "{" * 5000])
def test_text_that_only_looks_like_json_stays_text(text):
    assert flatten({"note": text, "message": '{"a": 1}'}).values == {
        "note": text,
        "message": '{"a": 1}',
    }
