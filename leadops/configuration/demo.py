"""The demo configuration: the file as shipped, with the address of the sandbox that runs."""

from datetime import datetime
from pathlib import Path

from . import applying, checking

FILE = Path(__file__).resolve().parent.parent / "demo" / "acme.yaml"
BY = "demo"


def apply_demo(*, sandbox_url: str, now: datetime) -> applying.Applied:
    """For an empty database; `sandbox_url` is the address of the sandbox, like http://127.0.0.1:8899."""
    sections = dict(checking.check(FILE.read_text(encoding="utf-8")).sections)
    sections["connections"] = [
        {**connection, "base_url": f"{sandbox_url.rstrip('/')}/{connection['kind']}"}
        for connection in sections["connections"]
    ]
    return applying.apply(sections, by=BY, now=now)
