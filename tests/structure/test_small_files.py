"""Rule 6: small files."""

from tests.structure.repository import ALONE, BASE, LAYERS

MOST_LINES = 350
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "misc", "common", "stuff", "tools"}


def logic():
    for layer in [*LAYERS, *ALONE]:
        for suffix in ("*.py", "*.js"):
            yield from (path for path in (BASE / layer).rglob(suffix) if "migrations" not in path.parts)


def test_no_file_of_logic_is_long():
    long = {
        path.relative_to(BASE).as_posix(): lines
        for path in logic()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MOST_LINES
    }
    assert not long


def test_files_are_named_after_what_they_hold():
    found = [
        path
        for path in logic()
        if {part.removesuffix(".py").removesuffix(".js") for part in path.relative_to(BASE).parts}
        & NAMES_THAT_SAY_NOTHING
    ]
    assert not found
