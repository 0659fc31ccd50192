"""Rule 1: calls go down; information goes up as rows."""

import ast
import tomllib

import pytest
from django.apps import apps  # noqa: TID251  to look at every model there is

from tests.structure.repository import ALONE, BASE, LAYERS, first_party, function_around

PYPROJECT = tomllib.loads((BASE / "pyproject.toml").read_text())
KEYS = [
    (model, field)
    for model in apps.get_models(include_auto_created=True)
    if model._meta.app_label in LAYERS
    for field in model._meta.get_fields(include_hidden=True)
    if field.is_relation and field.concrete
]


@pytest.mark.parametrize(
    ("model", "field"), KEYS, ids=lambda value: getattr(value, "__name__", None) or str(value)
)
def test_a_key_points_to_its_own_floor_or_down_and_leaves_no_way_back_up(model, field):
    own, target = model._meta.app_label, field.related_model._meta.app_label
    if own == target:
        return
    assert target not in LAYERS or LAYERS.index(target) < LAYERS.index(own), f"{field} points up"
    assert field.remote_field.hidden, f"{field} leaves a reverse accessor on another layer: related_name='+'"


def test_the_keys_that_leave_their_floor_are_looked_at():
    leaving = {(model._meta.label, field.name) for model, field in KEYS if field.name == "lead"}
    assert {("routing.Assignment", "lead"), ("crm_sync.OutboxEntry", "lead")} <= leaving


def test_there_are_no_signal_receivers_of_ours():
    found = []
    for module in first_party():
        for node in module.nodes(ast.Import, ast.ImportFrom):
            words = {alias.name for alias in node.names} | {getattr(node, "module", None) or ""}
            if any(word.split(".")[-1] in ("signals", "receiver", "dispatch") for word in words):
                found.append(module.at(node))
    assert not found


def test_nothing_is_looked_up_by_get_model():
    found = [
        module.at(node)
        for module in first_party()
        for node in module.nodes(ast.Attribute)
        if node.attr in ("get_model", "get_models") and not module.name.endswith("apps.py")
    ]
    assert not found


def test_imports_stand_at_the_top():
    found = [
        module.at(node)
        for module in first_party()
        for node in module.nodes(ast.Import, ast.ImportFrom)
        if function_around(node) and not module.name.endswith("apps.py")
    ]
    assert not found


def test_the_import_linter_and_mypy_know_every_floor():
    packages = {path.parent.name for path in BASE.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert packages == {*LAYERS, *ALONE}
    linter = PYPROJECT["tool"]["importlinter"]
    layers = next(contract for contract in linter["contracts"] if contract["type"] == "layers")
    assert layers["layers"] == LAYERS[::-1]
    assert set(linter["root_packages"]) == {*LAYERS, *ALONE} <= set(PYPROJECT["tool"]["mypy"]["files"])


def test_nothing_is_silently_exempt_from_the_import_contracts():
    exempt = [
        line
        for contract in PYPROJECT["tool"]["importlinter"]["contracts"]
        for line in contract.get("ignore_imports", [])
    ]
    assert exempt == ["plumbing.http -> requests", "plumbing.notify -> apprise"]
