"""Countries, states and postal codes, from the words that people use to ISO's."""

import gettext
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from importlib import resources

import pycountry

from intake.values.refusal import ValueRefused
from intake.values.text import one_line, read_lines, words_of

_LANGUAGES = ("de", "fr", "es", "it", "nl", "pt")
_ISO_STATE_SEPARATOR = "-"


def normalize_country(raw: str) -> str:
    """ISO 3166-1 alpha-2 of a country given by code (two or three letters) or by name, in seven languages."""
    text = one_line(raw)
    if len(text) == 2 and text.isalpha() and text.isascii() and text.upper() in country_codes():
        return text.upper()
    if code := _country_by_words(words_of(text)):
        return code
    raise ValueRefused("country_unknown", f"We know no country “{text[:60]}”.")


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
    """In capitals, with single spaces. A code that came as a number gets back the zeros it lost."""
    text = one_line(raw).upper()
    if was_number and country in _FIVE_DIGITS and text.isdigit():
        return text.zfill(5)
    if country == "GB" and " " not in text and 5 <= len(text) <= 7 and text.isalnum():
        return f"{text[:-3]} {text[-3:]}"
    return text


_FIVE_DIGITS = {"US", "DE", "FR", "IT", "ES", "FI", "MX", "MY", "TR", "UA", "KR", "SA", "EE", "HR"}


@cache
def country_name(code: str) -> str:
    """The English name of a country, for people: "US" -> "United States"."""
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
def _country_by_words(words: str) -> str | None:
    return _country_words().get(words)


@cache
def country_codes() -> frozenset[str]:
    """ISO 3166-1 alpha-2 of all countries."""
    return frozenset(country.alpha_2 for country in pycountry.countries)


@cache
def _country_words() -> dict[str, str]:
    """Plain words -> code. Our own table goes first, then English names, then the other languages."""
    known: dict[str, str] = {}
    for line in read_lines("country_names.txt"):
        code, _, names = line.partition(" ")
        for name in names.split(","):
            known[words_of(name)] = code
    for translate in _translators("iso3166-1"):
        for country in pycountry.countries:
            for name in _names_of_country(country):
                # "Korea, Republic of" is written the other way round as well.
                turned = " ".join(reversed([part.strip() for part in translate(name).split(",")]))
                known.setdefault(words_of(translate(name)), country.alpha_2)
                known.setdefault(words_of(turned), country.alpha_2)
    for country in pycountry.countries:
        known.setdefault(country.alpha_3.lower(), country.alpha_2)
    return known


def _names_of_country(country: object) -> Iterator[str]:
    for attribute in ("name", "common_name", "official_name"):
        if name := getattr(country, attribute, None):
            yield str(name)


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
    for translate in _translators("iso3166-2"):
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


def _translators(domain: str) -> list[Callable[[str], str]]:
    """The English names as they are, then the translations that pycountry brings along."""
    catalogs = [
        gettext.translation(domain, pycountry.LOCALES_DIR, languages=[language], fallback=True)
        for language in _LANGUAGES
    ]
    return [str, *(catalog.gettext for catalog in catalogs)]
