"""What an outsider can know of an installation: its API and the mails that it has sent."""

import email
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.drills.talking import Server

READERS = 4
BETWEEN_MAILS = "-" * 79
_LEAD = re.compile(r"/lead/([0-9a-f-]{36})/")
Story = tuple[list[Any], list[Any]]
"""Timeline and owners of a lead."""


@dataclass(frozen=True, slots=True)
class Mail:
    """`lead` is the id in its link, "" where the mail was cut off."""

    kind: str
    lead: str
    to: str
    message_id: str


def submissions(api: Server, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """By id; those that are not known are missing."""

    def one(submission: str) -> tuple[str, Any]:
        return submission, api.get(f"/api/v1/submissions/{submission}", missing={})

    with ThreadPoolExecutor(READERS) as pool:
        return {key: found for key, found in pool.map(one, ids) if found}


def leads(api: Server) -> dict[str, dict[str, Any]]:
    """By id."""
    return {lead["id"]: lead for lead in _pages(api, "/api/v1/leads?page_size=200")}


def exceptions(api: Server, *, status: str = "") -> list[dict[str, Any]]:
    """Settled ones too, unless `status` says which."""
    only = f"&status={status}" if status else ""
    return list(_pages(api, f"/api/v1/exceptions?page_size=200{only}"))


def stories(api: Server, ids: Iterable[str]) -> dict[str, Story]:
    """Of each of these leads."""

    def one(lead: str) -> tuple[str, Story]:
        there = f"/api/v1/leads/{lead}"
        return lead, (api.get(f"{there}/timeline"), api.get(f"{there}/assignments"))

    with ThreadPoolExecutor(READERS) as pool:
        return dict(pool.map(one, ids))


def mails(folder: Path) -> Iterator[Mail]:
    for file in folder.glob("*"):
        for text in file.read_text(encoding="utf-8", errors="replace").split(BETWEEN_MAILS):
            if text.strip():
                message = email.message_from_string(text.lstrip())
                body = message.get_payload(decode=True)
                link = _LEAD.search(body.decode(errors="replace") if isinstance(body, bytes) else "")
                subject = str(email.header.make_header(email.header.decode_header(message["Subject"] or "")))
                yield Mail(
                    subject.partition(":")[0],
                    link[1] if link else "",
                    message["To"] or "",
                    message["Message-ID"] or "",
                )


def _pages(api: Server, path: str) -> Iterator[dict[str, Any]]:
    while path:
        page = api.get(path)
        yield from page["results"]
        following = page["next"] or ""
        path = following[following.index("/api/") :] if following else ""
