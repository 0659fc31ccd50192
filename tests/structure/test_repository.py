"""What a clone holds: a lock that anybody can install from, declared dependencies, no trace of the machine it was made on."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest
from django.core.management import call_command

from tests.structure.repository import ALONE, BASE, LAYERS, files, first_party, text_of

PYPROJECT = tomllib.loads((BASE / "pyproject.toml").read_text())
LOCK = (BASE / "requirements.lock").read_text()


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", name)[0]).lower()


DECLARED = {canonical(line) for line in PYPROJECT["project"]["dependencies"]}
FOR_TESTS = {canonical(line) for line in PYPROJECT["dependency-groups"]["dev"]}


def test_every_entry_of_the_lock_is_pinned_and_hashed():
    entries = re.split(r"^(?=[A-Za-z0-9])", LOCK, flags=re.MULTILINE)[1:]
    assert len(entries) > 50
    assert not [
        entry.split()[0] for entry in entries if "--hash=sha256:" not in entry or "==" not in entry.split()[0]
    ]


def test_the_lock_names_no_address():
    assert not re.search(r"://|--(extra-)?index-url|--find-links|--trusted-host", LOCK)


def test_the_lock_has_everything_that_is_declared():
    locked = {canonical(name) for name in re.findall(r"^([\w.-]+)==", LOCK, flags=re.MULTILINE)}
    assert locked >= DECLARED | FOR_TESTS


def test_what_is_imported_is_declared():
    providers = packages_distributions()
    undeclared = set()
    for module in first_party():
        for node in module.nodes(ast.Import, ast.ImportFrom):
            if isinstance(node, ast.ImportFrom) and node.level:
                continue
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module]
            for top in {name.split(".")[0] for name in names} - {*LAYERS, *ALONE} - sys.stdlib_module_names:
                if not {canonical(each) for each in providers.get(top, [])} & DECLARED:
                    undeclared.add((top, module.at(node)))
    assert not undeclared


def test_every_dependency_has_a_reason():
    page = (BASE / "docs" / "decisions" / "0002-dependencies.md").read_text(encoding="utf-8")
    reasons = re.findall(r"^\| ([a-z][\w.-]+) \| (?=[^|\s])", page, flags=re.MULTILINE)
    assert sorted(map(canonical, reasons), key=str) == sorted({*DECLARED, "package"})


# Written in pieces: this file is looked at too.
TRACES = [
    r"(?<![\w./])/" + r"(work|root|home/\w+|Users/\w+)/",
    r"\.\./" + r"shared\b",
    r"\bshared/" + r"(design|facts|semantics|console|style|api)\b",
    r"pypi\." + r"org|python" + r"hosted|registry\." + r"npmjs|deb\." + r"debian\.org",
]


def test_nothing_names_a_machine_or_a_registry():
    found = []
    for path in files():
        text = text_of(path) or ""
        found += [
            (path.relative_to(BASE).as_posix(), match[0])
            for trace in TRACES
            for match in re.finditer(trace, text)
        ]
    assert not found


@pytest.mark.parametrize(
    "text", ["cd /" + "work/main", "see ../" + "shared/" + "api.md", "https://pypi." + "org/simple"]
)
def test_such_a_trace_would_be_found(text):
    assert any(re.search(trace, text) for trace in TRACES)


def test_no_comment_promises_something_for_later():
    promise = re.compile(r"(#|//|<!--|\{#).*\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
    code = [path for path in files() if path.suffix in (".py", ".js", ".html", ".css")]
    assert not [path for path in code if promise.search(text_of(path) or "")]


def test_there_is_one_top_level_folder_per_floor_and_no_others():
    folders = {path.name for path in BASE.iterdir() if path.is_dir() and path.name not in _ignored()}
    assert folders <= {*LAYERS, *ALONE, "templates", "tests", "docs", "benchmarks", "deploy", ".ci", ".git"}


def _ignored():
    return {line.strip("/ ") for line in (BASE / ".gitignore").read_text().splitlines()}


@pytest.mark.django_db
def test_the_migrations_are_up_to_date():
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
