"""Countries by code and by name: CLDR's names in seventy languages, ISO's in seven, and the ways in which lists write them."""

import gettext
import re
from collections.abc import Callable, Iterator
from functools import cache, lru_cache

import pycountry

from intake.values.text import one_line, read_lines, words, words_of

LANGUAGES = ("de", "fr", "es", "it", "nl", "pt")
# Not in ISO 3166-1, and used by the EU, CLDR and libphonenumber.
KOSOVO = "XK"
_BRACKETED = re.compile(r"[(\[](.*?)[)\]]")
_BETWEEN_PARTS = re.compile(r"\s*[,:/|•]\s*|\s+[-–—]\s+|(?<=^[A-Za-z]{2})-(?=\S)")
_FLAG_LETTER = 0x1F1E6
# Words that lists put in, leave out and shorten.
_SMALL = words(
    "the and und et y e i en og och ja a of la le les el los die der das de du des di da do dos del sar"
)
_LONG = {
    "rep": "republic", "dem": "democratic", "st": "saint", "ste": "saint", "is": "islands", "isl": "islands", "fed": "federated",
    "utd": "united", "repub": "republic", "herz": "herzegovina", "s": "south", "n": "north",
}  # fmt: skip
_FORMS_OF_STATE = words(
    """
    republic republik republique republica repubblica republiek kingdom state states federation federal socialist islamic
    people peoples democratic arab commonwealth
    """
)
# Parts that others count as theirs and that lists put in brackets behind them.
_PARTS_OF = {
    "CN": ("HK", "MO", "TW"),
    "US": ("PR", "GU", "VI", "AS", "MP"),
    "FR": ("RE", "GP", "MQ", "GF", "YT", "NC", "PF"),
}


@cache
def country_codes() -> frozenset[str]:
    """ISO 3166-1 alpha-2 of all countries, and Kosovo's."""
    return frozenset(country.alpha_2 for country in pycountry.countries) | {KOSOVO}


@lru_cache(maxsize=4096)
def find_country(text: str, *, is_state_of: Callable[[str, str], bool]) -> str | None:
    """The alpha-2 code of a country as somebody wrote it, or None. `is_state_of` says whether a text is a state of a country."""
    text = one_line(text)
    if code := _of_one(text):
        return code
    inside = [part for part in _BRACKETED.findall(text) if part.strip()]
    outside = _BRACKETED.sub(" ", text).strip()
    if inside and (code := _of_one(outside) if outside else _of_one(inside[0])):
        # "United States (US)", "Germany (Deutschland)", "USA (Virginia)"; of "China (Hong Kong)" it is the part.
        part = _of_one(inside[0])
        return part if part in _PARTS_OF.get(code, ()) else code
    parts = [part for part in _BETWEEN_PARTS.split(outside if inside else text) if part]
    return _of_parts(parts, is_state_of) if len(parts) > 1 else None


def _of_parts(parts: list[str], is_state_of: Callable[[str, str], bool]) -> str | None:
    """ "US - United States", "Virginia, USA", "Munich, Germany": the only country of them, or the one whose state another is."""
    found = {part: code for part in parts if (code := _of_one(part))}
    codes = set(found.values())
    if len(codes) == 1:
        return codes.pop()
    holding = {
        code
        for part, code in found.items()
        if all(other == part or found[other] == code or is_state_of(other, code) for other in found)
    }
    return holding.pop() if len(holding) == 1 else None


def _of_one(text: str) -> str | None:
    if len(text) == 2 and text.isalpha() and text.isascii() and text.upper() in country_codes():
        return text.upper()
    flag = [chr(ord(char) - _FLAG_LETTER + ord("A")) for char in text if 0 <= ord(char) - _FLAG_LETTER < 26]
    rest = "".join(char for char in text if not 0 <= ord(char) - _FLAG_LETTER < 26).strip()
    if len(flag) == 2 and (not rest or _of_one(rest) == "".join(flag)):
        return "".join(flag) if "".join(flag) in country_codes() else None
    said = words_of(text)
    if len(said) < 2 and said.isascii():
        return None
    if code := _names().get(said):
        return code
    # "US United States": a code in front or behind of a name that says the same.
    head, _, tail = said.partition(" ")
    for code, name in ((head, tail), (said.rpartition(" ")[2], said.rpartition(" ")[0])):
        if name and code.upper() in country_codes() and _by_words(name) == code.upper():
            return code.upper()
    return _by_words(said)


def _by_words(said: str) -> str | None:
    """Whatever the order of the words, however short, and without the form of state where that leaves a name."""
    if code := _names().get(said):
        return code
    kept = _kept(said)
    if code := _sorted_names().get(kept):
        return code
    bare = tuple(word for word in kept if word not in _FORMS_OF_STATE)
    return _sorted_names().get(bare) if bare and bare != kept else None


def _kept(said: str) -> tuple[str, ...]:
    return tuple(sorted(_LONG.get(word, word) for word in said.split() if word not in _SMALL))


@cache
def _sorted_names() -> dict[tuple[str, ...], str | None]:
    """Words in order of the alphabet -> code; None for those that are two countries'."""
    found: dict[tuple[str, ...], str | None] = {}
    for said, code in _names().items():
        if (kept := _kept(said)) and found.setdefault(kept, code) != code:
            found[kept] = None
    return found


@cache
def _names() -> dict[str, str]:
    """Plain words -> code. Our own table goes first, then ISO's English names and codes, then CLDR's and ISO's translations."""
    known: dict[str, str] = {}
    for line in read_lines("country_names.txt"):
        code, _, names = line.partition(" ")
        for name in names.split(","):
            known[words_of(name)] = code
    for translate in translators("iso3166-1"):
        for country in pycountry.countries:
            for name in _names_of_country(country):
                known.setdefault(words_of(translate(name)), country.alpha_2)
        if translate is str:
            for country in pycountry.countries:
                known.setdefault(country.alpha_3.lower(), country.alpha_2)
            for line in read_lines("cldr_countries.txt"):
                code, _, listed = line.partition(" ")
                for name in listed.split("|"):
                    known.setdefault(words_of(name), code)
    # A single letter is somebody's slip, though it is a country's name in Vietnam.
    return {words: code for words, code in known.items() if len(words) > 1 or not words.isascii()}


def _names_of_country(country: object) -> Iterator[str]:
    for attribute in ("name", "common_name", "official_name"):
        if name := getattr(country, attribute, None):
            yield str(name)


def translators(domain: str) -> list[Callable[[str], str]]:
    """The English names as they are, then the translations that pycountry brings along."""
    catalogs = [
        gettext.translation(domain, pycountry.LOCALES_DIR, languages=[language], fallback=True)
        for language in LANGUAGES
    ]
    return [str, *(catalog.gettext for catalog in catalogs)]
