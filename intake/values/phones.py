"""Phone numbers in E.164 (+12125550100), by the rules of libphonenumber."""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

from intake.values.refusal import ValueRefused
from intake.values.text import without_invisible

_SEQUENCES = ("1234567890", "0123456789", "123456789", "9876543210", "12345678")
# As spreadsheets write a number, and as they shorten it.
_AS_NUMBER = re.compile(r"(\+?\d{6,})\.0+")
_AS_POWER = re.compile(r"\d(?:\.\d+)?e\+?\d{1,2}", re.IGNORECASE)
# Digits behind a plus that was eaten. Shorter ones, and those with anything between, are as likely somebody's national number.
_SHORTEST_ABROAD = 11
_BETWEEN_NUMBERS = re.compile(
    r"\s*(?:[;,|\n]|\s/\s|//|\s(?:or|oder|ou|o|und|and|et|y|bzw\.?)\s)\s*", re.IGNORECASE
)
_MOST_NUMBERS = 6
_MEXICO = 52


@dataclass(frozen=True, slots=True)
class Phone:
    """`number` is E.164; `is_assigned` says whether its prefix is in use: fictitious numbers such as +1
    212 555 are not. `others` are further numbers that were given, in E.164."""

    number: str
    is_assigned: bool
    others: tuple[str, ...] = ()


@lru_cache(maxsize=4096)
def normalize_phone(raw: str, *, region: str | None) -> Phone:
    """The number, read as dialled in `region` (ISO 3166-1 alpha-2) unless it starts with + or the region's way out.

    Extensions are cut off. A number of the right length is taken even if no such prefix is in use yet. Of several numbers the
    first that can be read counts.
    """
    text = _tidy(raw)
    number = _read(text, region)
    others: list[str] = []
    if number is None:
        parts = [part for part in _BETWEEN_NUMBERS.split(text, maxsplit=_MOST_NUMBERS) if part]
        found = [one for part in parts if (one := _read(_tidy(part), region))] if len(parts) > 1 else []
        if not found:
            where = f"in {region}" if region else "without a country"
            raise ValueRefused("phone_invalid", f"This is no phone number {where}.")
        number, *rest = found
        others = [_format(one) for one in rest if one != number]
    digits = str(number.national_number)
    if len(set(digits)) <= 1 or digits in _SEQUENCES:
        raise ValueRefused("phone_placeholder", "These digits only fill the field.")
    return Phone(_format(number), phonenumbers.is_valid_number(number), tuple(dict.fromkeys(others)))


@lru_cache(maxsize=4096)
def phone_country(number: str) -> str | None:
    """The country (ISO 3166-1 alpha-2) of an E.164 number; None where it has none (+800)."""
    parsed = _parse(number, None)
    code = phonenumbers.region_code_for_number(parsed) if parsed else None
    return code if code and len(code) == 2 and code.isalpha() else None


def _tidy(raw: str) -> str:
    # An apostrophe in front keeps a spreadsheet from making a number of it.
    text = without_invisible(raw).strip().lstrip("'’`").strip()
    if _AS_POWER.fullmatch(text):
        # Digits that are not there were lost, and are not made up.
        written = Decimal(text)
        digits = len(written.as_tuple().digits)
        return str(int(written)) if digits == written.adjusted() + 1 else ""
    if plain := _AS_NUMBER.fullmatch(text):
        text = plain.group(1)
    typed = [char for char in text if char.isdigit()]
    if len(typed) > 5 and len(set(typed)) == 1:
        raise ValueRefused("phone_placeholder", "These digits only fill the field.")
    return text


def _read(text: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    if text[:1] in ("+", "＋"):
        return _parse(text, None)
    if region is None:
        if text.startswith("00"):
            # 00 is not everywhere the way out of the country, but it is what people write.
            return _parse(f"+{text[2:]}", None)
        return _without_its_plus(text, None)
    number = _parse(text, region)
    if number is None and text.startswith("00"):
        return _parse(f"+{text[2:]}", None)
    return _without_its_plus(text, number, region=region)


def _without_its_plus(
    text: str, national: phonenumbers.PhoneNumber | None, *, region: str | None = None
) -> phonenumbers.PhoneNumber | None:
    """The number behind a plus that a spreadsheet, JSON or a form has eaten, else the national reading.

    The country's own calling code counts also where the digits could be a national number that nobody has: one without the
    zero that is dialled in front of it. For another country it takes plain digits, enough of them, that nobody would write so
    in China or Brazil, whose numbers are as long.
    """
    if not text[:1].isdigit() or text.startswith("0"):
        return national
    digits = "".join(char for char in text if char.isdigit())
    if region is not None and (code := phonenumbers.country_code_for_region(region)):
        ours = _valid(f"+{digits}") if digits.startswith(str(code)) else None
        if ours and ours.country_code == code and (national is None or _lacks_its_zero(national, region)):
            return ours
    if national is not None:
        return national
    if len(digits) < _SHORTEST_ABROAD or not text.isdigit():
        return None
    if region is None and any(_valid(digits, elsewhere) for elsewhere in ("CN", "BR")):
        return None
    return _valid(f"+{digits}")


def _lacks_its_zero(number: phonenumbers.PhoneNumber, region: str) -> bool:
    """Whether a national reading is one that nobody writes: with a trunk prefix in the country, and without one here."""
    prefix = phonenumbers.ndd_prefix_for_region(region, True)
    if not prefix or number.italian_leading_zero:
        return False
    return not str(number.national_number).startswith(prefix)


def _valid(text: str, region: str | None = None) -> phonenumbers.PhoneNumber | None:
    number = _parse(text, region)
    return number if number is not None and phonenumbers.is_valid_number(number) else None


def _parse(text: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        return None
    national = str(number.national_number)
    if number.country_code == _MEXICO and len(national) == 11 and national.startswith("1"):
        # Since 2019 mobile numbers there have no 1 any more; messengers and old records still write it.
        number = phonenumbers.PhoneNumber(country_code=_MEXICO, national_number=int(national[1:]))
    # Without an area code a number is possible only from within the area.
    reason = phonenumbers.is_possible_number_with_reason(number)
    return number if reason == ValidationResult.IS_POSSIBLE else None


def _format(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
