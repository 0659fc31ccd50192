"""Countries, states and postal codes, from the words that people use to ISO's."""

import re
from functools import cache, lru_cache
from importlib import resources

import pycountry

from intake.values.countries import KOSOVO, country_codes, find_country, translators
from intake.values.refusal import ValueRefused
from intake.values.text import one_line, read_lines, words_of

_LONGEST = 120
_ISO_STATE_SEPARATOR = "-"


def normalize_country(raw: str) -> str:
    """ISO 3166-1 alpha-2 (XK for Kosovo) of a country given by code (two or three letters) or by name, as lists write it."""
    text = one_line(raw)
    if code := find_country(text[:_LONGEST], is_state_of=_is_state_of):
        return code
    raise ValueRefused("country_unknown", f"We know no country “{text[:60]}”.")


def _is_state_of(text: str, country: str) -> bool:
    return _state_by_words(words_of(text), country) is not None


def normalize_state(raw: str, *, country: str | None) -> tuple[str, str | None]:
    """(state, its country): "California" or "US-CA" -> ("CA", "US").

    The state is ISO 3166-2's part after the dash. Without a country only "US-CA" can be read. Refused with
    `state_unknown` when the country has no such state, with `state_without_country` when nobody can say.
    """
    text = one_line(raw)
    head, dash, tail = text.upper().partition(_ISO_STATE_SEPARATOR)
    if dash and head in country_codes() and country in (None, head) and tail in _states(head).values():
        return tail, head
    if country is None:
        raise ValueRefused("state_without_country", "Without a country this state can be any of several.")
    states = _states(country)
    if code := _state_by_words(words_of(text), country):
        return code, country
    if not states:
        return text, country
    raise ValueRefused("state_unknown", f"{country_name(country)} has no state “{text[:60]}”.")


def normalize_postal_code(raw: str, *, country: str | None, was_number: bool = False) -> str:
    """In capitals, with single spaces. A code that came as a number, or went through a spreadsheet, gets back the zeros it lost:
    one where it came as text, for a shorter text may be what somebody typed by mistake.
    """
    text = one_line(raw).upper().lstrip("'")
    if as_number := _AS_NUMBER.fullmatch(text):
        text, was_number = as_number.group(1), True
    head, dash, tail = text.partition("-")
    length = _DIGITS.get(country or "", 0)
    if (
        head.isascii()
        and head.isdigit()
        and (not dash or (country == "US" and len(tail) == 4 and tail.isdigit()))
    ):
        if was_number or len(head) == length - 1:
            head = head.zfill(length)
        return f"{head}{dash}{tail}"
    if country == "GB" and " " not in text and 5 <= len(text) <= 7 and text.isalnum():
        return f"{text[:-3]} {text[-3:]}"
    return text


_AS_NUMBER = re.compile(r"(\d+)\.0+")
# How many digits a code has in countries where some begin with 0.
_DIGITS = {
    **dict.fromkeys(
        (
            "US",
            "PR",
            "DE",
            "FR",
            "IT",
            "ES",
            "FI",
            "MX",
            "MY",
            "TR",
            "UA",
            "KR",
            "SA",
            "EE",
            "HR",
            "GR",
            "TH",
            "ID",
        ),
        5,
    ),
    **dict.fromkeys(("AU", "NO", "NZ", "ZA", "DK", "GE", "AM"), 4),
    **dict.fromkeys(("RO", "CN"), 6),
}


@cache
def country_name(code: str) -> str:
    """The English name of a country, for people: "US" -> "United States"."""
    if code == KOSOVO:
        return "Kosovo"
    country = pycountry.countries.get(alpha_2=code)
    return str(getattr(country, "common_name", None) or country.name) if country else code


@cache
def state_name(code: str, country: str) -> str:
    """The English name of a country's state, for people: ("CA", "US") -> "California"; the code itself where there is none."""
    wanted = f"{country}{_ISO_STATE_SEPARATOR}{code}"
    return next((str(each.name) for each in pycountry.subdivisions if each.code == wanted), code)


@cache
def country_of_timezone() -> dict[str, str]:
    """Time zone -> country, for zones that lie in one country (zone.tab of the IANA database)."""
    table = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in table.splitlines() if line and not line.startswith("#")]
    return {row[2]: row[0] for row in rows}


@lru_cache(maxsize=4096)
def _state_by_words(words: str, country: str) -> str | None:
    return _states(country).get(words)


@cache
def _states(country: str) -> dict[str, str]:
    """Plain words and codes -> code (the part after the dash) of one country's subdivisions."""
    codes = {
        each.code.partition(_ISO_STATE_SEPARATOR)[2]: each
        for each in pycountry.subdivisions
        if each.country_code == country
    }
    known = {words_of(code): code for code in codes}
    for translate in translators("iso3166-2"):
        for code, each in codes.items():
            # Names such as "Nordrhein-Westfalen", "Bern [Berne]" or "Genève, Genf".
            for part in translate(each.name).replace("[", ",").replace("]", "").split(","):
                known.setdefault(words_of(part), code)
    for line in read_lines("state_names.txt"):
        full, _, names = line.partition(" ")
        if full.partition(_ISO_STATE_SEPARATOR)[0] == country:
            for name in names.split(","):
                known.setdefault(words_of(name), full.partition(_ISO_STATE_SEPARATOR)[2])
    known.pop("", None)
    return known
