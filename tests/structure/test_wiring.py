"""What the engine can do, somebody asks of it: an optional value that only tests pass is a feature that does nothing."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from tests.structure.repository import Module, called, first_party, parse_text

ENGINE = "routing/engine/"
# Nobody of ours gives these, for a reason.
KNOWN = {
    ("Valkey", "databases"): "The tests start a server with databases for each of their processes.",
}


@dataclass(frozen=True)
class Optional:
    """A parameter or field that has a default. `place` is where it stands among those given by position, if it can be."""

    of: str
    name: str
    place: int | None
    at: str


def optionals(modules: list[Module]) -> Iterator[Optional]:
    """Of the engine's public functions, methods and classes, and of every dataclass anywhere."""
    for module in modules:
        engine = module.name.startswith(ENGINE)
        for node in module.tree.body:
            if isinstance(node, ast.FunctionDef) and engine and not node.name.startswith("_"):
                yield from _parameters(module, node, node.name)
            elif isinstance(node, ast.ClassDef) and _is_dataclass(node):
                yield from _fields(module, node)
            elif isinstance(node, ast.ClassDef) and engine:
                for method in node.body:
                    if isinstance(method, ast.FunctionDef) and (
                        method.name == "__init__" or not method.name.startswith("_")
                    ):
                        yield from _parameters(
                            module, method, node.name if method.name == "__init__" else method.name
                        )


def _is_dataclass(node: ast.ClassDef) -> bool:
    return any("dataclass" in ast.unparse(decorator) for decorator in node.decorator_list)


def _fields(module: Module, node: ast.ClassDef) -> Iterator[Optional]:
    """Fields that nobody can give when it is made (`init=False`) are filled by whoever assigns to them."""
    fields = [
        line
        for line in node.body
        if isinstance(line, ast.AnnAssign) and not ast.unparse(line.annotation).startswith("ClassVar")
    ]
    for place, line in enumerate(fields):
        if line.value is not None:
            yield Optional(node.name, line.target.id, place, module.at(line))


def _parameters(module: Module, node: ast.FunctionDef, of: str) -> Iterator[Optional]:
    given = [*node.args.posonlyargs, *node.args.args]
    if given and given[0].arg in ("self", "cls"):
        given = given[1:]
    for place, parameter in enumerate(given):
        if place >= len(given) - len(node.args.defaults):
            yield Optional(of, parameter.arg, place, module.at(node))
    for parameter, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
        if default is not None:
            yield Optional(of, parameter.arg, None, module.at(node))


def unfed(modules: list[Module]) -> list[Optional]:
    """Those that no call gives and no line assigns or adds to."""
    calls: dict[str, list[ast.Call]] = {}
    touched: set[str] = set()
    for module in modules:
        for call in module.nodes(ast.Call):
            calls.setdefault(_made(call), []).append(call)
            if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Attribute):
                touched.add(call.func.value.attr)  # x.field.append(...)
        for node in module.nodes(ast.Attribute):
            if isinstance(node.ctx, ast.Store):
                touched.add(node.attr)
            elif isinstance(node.parent, ast.Subscript) and isinstance(node.parent.ctx, ast.Store):
                touched.add(node.attr)  # x.field[key] = ...
    replaced = {word.arg for call in calls.get("replace", []) for word in call.keywords}
    return [
        one
        for one in optionals(modules)
        if not any(_gives(call, one) for call in calls.get(one.of, []))
        and not (one.of.lstrip("_")[0].isupper() and one.name in touched | replaced)
    ]


def _gives(call: ast.Call, one: Optional) -> bool:
    by_position = one.place is not None and len(call.args) > one.place
    unpacked = any(isinstance(each, ast.Starred) for each in call.args)
    return by_position or unpacked or any(word.arg in (one.name, None) for word in call.keywords)


def _made(call: ast.Call) -> str:
    """The name of what is called; in a class, `cls(...)` makes one of it."""
    name = called(call)
    node: ast.AST | None = call
    while name == "cls" and (node := getattr(node, "parent", None)):
        if isinstance(node, ast.ClassDef):
            return node.name
    return name


def test_the_search_finds_what_nobody_feeds():
    module = parse_text(
        "@dataclass\nclass Known:\n    name: str\n    away: bool = False\n    deal: str = ''\n"
        "def ask():\n    return Known('x', away=True)\n"
    )
    assert [(one.of, one.name) for one in unfed([module])] == [("Known", "deal")]


def test_every_optional_value_is_given_by_somebody():
    found = {(one.of, one.name): one.at for one in unfed(list(first_party()))}
    assert {key: at for key, at in found.items() if key not in KNOWN} == {}
    assert set(KNOWN) <= set(found), "It is given now: take it out of the list."
