"""Phone numbers in E.164 (+12125550100), by the rules of libphonenumber."""

from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

from intake.values.refusal import ValueRefused

_SEQUENCES = ("1234567890", "0123456789", "123456789", "9876543210", "12345678")


@dataclass(frozen=True, slots=True)
class Phone:
    """`number` is E.164; `is_assigned` says whether its prefix is in use: fictitious numbers such as +1
    212 555 are not."""

    number: str
    is_assigned: bool


@lru_cache(maxsize=4096)
def normalize_phone(raw: str, *, region: str | None) -> Phone:
    """The number, read as dialled in `region` (ISO 3166-1 alpha-2) unless it starts with + or 00.

    Extensions are cut off. A number of the right length is taken even if no such prefix is in use yet.
    """
    text = raw.strip()
    if text.startswith("00"):
        # 00 is not everywhere the way out of the country, but it is what people write.
        text = f"+{text[2:]}"
    typed = [char for char in text if char.isdigit()]
    if len(typed) > 5 and len(set(typed)) == 1:
        raise ValueRefused("phone_placeholder", "These digits only fill the field.")
    number = _parse(text, region)
    if number is None and text[:1].isdigit() and not text.startswith("0"):
        # A spreadsheet or a JSON number has eaten the plus: it counts only if the result is a number in use.
        candidate = _parse(f"+{text}", None)
        number = candidate if candidate and phonenumbers.is_valid_number(candidate) else None
    if number is None:
        where = f"in {region}" if region else "without a country"
        raise ValueRefused("phone_invalid", f"This is no phone number {where}.")
    digits = str(number.national_number)
    if len(set(digits)) <= 1 or digits in _SEQUENCES:
        raise ValueRefused("phone_placeholder", "These digits only fill the field.")
    formatted = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return Phone(formatted, phonenumbers.is_valid_number(number))


@lru_cache(maxsize=4096)
def phone_country(number: str) -> str | None:
    """The country (ISO 3166-1 alpha-2) of an E.164 number; None where it has none (+800)."""
    parsed = _parse(number, None)
    code = phonenumbers.region_code_for_number(parsed) if parsed else None
    return code if code and len(code) == 2 and code.isalpha() else None


def _parse(text: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        return None
    # Without an area code a number is possible only from within the area.
    reason = phonenumbers.is_possible_number_with_reason(number)
    return number if reason == ValidationResult.IS_POSSIBLE else None
