"""What older versions have left behind.

Each file is what `pg_dump --no-owner --no-privileges --no-comments --inserts --rows-per-insert=100` says of an installation
that the version itself has filled through its own writers; lines for psql alone are left out. Version 0.1.0 (18c33c2) ran
from Wednesday 2026-11-11 15:00 UTC to Thursday 16:00 UTC: 34 submissions (3 held, 2 spam, one dismissed), 26 leads, two of
them held until Berlin opens, 24 turns with a give-back, an absence with a backup, a returning lead whose owner is away, an
owner who was switched off and whose leads had not moved, SLA steps done and due, pending outbox rows, waiting notices and
events, links to contacts of a HubSpot sandbox. What stood before 0.2.0 (12db830) is `make_dump.py`'s. Nothing in them is secret.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Dump:
    """`next_working_day`: an instant soon after, when every team is at work. `known`: the address of somebody who has a
    lead. `token`: what a program sent in those days."""

    name: str
    file: Path
    next_working_day: datetime
    known: str
    token: str


DUMPS = [
    Dump(
        name="before_0_2_0",
        file=FOLDER / "before_0_2_0.sql.gz",
        next_working_day=datetime(2026, 11, 16, 15, tzinfo=UTC),
        known="kim.lee@globex.com",
        token="0" * 40,
    ),
    Dump(
        name="version_0_1_0",
        file=FOLDER / "version_0_1_0.sql.gz",
        next_working_day=datetime(2026, 11, 16, 15, tzinfo=UTC),
        known="kim.lee@globex.com",
        token="old-installation-token",
    ),
]
