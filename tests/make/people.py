"""People who fill in a form, as its fields."""

from collections.abc import Callable
from typing import Any

SYLLABLES = ["ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "zu", "xe"]


def person(**values: Any) -> dict[str, Any]:
    """What somebody from Germany who wants a demo types into the form."""
    return {
        "email": "jana.weiss@beispiel-werke.example",
        "full_name": "Jana Weiß",
        "company": "Beispiel Werke GmbH",
        "country": "Deutschland",
        "employee_count": "900",
        **values,
    }


def american(**values: Any) -> dict[str, Any]:
    """Somebody whose lead goes to the AMER rotation."""
    return person(
        **{
            "email": "tom.small@bigcorp.example",
            "full_name": "Tom Small",
            "company": "Bigcorp",
            "country": "US",
            **values,
        }
    )


def crowd(count: int, maker: Callable[..., dict[str, Any]] = american, **values: Any) -> list[dict[str, Any]]:
    """So many people who have nothing in common: no name, no company, no domain."""
    return [
        maker(
            **{
                "email": f"{_word(number)}@{_word(number * 7919 + 5)}.example",
                "full_name": f"{_word(number * 31 + 7).title()} {_word(number * 7907 + 11).title()}",
                "company": f"{_word(number * 104729 + 3).title()} Works",
                **values,
            }
        )
        for number in range(count)
    ]


def _word(number: int) -> str:
    word = ""
    for _ in range(4):
        number, rest = divmod(number, len(SYLLABLES))
        word += SYLLABLES[rest]
    return word
