"""`python -m tests.drills [--crm hubspot|salesforce|both] [--size short|medium|long] [--into FOLDER] [--seed N]`, and what a
size says, each by itself.

Writes drill-report.md and drill-report.json, and ends with 1 if anything was lost, doubled or left behind.
"""

import argparse
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

from tests.drills.drill import CRMS, Drill
from tests.drills.sizes import SIZES


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended
    parser = argparse.ArgumentParser(prog="python -m tests.drills", description=__doc__)
    parser.add_argument("--crm", choices=CRMS, default="hubspot", help="where leads are written")
    parser.add_argument("--size", choices=SIZES, default="short")
    parser.add_argument("--into", type=Path, default=Path("drill-reports"), help="where the report goes")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="the same kills and faults again")
    parser.add_argument("--posts", type=int)
    parser.add_argument("--per-second", type=float)
    parser.add_argument("--kills", type=int)
    parser.add_argument("--quiet", type=float, help="seconds that it may take until nothing is left to do")
    parser.add_argument("--outage", type=float, help="seconds for which each CRM is out of order as a whole")
    parser.add_argument(
        "--deeds", type=int, help="so often people do something with a lead's record in a CRM"
    )
    parser.add_argument("--without", help="leave out faults whose name has this")
    asked = parser.parse_args()
    said = {
        name: getattr(asked, name)
        for name in ("posts", "per_second", "kills", "quiet", "outage", "deeds", "without")
    }
    own = {name: value for name, value in said.items() if value is not None}
    options = {"crm": asked.crm, "size": asked.size, **own, "seed": asked.seed}
    words = [f"--{name.replace('_', '-')} {value}" for name, value in options.items()]
    drill = Drill(
        asked.crm, replace(SIZES[asked.size], **own), asked.seed, " ".join(["python -m tests.drills", *words])
    )
    return 1 if drill.run(asked.into)["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
