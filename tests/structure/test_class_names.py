"""One word per concept: a class name means one thing in the whole repository."""

import ast

import pytest

from tests.structure.repository import first_party, parse_text

# Django finds commands by this name. The sections of the configuration file are called like the rows that they read.
EVERYWHERE = {"Command", "Migration"}
SECTIONS = "leadops/configuration/sections/"


def shared_names(modules):
    places = {}
    for module in modules:
        if module.name.startswith(SECTIONS):
            continue
        for node in module.tree.body:
            if isinstance(node, ast.ClassDef) and node.name not in EVERYWHERE:
                places.setdefault(node.name, []).append(module.at(node))
    return {name: found for name, found in places.items() if len(found) > 1}


def test_no_two_classes_share_a_name():
    assert shared_names(first_party()) == {}


@pytest.mark.parametrize(("second", "shared"), [("class Lead: pass", ["Lead"]), ("class Deal: pass", [])])
def test_a_shared_name_would_be_found(second, shared):
    assert list(shared_names([parse_text("class Lead: pass"), parse_text(second)])) == shared
