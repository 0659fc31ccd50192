"""Whether two people work for the same company."""

from collections.abc import Mapping
from typing import Any

from rapidfuzz import fuzz

from intake.matching.people import Likeness
from intake.values.companies import company_key
from intake.values.facts import company_domain

# Out of 100; "Globex Europe" and "Globex" stay below it.
_CLOSE = 92


def compare_companies(a: Mapping[str, Any], b: Mapping[str, Any]) -> Likeness:
    """By domain or by name without legal form; unknown where one side says nothing, or what they say can
    be both.
    """
    a_domain, b_domain = company_domain(a), company_domain(b)
    a_key, b_key = company_key(a.get("company") or ""), company_key(b.get("company") or "")
    if a_domain and a_domain == b_domain:
        return "same"
    if a_key and b_key:
        if a_key == b_key:
            return "same"
        if _digits(a_key) == _digits(b_key) and fuzz.token_sort_ratio(a_key, b_key) >= _CLOSE:
            return "close"
        # The branch and the whole: Globex and Globex Germany.
        shorter, longer = sorted((a_key.split(), b_key.split()), key=len)
        return "unknown" if longer[: len(shorter)] == shorter else "different"
    if a_domain and b_domain:
        # globex.com and globex.de are often one company, and often not.
        return "unknown" if a_domain.partition(".")[0] == b_domain.partition(".")[0] else "different"
    return "unknown"


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isdigit())
