"""What a remote has said, out of the shapes that APIs, proxies and web pages use."""

import json as jsonlib
import re
from html import unescape
from typing import Any

LONGEST_WORDS = 2000


def parsed(text: str, kind: str) -> tuple[Any, bool]:
    """The JSON of an answer, and whether it is one that an API gives (empty, JSON, or plain text of another kind)."""
    if not text.strip():
        return None, True
    if kind.endswith("json") or text.lstrip()[:1] in ("{", "["):
        try:
            return jsonlib.loads(text), True
        except ValueError:
            return None, False
    return None, not is_page(text, kind)


def is_page(text: str, kind: str) -> bool:
    return kind in ("text/html", "application/xhtml+xml") or text.lstrip()[:14].lower().startswith(
        ("<!doctype html", "<html")
    )


def words(body: Any, text: str, kind: str) -> str:
    """The remote's own words, out of the shapes that CRMs and proxies use."""
    if body is not None:
        said = _said(body) or text
    elif is_page(text, kind):
        title = re.search(r"<(title|h1)[^>]*>(.*?)</\1>", text, re.IGNORECASE | re.DOTALL)
        said = f"{unescape(title[2])} (a web page)" if title else "a web page"
    else:
        said = text
    return re.sub(r"\s+", " ", said).strip()[:LONGEST_WORDS]


def _said(body: Any) -> str:
    match body:
        case str():
            return body
        case [first, *_]:
            return _said(first)
        case dict():
            for key in ("message", "detail", "error_description", "error", "title", "errors"):
                if said := _said(body.get(key)):
                    return said
    return ""
