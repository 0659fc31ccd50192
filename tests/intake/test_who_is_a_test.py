"""Which addresses are test addresses, and what is wrong with others."""

import pytest

from intake import test_addresses
from intake.values.refusal import ValueRefused

ADDRESSES = test_addresses.TestAddresses(
    ["ann@acme.test", "@testing.example", "*+test@acme.test", "qa-*-bot@acme.test"]
)


@pytest.mark.parametrize(
    ("email", "pattern"),
    [
        ("ann@acme.test", "ann@acme.test"),
        ("anybody@testing.example", "@testing.example"),
        ("maria+test@acme.test", "*+test@acme.test"),
        ("qa-7-bot@acme.test", "qa-*-bot@acme.test"),
        ("bob@acme.test", ""),
        ("anybody@sub.testing.example", ""),
        ("maria+testing@acme.test", ""),
        ("maria+test@acme.test.example", ""),
        ("x@maria+test@acme.test", "*+test@acme.test"),
        ("", ""),
    ],
)
def test_an_address_is_covered_as_it_is_by_its_domain_or_by_a_pattern(email, pattern):
    assert ADDRESSES.matching(email) == pattern


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Ann@Acme.TEST ", "ann@acme.test"),
        ("@Testing.example", "@testing.example"),
        ("*@testing.example", "@testing.example"),
        ("*+Test@gmail.com", "*+test@gmail.com"),
        ("qa-*@acme.test", "qa-*@acme.test"),
    ],
)
def test_it_is_kept_as_addresses_are(typed, kept):
    assert test_addresses.tidy(typed) == kept


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("acme.test", "Write a whole address"),
        ("*", "Write a whole address"),
        ("ann@*.test", "Write a whole address"),
        ("ann@bob@acme.test", "Write a whole address"),
        ("@", "something after the @-sign"),
        ("ann@acme", "should have a period"),
        ("@gmail.com", "Anybody can have an address at gmail.com"),
        ("**@gmail.com", "Anybody can have an address at gmail.com"),
    ],
)
def test_what_is_no_address_or_is_everybodys_is_refused_with_what_to_write(typed, words):
    with pytest.raises(ValueRefused, match=words):
        test_addresses.tidy(typed)
    assert words in test_addresses.problem(typed)
