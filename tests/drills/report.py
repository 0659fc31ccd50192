"""The written report: Markdown for people, JSON with all of it."""

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.drills.installation import BASE
from tests.drills.traffic import Post

PERCENTILES = (0.5, 0.95, 0.99, 1.0)


def latencies(posts: Sequence[Post]) -> dict[str, dict[str, float]]:
    """Milliseconds of the answer that took each post, and seconds from when it was due until then."""
    answered = [post for post in posts if post.submission]
    return {
        "answer (ms)": _percentiles([post.answered_in * 1000 for post in answered]),
        "due until answered (s)": _percentiles([post.waited for post in answered]),
    }


def machine() -> dict[str, Any]:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=BASE, capture_output=True, text=True, check=False
    )
    return {
        "commit": commit.stdout.strip(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "load before": round(os.getloadavg()[0], 1),
    }


def write(result: Mapping[str, Any], folder: Path) -> Path:
    """Writes drill-report.json and drill-report.md; the latter's path."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "drill-report.json").write_text(
        json.dumps(result, indent=1, ensure_ascii=False, default=str) + "\n", encoding="utf-8"
    )
    page = folder / "drill-report.md"
    page.write_text(_page(result), encoding="utf-8")
    return page


def _page(result: Mapping[str, Any]) -> str:
    size, findings = result["size"], result["findings"]
    kills = sum(result["kills"].values())
    lines = [
        "# Drill report",
        "",
        f"{result['verdict']}",
        "",
        f"{size['posts']:,} posts at {size['per_second']:g} a second from {size['clients']} clients, {kills} × `kill -9`, "
        f"{len(result['faults'])} faults; {result['at']}, commit {result['machine']['commit'] or 'unknown'}, "
        f"{result['machine']['cores']} cores (load {result['machine']['load before']} before). "
        f"`{result['command']}`. [How to read and repeat it](howto/drill.md).",
        "",
        "## What should be zero",
        "",
        *_table(["", "found"], [[what, count] for what, count in findings["wrong"].items()]),
        "## What there is",
        "",
        *_table(["", "count"], [[what, f"{count:,}"] for what, count in findings["counts"].items()]),
    ]
    if findings["examples"]:
        lines += ["## Examples", ""]
        for what, examples in findings["examples"].items():
            lines += [f"- {what}:", *(f"  - `{each[:300]}`" for each in examples)]
        lines += [""]
    lines += [
        "## Fairness",
        "",
        *_table(
            ["rule: owner", "weight", "got", "due"],
            [[who, row["weight"], row["got"], row["due"]] for who, row in findings["fairness"].items()],
        ),
        "## Time",
        "",
        *_table(
            ["", "p50", "p95", "p99", "longest"],
            [[what, *row.values()] for what, row in result["latencies"].items()]
            + [
                [f"{step.replace('_', ' ')} (s)", row["p50"], row["p95"], row["p99"], ""]
                for step, row in findings["steps"].items()
            ],
        ),
        f"Last post answered {result['seconds']['posting']:.0f} s after the first; "
        + (
            f"quiet {result['seconds']['quiet']:.0f} s later: nothing due, waiting or open."
            if result["seconds"]["quiet"] is not None
            else f"**not quiet after {size['quiet']:.0f} s**: {result['left']}."
        ),
        "",
        "Answers to posts: "
        + ", ".join(f"{count:,} × {what}" for what, count in result["answers"].items())
        + ".",
        "",
        "## Kills",
        "",
        *_table(["process", "kill -9"], [[kind, count] for kind, count in result["kills"].items()]),
        f"Launchers started again: {result['restarts']}."
        + (f" Not there to be killed: {', '.join(result['missed'])}." if result["missed"] else ""),
        "",
        "## People in CRMs",
        "",
        *_table(["a lead's record was", "times"], [[what, count] for what, count in result["deeds"].items()]),
        *_webhooks(result["webhooks"]),
        "",
        "## Faults",
        "",
        *_table(
            ["after (s)", "fault", "lasted (s)", "seen"],
            [[one["at"], one["name"], one["seconds"], one["seen"]] for one in result["faults"]],
        ),
        "## Exceptions",
        "",
        *_table(
            ["kind", "items", "times", "left open"],
            [[kind, row["items"], row["times"], row["left"]] for kind, row in findings["exceptions"].items()],
        ),
    ]
    if result.get("full_disk"):
        lines += ["## Full disk", "", *_table(["", ""], [list(pair) for pair in result["full_disk"].items()])]
    return "\n".join(lines).rstrip() + "\n"


def _webhooks(told: Mapping[str, int] | None) -> list[str]:
    if told is None:
        return []
    return [
        f"HubSpot's webhooks: {told['batches']:,} batches, each told twice within five seconds in an order by chance: "
        f"{told['told']:,} received.",
        "",
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    if not rows:
        return ["None.", ""]
    cells = [[_cell(each) for each in row] for row in rows]
    return [
        f"| {' | '.join(head)} |",
        f"|{'---|' * len(head)}",
        *(f"| {' | '.join(row)} |" for row in cells),
        "",
    ]


def _cell(value: Any) -> str:
    return "" if value is None else str(value).replace("|", "\\|").replace("\n", " ")


def _percentiles(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values) or [0.0]
    return {
        f"p{share * 100:g}": round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)
        for share in PERCENTILES
    }
