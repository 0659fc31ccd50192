"""First names that mean one person: Bob and Robert, Steven and Stephen."""

from functools import cache
from pathlib import Path

from intake.matching.folding import fold_name

_FILE = Path(__file__).parent / "data" / "nicknames.txt"


def is_nickname_pair(first: str, second: str) -> bool:
    """Whether one name is a short or other form of the other. Both are folded (`fold_name`)."""
    table = _forms()
    return second in table.get(first, ()) or first in table.get(second, ())


def share_a_name(first: str, second: str) -> bool:
    """Whether both are short forms of one name, as Bob and Rob are."""
    names = _names()
    return bool(names.get(first, frozenset()) & names.get(second, frozenset()))


@cache
def _forms() -> dict[str, frozenset[str]]:
    """Name -> its other forms."""
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    rows = [[fold_name(word) for word in line.split()] for line in lines if line and not line.startswith("#")]
    return {name: frozenset(forms) for name, *forms in rows}


@cache
def _names() -> dict[str, frozenset[str]]:
    """Short form -> the names it stands for."""
    found: dict[str, set[str]] = {}
    for name, forms in _forms().items():
        for form in forms:
            found.setdefault(form, set()).add(name)
    return {form: frozenset(names) for form, names in found.items()}
