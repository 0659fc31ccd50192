import pytest

from routing.engine.ruleset import CompiledRuleSet
from routing.engine.territories import CompiledTerritory, TerritoryError, TerritoryMap, names
from tests.make.engine import leaf, ruleset


def belongs(**facts):
    return names(ruleset().territory_map.belongs(facts))


def test_a_lead_belongs_to_its_deepest_match_and_to_that_ones_ancestors():
    assert belongs(country="US", state="CA") == ["West Coast", "North America"]
    assert belongs(country="US", postal_code="90402") == ["West Coast", "North America"]
    assert belongs(country="US", state="NY") == ["North America"]


def test_a_child_matches_only_inside_its_parent():
    assert belongs(country="IT", state="CA") == []
    assert belongs(state="CA") == []
    assert belongs(country="DE", postal_code="90402") == ["DACH"]


def test_equally_deep_matches_are_decided_by_the_order_of_the_list():
    one, other = (
        CompiledTerritory(2, "One", when=leaf("a", eq=1)),
        CompiledTerritory(1, "Other", when=leaf("b", eq=1)),
    )
    assert names(TerritoryMap([one, other]).belongs({"a": 1, "b": 1})) == ["One"]
    assert names(TerritoryMap([other, one]).belongs({"a": 1, "b": 1})) == ["Other"]


def test_depth_counts_and_not_the_order():
    tree = TerritoryMap(
        [
            CompiledTerritory(1, "World"),
            CompiledTerritory(2, "Europe", 1, leaf("continent", eq="EU")),
            CompiledTerritory(3, "Everybody", 1),
            CompiledTerritory(4, "Berlin", 2, leaf("city", eq="Berlin")),
        ]
    )
    assert names(tree.belongs({"continent": "EU", "city": "berlin"})) == ["Berlin", "Europe", "World"]
    assert names(tree.belongs({"city": "Berlin"})) == ["Everybody", "World"]


@pytest.mark.parametrize(
    "territories",
    [
        [CompiledTerritory(1, "A", 9)],
        [CompiledTerritory(1, "A", 2), CompiledTerritory(2, "B", 1)],
        [CompiledTerritory(1, "A", 1)],
    ],
)
def test_a_tree_that_does_not_hold_together_is_refused(territories):
    with pytest.raises(TerritoryError):
        TerritoryMap(territories)
    with pytest.raises(TerritoryError):
        CompiledRuleSet.from_json({"territories": [territory.to_json() for territory in territories]})


def test_no_territories_match_nothing():
    assert TerritoryMap([]).belongs({"country": "US"}) == ()
