"""Where the code writes rows of a model, as far as its text tells.

Seen are chains that start at the model (`Lead.objects.filter(...).update(...)`), names that are bound to such chains or
annotated with the model (`leads = Lead.objects...`, `for lead in leads`, `lead: Lead`), bulk helpers that take the model or
such a name, and SQL that names the model's table.
"""

import ast
import re
from collections.abc import Iterator

from tests.structure.repository import Module, called, function_around

WRITES = {
    "create", "acreate", "bulk_create", "abulk_create", "update", "aupdate", "bulk_update", "abulk_update", "get_or_create",
    "update_or_create", "save", "asave", "save_base", "delete", "adelete", "raw_delete",
}  # fmt: skip
STEPS = {
    "objects", "_base_manager", "_default_manager", "using", "filter", "exclude", "all", "order_by", "select_for_update",
    "select_related", "prefetch_related", "only", "defer", "annotate", "alias", "distinct", "get", "first", "last", "none",
    "union", "reverse", "iterator", "in_bulk", "values", "items",
}  # fmt: skip
BULK = {"insert_rows", "update_rows", "upsert_rows", "bulk_create_with_history", "bulk_update_with_history"}
SQL = re.compile(r"(INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+$", re.IGNORECASE)


def writes(module: Module, model: str) -> Iterator[str]:
    """`file:line` of each."""
    names = _names(module, model)
    for call in module.nodes(ast.Call):
        if isinstance(call.func, ast.Attribute) and call.func.attr in WRITES:
            if _is_of(call.func.value, model, names, around=function_around(call)):
                yield module.at(call)
        elif called(call) in BULK and any(
            _is_of(argument, model, names, around=function_around(call)) for argument in call.args
        ):
            yield module.at(call)
    for text in module.nodes(ast.JoinedStr):
        for before, value in zip(text.values, text.values[1:], strict=False):
            if (
                isinstance(value, ast.FormattedValue)
                and ast.unparse(value.value) == f"{model}._meta.db_table"
                and isinstance(before, ast.Constant)
                and SQL.search(before.value)
            ):
                yield module.at(text)
    for text in module.nodes(ast.Constant):
        if isinstance(text.value, str) and re.search(
            rf"(INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+\w+_{model.lower()}\b", text.value, re.IGNORECASE
        ):
            yield module.at(text)


def _names(module: Module, model: str) -> set[tuple[str, ast.AST | None]]:
    """(name, the function it is known in) for all that holds rows of the model."""
    names: set[tuple[str, ast.AST | None]] = set()
    for argument in module.nodes(ast.arg):
        if argument.annotation is not None and _mentions(argument.annotation, model):
            names.add((argument.arg, argument.parent.parent))
    for node in module.nodes(ast.AnnAssign):
        if isinstance(node.target, ast.Name) and _mentions(node.annotation, model):
            names.add((node.target.id, function_around(node)))
    for _round in range(3):  # a name may be bound by way of another
        for node in module.nodes(ast.Assign, ast.NamedExpr, ast.For, ast.comprehension):
            value = node.iter if isinstance(node, ast.For | ast.comprehension) else node.value
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            around = function_around(node)
            if isinstance(target, ast.Name) and _is_of(value, model, names, around=around):
                names.add((target.id, around))
    return names


def _mentions(annotation: ast.AST, model: str) -> bool:
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return re.search(rf"\b{model}\b", annotation.value) is not None
    words = {getattr(node, "id", None) or getattr(node, "attr", None) for node in ast.walk(annotation)}
    return model in words


def _is_of(
    node: ast.AST, model: str, names: set[tuple[str, ast.AST | None]], *, around: ast.AST | None
) -> bool:
    while True:
        if (
            isinstance(node, ast.Call)
            and called(node) in ("list", "sorted", "reversed", "set", "tuple")
            and node.args
        ):
            node = node.args[0]
        elif isinstance(node, ast.Call) and called(node) == model:
            return True
        elif isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Attribute) and node.attr == model:
            return True
        elif (isinstance(node, ast.Attribute) and node.attr in STEPS) or isinstance(
            node, ast.Subscript | ast.Await
        ):
            node = node.value
        elif isinstance(node, ast.List | ast.Tuple) and len(node.elts) == 1:
            node = node.elts[0]
        else:
            return isinstance(node, ast.Name) and (node.id == model or (node.id, around) in names)
