"""`python -m benchmarks [name ...] [--quick]`: all but the long ones, or those named, each in a process of its own.

Prints a table and writes benchmarks/results/latest.json.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from benchmarks.figures import Figure, table

BENCHMARKS = {
    "submissions": "taking submissions, against a bare DRF insert view",
    "slow_clients": "what slow bodies and idle connections cost everybody else",
    "pipeline": "the pipeline, against one lead per transaction through the ORM",
    "latency": "from submit to the CRM, on the whole stack",
    "rule_index": "the first matching rule, against plain loops",
}
# Only where they are named: minutes each.
LONG = {
    "mirror": "the first load of a large CRM's mirror, and looking people up in it",
    "sustained": "a minute of 50 leads/s into a slow CRM with a limit of calls, against a sync record by record",
    "two_crms": "a minute of 50 leads/s into HubSpot and Salesforce at once, against a sync record by record",
}
KNOWN = BENCHMARKS | LONG
RESULTS = Path(__file__).resolve().parent / "results" / "latest.json"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(KNOWN))
    parser.add_argument("--quick", action="store_true", help="few and short runs: whether it works at all")
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    for name in asked.names:
        if name not in KNOWN:
            parser.error(f"there is no “{name}”; there are {', '.join(KNOWN)}")
    if asked.into:
        figures = import_module(f"benchmarks.{asked.names[0]}").measure(quick=asked.quick)
        asked.into.write_text(json.dumps([one.to_json() for one in figures]))
        return
    results: dict[str, list[Figure]] = {}
    for name in asked.names or BENCHMARKS:
        print(f"{name}: {KNOWN[name]} ...", file=sys.stderr, flush=True)
        results[name] = _measured(name, quick=asked.quick)
    print(table([figure for figures in results.values() for figure in figures]))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(_report(results, quick=asked.quick), indent=2) + "\n")


def _measured(name: str, *, quick: bool) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder) / "figures.json"
        command = [sys.executable, "-m", "benchmarks", name, "--into", str(into)]
        subprocess.run([*command, *(["--quick"] if quick else [])], check=True)
        return [Figure(**one) for one in json.loads(into.read_text())]


def _report(results: dict[str, list[Figure]], *, quick: bool) -> dict[str, object]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": quick,
        "machine": {
            "cores": os.cpu_count(),
            "system": platform.system(),
            "python": platform.python_version(),
            "load_average": os.getloadavg()[0],
        },
        "figures": {name: [one.to_json() for one in figures] for name, figures in results.items()},
    }


if __name__ == "__main__":
    main()
