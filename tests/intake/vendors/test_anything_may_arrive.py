"""Whatever is posted, reading it never raises, and what comes out can be stored."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.canonical import CANONICAL_FIELDS
from intake.notes import Note
from intake.vendors.clean import MAX_DEPTH, clean, form_body
from intake.vendors.field_map import apply_field_map
from intake.vendors.registry import VENDORS
from intake.vendors.sources import find_by_path
from tests.intake.vendors import bodies

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None))
    | st.sampled_from(["email", "Email", "a\x00b", "\ud800", "", " "])
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=12), inner, max_size=5),
    max_leaves=20,
)


def mutations(body: object) -> st.SearchStrategy[object]:
    """The body with some of its parts replaced by anything: what a vendor's next version may look like."""
    if isinstance(body, dict):
        return st.fixed_dictionaries({}, optional={key: mutations(value) for key, value in body.items()})
    if isinstance(body, list) and body:
        return st.lists(st.one_of([mutations(item) for item in body]) | anything, max_size=4)
    return st.just(body) | anything


def assert_storable(value: object) -> None:
    text = json.dumps(value, allow_nan=False, ensure_ascii=False)
    text.encode()
    assert "\\u0000" not in text


@pytest.mark.parametrize("vendor", sorted(VENDORS))
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_it_never_raises_on_any_json(vendor, data):
    body = data.draw(anything | mutations(bodies.BODIES[vendor][0]) | mutations(bodies.BODIES[vendor][-1]))
    field_map = data.draw(
        st.dictionaries(
            st.text(max_size=20) | st.sampled_from(["email", "data.fields[label=Email].value", "$[0]"]),
            st.sampled_from([*CANONICAL_FIELDS, "extra.x", "extra.", "nonsense"]),
            max_size=4,
        )
    )
    for part in VENDORS[vendor].split(body):
        flat = VENDORS[vendor].flatten(clean(part, []))
        mapped = apply_field_map(flat, field_map, {"intent": "demo_request"})
        assert_storable([flat.values, flat.labels, flat.body, flat.event_id, mapped.values, mapped.extra])
        assert set(mapped.values) <= set(CANONICAL_FIELDS)


@settings(max_examples=200, deadline=None)
@given(body=anything, source=st.text(alphabet="ab.[]=\"'$01- ", max_size=30))
def test_it_never_raises_on_any_path(body, source):
    find_by_path(body, source)


@pytest.mark.parametrize("digit", ["²", "٣", "1" * 5000])
def test_it_takes_no_other_digit_for_an_index(digit):
    assert find_by_path(["a", "b"], digit) == (False, None)


def test_it_cuts_what_is_nested_without_end():
    body: object = "bottom"
    for _ in range(2000):
        body = {"a": [body]}
    notes: list[Note] = []
    cleaned = clean(body, notes)
    assert [note.code for note in notes] == ["too_deep"]
    depth = 0
    while cleaned is not None:
        cleaned = cleaned["a"] if isinstance(cleaned, dict) else cleaned[0]
        depth += 1
    assert depth == MAX_DEPTH


def test_it_marks_what_postgresql_refuses_and_keeps_the_rest():
    notes: list[Note] = []
    body = {"a\x00": "x\x00y\ud800z", "n": float("nan"), "i": 10**50, "t": (1, b"\xffb"), "l": "a\nb"}
    assert clean(body, notes) == {
        "a\ufffd": "x\ufffdy\ufffdz",
        "n": None,
        "i": None,
        "t": [1, "\ufffdb"],
        "l": "a\nb",
    }


def test_it_gathers_the_repeated_keys_of_a_form_post():
    assert form_body([("a", "1"), ("b", "2"), ("a", "3"), ("a", "4")]) == {"a": ["1", "3", "4"], "b": "2"}
