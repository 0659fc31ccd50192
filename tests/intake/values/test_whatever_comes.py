"""Whatever comes, a normalizer says yes or no, the same of what it said, and makes up no digit; it never raises anything else."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from intake.canonical import CANONICAL_FIELDS
from intake.values.companies import company_key, normalize_company
from intake.values.languages import normalize_language, normalize_timezone
from intake.values.mailboxes import normalize_email
from intake.values.normalize import normalize_values
from intake.values.numbers import normalize_integer
from intake.values.people import normalize_name
from intake.values.phones import normalize_phone
from intake.values.places import normalize_country, normalize_postal_code
from intake.values.refusal import ValueRefused
from intake.values.web import normalize_website

texts = st.text(max_size=30) | st.text(
    st.sampled_from("+0123456789 ()-/.,;'@xaEe\u200b\u202a&#%"), max_size=24
)
EVERY_ONE = [
    normalize_company,
    normalize_name,
    normalize_email,
    normalize_website,
    normalize_country,
    normalize_language,
    normalize_timezone,
    lambda text: normalize_postal_code(text, country="US"),
    lambda text: normalize_phone(text, region="DE").number,
    lambda text: str(normalize_integer(text, maximum=None)),
    company_key,
]


@pytest.mark.parametrize("normalize", EVERY_ONE, ids=lambda one: one.__name__)
@settings(max_examples=150, deadline=None)
@given(text=texts)
@example(text="'a@b.example'")
@example(text="0" * 300)
def test_it_says_the_same_of_what_it_said(normalize, text):
    try:
        once = normalize(text)
    except ValueRefused:
        return
    assert normalize(once) == once


@settings(max_examples=400, deadline=None)
@given(
    text=st.text(st.sampled_from("+0123456789 ()-/.;E'"), max_size=24),
    region=st.sampled_from([None, "DE", "US", "MX", "AU", "IT", "RU", "CN", "BR", "XK"]),
)
def test_no_digit_of_a_phone_is_made_up(text, region):
    try:
        phone = normalize_phone(text, region=region)
    except ValueRefused:
        return
    given_digits = [char for char in text if char.isdigit()]
    made = list(phone.number.lstrip("+"))
    # Behind a calling code that follows from the country, the digits stand as they were typed.
    rest = iter(given_digits)
    tail = made if region is None else made[3:]
    assert all(digit in rest for digit in tail), (text, phone)


@settings(max_examples=300, deadline=None)
@given(
    values=st.dictionaries(
        st.sampled_from(sorted(CANONICAL_FIELDS)),
        texts
        | st.integers()
        | st.floats()
        | st.booleans()
        | st.lists(texts | st.none() | st.booleans(), max_size=3),
        max_size=6,
    )
)
def test_values_together_never_raise_and_can_be_kept(values):
    result = normalize_values(values, aliases={}, default_region=None)
    for name, value in result.values.items():
        if isinstance(value, str):
            assert value
            assert "\x00" not in value
            assert len(value) <= (CANONICAL_FIELDS[name].max_length or len(value))
