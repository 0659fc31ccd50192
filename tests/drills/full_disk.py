"""A disk that fills up under a running installation: what it answers meanwhile, and whether all of it arrives afterwards.

On a small tmpfs, which only root can make; otherwise left out with a word.
"""

import os
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.drills.installation import Installation
from tests.drills.talking import UNANSWERED, Server
from tests.drills.traffic import PATH, Post, strangers

DISK = "600m"
BEFORE, PER_SECOND, FULL_FOR = 40, 5, 15.0
LEFT_OUT = "left out"


def run(folder: Path) -> dict[str, Any]:
    """What was seen, by name."""
    folder.mkdir(parents=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=700", "leadops-drill", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        return {LEFT_OUT: "no small file system can be mounted here (it takes root)"}
    installation = Installation(folder)
    try:
        installation.start()
        installation.keep_running()
        return _filled(installation, folder / "ballast")
    finally:
        installation.end()
        subprocess.run(["umount", "--lazy", str(folder)], check=False, capture_output=True)


def failures(seen: dict[str, Any]) -> list[str]:
    if LEFT_OUT in seen:
        return []
    wrong = [what for what in ("answered 202 and lost", "not handed off") if seen[what]]
    return [
        f"full disk: {what}" for what in [*wrong, *([] if seen["answered 202"] else ["no post was taken"])]
    ]


def _filled(installation: Installation, ballast: Path) -> dict[str, Any]:
    posts = strangers(BEFORE + int(PER_SECOND * FULL_FOR))
    before = Counter(_send(installation, post) for post in posts[:BEFORE])
    _fill(ballast)
    meanwhile, health = Counter[str](), Counter[str]()
    for post in posts[BEFORE:]:
        meanwhile[_send(installation, post)] += 1
        health[_healthy(installation)] += 1
        _fill(ballast)
        time.sleep(1 / PER_SECOND)
    ballast.unlink()
    begin = time.monotonic()
    ready = installation.wait_until_ready()
    answered = [post.submission for post in posts if post.submission]
    until = time.monotonic() + 120
    while (status := _statuses(installation, answered)) != {"handed_off": len(answered)}:
        if time.monotonic() > until:
            break
        time.sleep(1)
    return {
        "posts before": _words(before),
        "posts while full": _words(meanwhile),
        "/healthz while full": _words(health),
        "ready again": ready,
        "answered 202": len(answered),
        "answered 202 and lost": status.get("unknown", 0),
        "not handed off": len(answered) - status.get("handed_off", 0),
        "all handed off after (s)": round(time.monotonic() - begin, 1),
    }


def _fill(ballast: Path) -> None:
    """Whatever is free, to the last byte."""
    with ballast.open("ab", buffering=0) as file:
        for block in (1 << 20, 4096):
            try:
                while True:
                    file.write(os.urandom(1) * block)
            except OSError:
                continue


def _send(installation: Installation, post: Post) -> str:
    try:
        status, answer = Server(installation.port, patience=5).ask(
            "POST", PATH, post.body, Idempotency_Key=post.key
        )
    except UNANSWERED as error:
        return type(error).__name__
    if status == 202:
        post.submission = answer["submission_id"]
    return str(status)


def _healthy(installation: Installation) -> str:
    try:
        return str(Server(installation.port, patience=2).ask("GET", "/healthz")[0])
    except UNANSWERED as error:
        return type(error).__name__


def _statuses(installation: Installation, ids: list[str]) -> dict[str, int]:
    found = Counter[str]()
    for submission in ids:
        try:
            status, answer = installation.api.ask("GET", f"/api/v1/submissions/{submission}")
        except UNANSWERED:
            return {}
        found[answer["status"] if status == 200 else "unknown"] += 1
    return dict(found)


def _words(counts: Counter[str]) -> str:
    return ", ".join(f"{count} × {what}" for what, count in counts.most_common())
