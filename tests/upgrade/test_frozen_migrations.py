"""Migrations are only added: one that an installation may have applied is never edited, renamed or removed.

`frozen_migrations.txt` lists the files that have gone out, with their hashes, as `sha256sum` prints them. A release freezes
what it adds: `python -m tests.upgrade.test_frozen_migrations` writes the list anew (docs/howto/upgrade.md).
"""

import hashlib
from pathlib import Path

from tests.structure.repository import BASE, LAYERS

LIST = Path(__file__).with_name("frozen_migrations.txt")


def migrations() -> dict[str, str]:
    """Path below the repository -> SHA-256 of the file."""
    files = (path for layer in LAYERS for path in (BASE / layer / "migrations").glob("[0-9]*.py"))
    return {
        path.relative_to(BASE).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }


def frozen() -> dict[str, str]:
    lines = LIST.read_text(encoding="ascii").splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}


def test_a_migration_that_has_gone_out_is_never_edited_renamed_or_removed():
    now = migrations()
    changed = {name for name, digest in frozen().items() if now.get(name) != digest}
    assert changed == set(), "Put them back as they were, and add a migration for what has to change."


def test_what_has_gone_out_is_on_the_list():
    assert {"intake/migrations/0001_initial.py", "routing/migrations/0010_headings.py"} <= set(frozen())


def freeze() -> None:
    lines = [f"{digest}  {name}\n" for name, digest in sorted(migrations().items())]
    LIST.write_text("".join(lines), encoding="ascii")


if __name__ == "__main__":
    freeze()
