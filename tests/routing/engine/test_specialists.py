"""Hall's condition: who alone could take more leads than were due to them."""

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from routing.engine.rotation_state import LEAD, split
from routing.engine.specialists import overloaded


def equal(names, leads):
    """What was due to each: an equal share of so many leads."""
    return split(leads * LEAD, dict.fromkeys(names, 1))


def leads(**counts):
    """leads(C=40, ABCD=60): by who could take them, a letter each."""
    return {frozenset(names): count for names, count in counts.items()}


def test_one_who_alone_can_take_more_than_an_equal_share_is_named_with_both_figures():
    (found,) = overloaded(leads(C=40, ABCD=60), equal("ABCD", 100))
    assert found.owner_ids == {"C"}
    assert (found.percent_alone, found.percent_due, found.leads_ahead) == (40, 25, 15)


def test_there_is_nothing_to_say_while_the_others_can_catch_up():
    assert overloaded(leads(C=25, ABCD=75), equal("ABCD", 100)) == []
    assert overloaded({}, {}) == []


def test_a_group_can_have_too_many_though_no_kind_of_lead_is_too_many_by_itself():
    (found,) = overloaded(leads(AB=45, BC=45, ABCD=10), equal("ABCD", 100))
    assert found.owner_ids == {"A", "B", "C"}
    assert (found.percent_alone, found.percent_due) == (90, 75)


def test_groups_without_a_common_member_are_told_apart_the_furthest_ahead_first():
    found = overloaded(leads(A=30, B=35, ABCDE=35), equal("ABCDE", 100))
    assert [one.owner_ids for one in found] == [{"B"}, {"A"}]


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(st.frozensets(st.integers(0, 5), min_size=1), st.integers(1, 30), max_size=8),
    st.lists(st.integers(1, 9), min_size=6, max_size=6),
)
def test_it_finds_a_group_whenever_there_is_one_and_none_otherwise(asked, weights):
    total = sum(asked.values())
    due = split(total * LEAD, dict(enumerate(weights)))

    def ahead(group):
        alone = sum(count for able, count in asked.items() if able <= group)
        return alone * LEAD - sum(due[one] for one in group)

    furthest = max(ahead(frozenset(group)) for size in range(7) for group in combinations(range(6), size))
    found = overloaded(asked, due)
    assert sum(ahead(one.owner_ids) for one in found) == furthest
    for one in found:
        assert round(one.leads_ahead * LEAD) > 0
