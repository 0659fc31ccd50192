"""The repository as these tests read it: its layers, its files, its code as syntax trees."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

BASE = Path(__file__).resolve().parents[2]
# From the bottom to the top.
LAYERS = ["plumbing", "exception_queue", "intake", "routing", "crm_sync", "leadops"]
# Beside the layers: imports nothing of ours.
ALONE = ["crm_sandbox"]


@dataclass(frozen=True)
class Module:
    """`name` is its path below the repository; `tree` has a `parent` on every node but the first."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        return self.path.relative_to(BASE).as_posix()

    @property
    def dotted(self) -> str:
        return self.name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def at(self, node: ast.AST) -> str:
        return f"{self.name}:{node.lineno}"

    def nodes(self, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
        return (node for node in ast.walk(self.tree) if isinstance(node, kinds))


@cache
def parse(path: Path) -> Module:
    return parse_text(path.read_text(encoding="utf-8"), path)


def parse_text(text: str, path: Path = BASE / "in_memory.py") -> Module:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            child.parent = node
    return Module(path, text, tree)


@cache
def first_party() -> tuple[Module, ...]:
    """Our own code without migrations; tests are elsewhere."""
    paths = [
        BASE / "manage.py",
        *(path for layer in [*LAYERS, *ALONE] for path in sorted((BASE / layer).rglob("*.py"))),
    ]
    return tuple(parse(path) for path in paths if "migrations" not in path.parts)


@cache
def files() -> tuple[Path, ...]:
    """What a clone holds: everything but what .gitignore names."""
    ignored = {line.strip("/ ") for line in (BASE / ".gitignore").read_text().splitlines()} | {".git"}

    def walk(folder: Path) -> Iterator[Path]:
        for path in sorted(folder.iterdir()):
            if path.name in ignored or path.suffix == ".pyc":
                continue
            yield from walk(path) if path.is_dir() else [path]

    return tuple(walk(BASE))


def text_of(path: Path) -> str | None:
    """None for pictures and other bytes."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def function_around(node: ast.AST) -> ast.AST | None:
    """The function that a node stands in, if any."""
    while node := getattr(node, "parent", None):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            return node
    return None


def called(call: ast.Call) -> str:
    """The last word of what is called: `nudge` of `nudges.nudge(...)`."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
