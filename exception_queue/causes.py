"""What a problem says, made fit for a row; and which problems have one cause."""

import math
import re
from hashlib import blake2b
from typing import Any

# A cause is told in its first words; what a remote sends may be long, and is not worth more time than this.
_TELLING = 1000
# What differs from subject to subject while the cause is the same, the most specific first.
_PARTICULARS = (
    re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
    re.compile(r"[^\s@<>()\"'“”]{1,64}@[^\s@<>()\"'“”]{1,255}"),
    re.compile(r"\b(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{8,}\b"),
    re.compile(r"\b\d+(?:[.,]\d+)*\b"),
)


def fingerprint(cause: str) -> str:
    """Equal for causes that differ only in ids, e-mail addresses, numbers, case and white space (32 hex
    digits).

    Numbers inside a name count: the properties `address1` and `address2` are two causes.
    """
    words = " ".join(cause[:_TELLING].lower().split())
    for particular in _PARTICULARS:
        words = particular.sub("#", words)
    return blake2b(words.encode("utf-8", "replace"), digest_size=16).hexdigest()


def fit(text: str, *, longest: int | None = None) -> str:
    """Text that PostgreSQL takes: no NUL, no half characters, not longer than its column."""
    clean = text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
    return clean if longest is None or len(clean) <= longest else clean[: longest - 1] + "…"


def fit_json(value: Any) -> Any:
    """JSON that PostgreSQL takes, whatever somebody put into a detail; unknown things by their text."""
    match value:
        case None | bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case dict():
            return {fit(str(key)): fit_json(inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [fit_json(inner) for inner in value]
    return fit(str(value))
