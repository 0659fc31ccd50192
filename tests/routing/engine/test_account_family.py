"""Whose an account is: its own owner's, or that of a company above it."""

import pytest

from routing.engine.account_family import MOST_ABOVE, Relative, holder

FAMILY = {
    one.id: one
    for one in (
        Relative("unit", "Unit", "eva", "country"),
        Relative("country", "Country", "", "region"),
        Relative("region", "Region", "bob", "group"),
        Relative("group", "Group", "", ""),
        Relative("orphan", "Orphan", "eva", "nobody knows it"),
        Relative("a", "A", "", "b"),
        Relative("b", "B", "ann", "a"),
    )
}


@pytest.mark.parametrize(
    ("account", "owner_from", "whose"),
    [
        ("unit", "self", "unit"),
        ("unit", "parent", "unit"),
        ("unit", "ultimate", "region"),
        ("country", "parent", "region"),
        ("group", "parent", "group"),
        ("group", "ultimate", "group"),
        ("orphan", "ultimate", "orphan"),
        ("a", "ultimate", "b"),
        ("b", "ultimate", "b"),
    ],
)
def test_the_owner_is_that_of_who_is_named_and_has_one(account, owner_from, whose):
    assert holder(FAMILY[account], owner_from, FAMILY.get).id == whose


def test_a_chain_without_an_end_is_left():
    asked = []

    def find(number):
        asked.append(number)
        return Relative(number, number, "", str(int(number) + 1))

    assert holder(Relative("0", "0", "", "1"), "ultimate", find).id == "0"
    assert len(asked) == MOST_ABOVE
