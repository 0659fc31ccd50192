"""Languages (ISO 639-1) and time zones (IANA names)."""

import gettext
import re
from functools import cache, lru_cache
from zoneinfo import available_timezones

import pycountry

from intake.values.refusal import ValueRefused
from intake.values.text import one_line, words_of

_TAG = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]+)*", re.IGNORECASE)
_NAMES_IN = ("de", "fr", "es", "it", "nl", "pt")
# How languages call themselves, and short forms that ISO's names lack.
_OWN_NAMES = {
    "deutsch": "de",
    "english": "en",
    "francais": "fr",
    "espanol": "es",
    "castellano": "es",
    "italiano": "it",
    "nederlands": "nl",
    "dutch": "nl",
    "portugues": "pt",
    "polski": "pl",
    "cestina": "cs",
    "dansk": "da",
    "svenska": "sv",
    "norsk": "no",
    "norwegian": "no",
    "suomi": "fi",
    "magyar": "hu",
    "turkce": "tr",
    "greek": "el",
    "spanish": "es",
    "catalan": "ca",
    "chinese": "zh",
    "mandarin": "zh",
    "farsi": "fa",
    "brazilian portuguese": "pt",
    "swiss german": "de",
    "flemish": "nl",
    "hebrew": "he",
    "日本語": "ja",
    "中文": "zh",
}
_ZONE_NAMES = {
    "est": "America/New_York",
    "edt": "America/New_York",
    "et": "America/New_York",
    "eastern time us canada": "America/New_York",
    "eastern standard time": "America/New_York",
    "cst": "America/Chicago",
    "cdt": "America/Chicago",
    "central time us canada": "America/Chicago",
    "central standard time": "America/Chicago",
    "mst": "America/Denver",
    "mdt": "America/Denver",
    "mountain time us canada": "America/Denver",
    "mountain standard time": "America/Denver",
    "pst": "America/Los_Angeles",
    "pdt": "America/Los_Angeles",
    "pt": "America/Los_Angeles",
    "pacific time us canada": "America/Los_Angeles",
    "pacific standard time": "America/Los_Angeles",
    "gmt": "UTC",
    "z": "UTC",
    "bst": "Europe/London",
    "gmt standard time": "Europe/London",
    "cet": "Europe/Berlin",
    "cest": "Europe/Berlin",
    "mez": "Europe/Berlin",
    "mesz": "Europe/Berlin",
    "w europe standard time": "Europe/Berlin",
    "romance standard time": "Europe/Paris",
    "india standard time": "Asia/Kolkata",
    "tokyo standard time": "Asia/Tokyo",
    "china standard time": "Asia/Shanghai",
    "aus eastern standard time": "Australia/Sydney",
}
_OFFSET = re.compile(r"(?:utc|gmt)\s*([+-−–])\s*0?(\d{1,2})(?::?00)?")


@lru_cache(maxsize=1024)
def normalize_language(raw: str) -> str:
    """The two-letter code: "de-AT", "deu", "German" and "Deutsch" are all "de"."""
    text = one_line(raw)
    codes, names = _languages()
    if (tag := _TAG.fullmatch(text)) and (code := codes.get(tag.group(1).lower())):
        return code
    if code := names.get(words_of(text)) or names.get(words_of(text.partition("(")[0])):
        return code
    raise ValueRefused("language_unknown", f"We know no language “{text[:60]}”.")


@lru_cache(maxsize=1024)
def normalize_timezone(raw: str) -> str:
    """The IANA name: "europe/berlin" and "CET" are "Europe/Berlin"; whole-hour offsets become "Etc/GMT-1"."""
    text = one_line(raw)
    zones = _zones()
    if name := zones.get(text.lower().replace(" ", "_")):
        return name
    if name := _ZONE_NAMES.get(words_of(text)):
        return name
    if match := _OFFSET.fullmatch(text.lower()):
        # Etc counts the other way round: Etc/GMT-1 is an hour ahead of Greenwich.
        sign = "-" if match.group(1) == "+" else "+"
        if (name := f"Etc/GMT{sign}{int(match.group(2))}") in available_timezones():
            return name
    raise ValueRefused("timezone_unknown", f"We know no time zone “{text[:60]}”.")


@cache
def _zones() -> dict[str, str]:
    # EST and the like are zones of their own in the database, without daylight saving, which nobody means.
    return {name.lower(): name for name in available_timezones() if words_of(name) not in _ZONE_NAMES}


@cache
def _languages() -> tuple[dict[str, str], dict[str, str]]:
    """(codes of two and three letters -> two-letter code, plain names -> two-letter code)."""
    with_code = [each for each in pycountry.languages if getattr(each, "alpha_2", None)]
    codes = {each.alpha_2: each.alpha_2 for each in with_code}
    for each in with_code:
        codes.update({each.alpha_3: each.alpha_2, getattr(each, "bibliographic", each.alpha_3): each.alpha_2})
    names = {words_of(name): code for name, code in _OWN_NAMES.items()}
    catalogs = [gettext.NullTranslations()] + [
        gettext.translation("iso639-3", pycountry.LOCALES_DIR, languages=[language], fallback=True)
        for language in _NAMES_IN
    ]
    for catalog in catalogs:
        for each in with_code:
            names.setdefault(words_of(catalog.gettext(each.name)), each.alpha_2)
    return codes, names
