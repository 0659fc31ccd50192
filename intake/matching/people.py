"""Whether two names can be one person's."""

from collections.abc import Mapping
from typing import Any, Literal

from rapidfuzz.distance import JaroWinkler

from intake.matching.folding import fold_last_name, fold_name
from intake.matching.nicknames import is_nickname_pair, share_a_name

Likeness = Literal["same", "close", "different", "unknown"]

# Jaro-Winkler from which two names may be one with a slip of the pen. Close names alone never merge anybody.
_CLOSE = 0.9
_SHORTEST_FOR_SLIPS = 4


def compare_names(a: Mapping[str, Any], b: Mapping[str, Any]) -> Likeness:
    """The likeness of two people's first and last names; unknown unless both have both.

    Short forms (Bob, Robert) and spellings (Müller, Mueller) are the same; initials, slips and double
    names are close.
    """
    a_first, a_last = fold_name(a.get("first_name") or ""), fold_last_name(a.get("last_name") or "")
    b_first, b_last = fold_name(b.get("first_name") or ""), fold_last_name(b.get("last_name") or "")
    if not (a_first and a_last and b_first and b_last):
        return "unknown"
    found = _together(_compare_first(a_first, b_first), _compare_last(a_last, b_last))
    if found == "different" and a_first == b_last and a_last == b_first:
        # Typed into the wrong boxes.
        return "close"
    return found


def _together(first: Likeness, last: Likeness) -> Likeness:
    if "different" in (first, last):
        return "different"
    return "same" if first == last == "same" else "close"


def _compare_first(a: str, b: str) -> Likeness:
    if a == b or is_nickname_pair(a, b):
        return "same"
    a_words, b_words = a.split(), b.split()
    if a_words[0] == b_words[0]:
        # Mary and Mary Jane: one of them left the second name out. Mary Ann and Mary Jane are two.
        return "same" if 1 in (len(a_words), len(b_words)) else "different"
    a_head, b_head = a_words[0], b_words[0]
    if 1 in (len(a_head), len(b_head)):
        return "close" if a_head[0] == b_head[0] else "different"
    return (
        "close" if share_a_name(a, b) or is_nickname_pair(a_head, b_head) or _is_slip(a, b) else "different"
    )


def _compare_last(a: str, b: str) -> Likeness:
    if a == b or a.replace(" ", "") == b.replace(" ", ""):
        return "same"
    if set(a.split()) & set(b.split()):
        # Double names, of which people use one part.
        return "close"
    if 1 in (len(a), len(b)):
        return "close" if a[0] == b[0] else "different"
    return "close" if _is_slip(a, b) else "different"


def _is_slip(a: str, b: str) -> bool:
    return min(len(a), len(b)) >= _SHORTEST_FOR_SLIPS and JaroWinkler.similarity(a, b) >= _CLOSE
