"""Leads who have nothing in common: no name, no company, no domain."""

from typing import Any

SYLLABLES = ["ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "zu", "xe"]
COUNTRIES = ("US", "Germany", "United States", "AT", "USA", "Deutschland")
TITLES = ("Head of Sales", "Buyer", "VP Operations", "Engineer", "")


def person(number: int) -> dict[str, Any]:
    """What somebody types into the demo form. The same number is the same person."""
    country = COUNTRIES[number % len(COUNTRIES)]
    first, last, company = _word(number * 31 + 7), _word(number * 7907 + 11), _word(number * 104_729 + 3)
    return {
        "email": f"{first}.{last}{number}@{company}{number}.example",
        "full_name": f"{first.title()} {last.title()}",
        "company": f"{company.title()} Works {number}",
        "country": country,
        "job_title": TITLES[number % len(TITLES)],
        "employee_count": str(20 + number * 37 % 3000),
        "product_interest": "crm suite",
        "message": "We would like to see how this works with our own pipeline, next week if you can.",
        "utm_source": "newsletter",
        "utm_campaign": "autumn",
        "marketing_consent": "true",
    }


def _word(number: int) -> str:
    word = ""
    for _ in range(4):
        number, rest = divmod(number, len(SYLLABLES))
        word += SYLLABLES[rest]
    return word
