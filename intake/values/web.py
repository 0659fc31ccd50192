"""Websites and domains."""

import re
from functools import cache, lru_cache
from urllib.parse import urlsplit

from publicsuffixlist import PublicSuffixList

from intake.values.refusal import ValueRefused
from intake.values.text import one_line, read_lines

_LABEL = re.compile(r"[^\W_](?:[\w-]*[^\W_])?")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@lru_cache(maxsize=16384)
def registrable_domain(host: str) -> str | None:
    """The part of a host name that somebody registered: mail.globex.co.uk -> globex.co.uk; or None."""
    name = host.strip().strip(".").lower()
    if "." not in name or name.replace(".", "").isdigit():
        return None
    found = _suffixes().privatesuffix(name)
    return found if isinstance(found, str) else None


@lru_cache(maxsize=16384)
def is_shared_domain(host: str) -> bool:
    """Whether many companies have a page at this host, or at one above it: a social network, a builder's or hosting's domain."""
    labels = host.strip().strip(".").lower().split(".")
    shared = _shared_domains()
    return any(".".join(labels[place:]) in shared for place in range(len(labels) - 1))


@cache
def _shared_domains() -> frozenset[str]:
    return frozenset(read_lines("shared_domains.txt"))


def normalize_website(raw: str) -> str:
    """An absolute address with a host in lower case: "Globex.com/" -> "https://globex.com"."""
    text = one_line(raw).replace(" ", "").replace("\\", "/")
    if "@" in text.partition("/")[0]:
        raise ValueRefused("website_is_email", "This is an e-mail address, not a website.")
    if not _SCHEME.match(text):
        text = f"https://{text.lstrip('/')}"
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise ValueRefused("website_invalid", "This is no web address.") from None
    labels = host.split(".")
    if parts.scheme.lower() not in ("http", "https") or not all(map(_LABEL.fullmatch, labels)):
        raise ValueRefused("website_invalid", "This is no web address.")
    if registrable_domain(host) is None:
        raise ValueRefused("website_invalid", "This web address has no domain.")
    path = "" if parts.path == "/" else parts.path
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme.lower()}://{host}{f':{port}' if port else ''}{path}{query}"


def host_of(url: str) -> str | None:
    """The host of an absolute address in lower case, or None."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
