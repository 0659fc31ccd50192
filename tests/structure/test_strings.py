"""Rule 1 holds for strings too: no lower layer names a higher one, and none writes an address of the console."""

import ast
import re

import pytest

from tests.structure.repository import BASE, LAYERS, first_party, parse_text

# A tag of a template names other files and pages in quotes.
_QUOTED = re.compile(r"""["']([^"'{}<>\s]+)["']""")


def names_above(text, layer):
    """The higher layer that a string names: as a dotted path, task, file, page or table."""
    for above in LAYERS[LAYERS.index(layer) + 1 :]:
        # The product is called as its package: its names for CRM properties are no package's.
        if re.match(rf"(admin:)?{above}[./:]\w" if above == "leadops" else rf"(admin:)?{above}[./:_]", text):
            return above
    return None


def strings_of(module):
    """Every string of a module that is no docstring."""
    documented = {
        node.body[0].value
        for node in module.nodes(ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        if node.body and isinstance(node.body[0], ast.Expr)
    }
    return [
        node for node in module.nodes(ast.Constant) if isinstance(node.value, str) and node not in documented
    ]


def offences(module, layer):
    return [
        f"{module.at(node)} says “{node.value}”"
        for node in strings_of(module)
        if names_above(node.value, layer) or "/admin/" in node.value
    ]


@pytest.mark.parametrize("layer", LAYERS[:-1])
def test_no_string_of_a_lower_layer_names_a_higher_one_or_an_address_of_the_console(layer):
    modules = [module for module in first_party() if module.name.startswith(f"{layer}/")]
    assert modules
    assert [offence for module in modules for offence in offences(module, layer)] == []


@pytest.mark.parametrize("layer", LAYERS[:-1])
def test_no_template_of_a_lower_layer_names_a_page_or_file_of_a_higher_one(layer):
    folder = BASE / "templates" / {"plumbing": "admin_kit"}.get(layer, layer)
    named = [
        f"{path.name} says “{text}”"
        for path in sorted(folder.rglob("*.html"))
        for text in _QUOTED.findall(path.read_text())
        if names_above(text, layer) or "/admin/" in text
    ]
    assert named == []


@pytest.mark.parametrize(
    "line",
    [
        'nudge("crm_sync.drain_outbox")',
        'reverse("admin:crm_sync_crmconnection_change")',
        'url = f"/admin/routing/rotation/{pk}/change/"',
        'template = "leadops/lead/page.html"',
    ],
)
def test_the_search_finds_a_string_that_points_up(line):
    assert offences(parse_text(line), "routing")


@pytest.mark.parametrize(
    "line", ['nudge("intake.drain")', '"""See crm_sync.outbox."""', 'name = "leadops_lead_id"']
)
def test_the_search_leaves_alone_what_points_down_or_is_no_name(line):
    assert offences(parse_text(line), "routing") == []
