"""From what a form said to what a lead says: every canonical value checked and brought into one shape."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isnan
from typing import Any

from intake.canonical import CANONICAL_FIELDS, SEPARATOR, CanonicalField, label_of
from intake.notes import Note
from intake.values import places
from intake.values.choices import normalize_boolean
from intake.values.companies import normalize_company
from intake.values.languages import normalize_language, normalize_timezone
from intake.values.mailboxes import normalize_email, several_addresses
from intake.values.meant import stands_in, unescaped, without_percent_codes
from intake.values.moments import normalize_datetime
from intake.values.numbers import normalize_integer
from intake.values.people import join_name, normalize_name, split_full_name
from intake.values.phones import normalize_phone
from intake.values.refusal import ValueRefused
from intake.values.text import (
    alias_key,
    many_lines,
    one_line,
    says_nothing,
    unfit_in,
    without_controls,
    without_invisible,
)
from intake.values.web import normalize_website

# Addresses are judged as they were sent; a refusal for what is in them has this code.
CONTACT_FIELDS = frozenset({"email", "phone"})
UNFIT = "unfit_characters"
_NAMES = frozenset({"first_name", "last_name", "full_name", "company", "job_title", "city"})


@dataclass(slots=True)
class Normalized:
    """`values` by canonical name (str, int, bool or an aware UTC datetime); `raw` what was given, where
    it differs."""

    values: dict[str, Any] = field(default_factory=dict)
    raw: dict[str, Any] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    def note(self, name: str, code: str, message: str, raw: Any) -> None:
        self.notes.append(Note(name, code, message, raw))


class FoldedAliases(dict[str, dict[str, str]]):
    """Value aliases with their keys folded, so that a batch folds them once. Made by `fold_aliases`."""


def fold_aliases(aliases: Mapping[str, Mapping[str, str]]) -> FoldedAliases:
    """Aliases (field -> raw -> canonical) ready for many calls of `normalize_values`."""
    if isinstance(aliases, FoldedAliases):
        return aliases
    return FoldedAliases(
        {
            name: {alias_key(raw): canonical for raw, canonical in table.items()}
            for name, table in aliases.items()
        }
    )


def normalize_values(
    values: Mapping[str, Any], *, aliases: Mapping[str, Mapping[str, str]], default_region: str | None
) -> Normalized:
    """Normalize canonical values; a value that cannot be used is left out with a note, and never raises.

    A country is read first, as phone, state and postal code depend on it. Without a country a phone is read
    as dialled in the country of the time zone, else in `default_region` (ISO 3166-1 alpha-2). A full name is
    split into parts that are missing, and made of them.
    """
    result = Normalized()
    folded = fold_aliases(aliases)
    for name in _order(values):
        raw = values[name]
        if (value := _single(name, raw, result, folded.get(name, {}))) is None:
            continue
        try:
            if isinstance(value, str):
                value = _checked(name, value, result)
            found = _NORMALIZERS[name](value, result, CANONICAL_FIELDS[name], default_region)
        except ValueRefused as refused:
            result.note(name, refused.code, refused.message, raw)
            result.raw[name] = raw
            continue
        if found is None:
            continue
        result.values[name] = found
        # White space around a value is nothing that anybody wants to see again.
        if type(found) is not type(raw) or found != (raw.strip() if isinstance(raw, str) else raw):
            result.raw[name] = raw
    _complete_names(result)
    return result


def _checked(name: str, text: str, result: Normalized) -> str:
    """The text as it may be read: addresses as they are or not at all, other values without control characters.

    Whatever is taken out of an address makes another mailbox of it; a name on two lines is still the name.
    """
    if name in CONTACT_FIELDS:
        text = without_invisible(text)
        if unfit := unfit_in(text):
            raise ValueRefused(UNFIT, f"{label_of(name)} has {unfit} in it. Send it again without.")
        return text
    cleaned = without_controls(text)
    if cleaned != text:
        result.note(name, "control_characters", "Control characters became spaces.", text)
    return cleaned


def _order(values: Mapping[str, Any]) -> list[str]:
    first = [name for name in ("country", "timezone") if name in values]
    return first + [name for name in values if name in _NORMALIZERS and name not in first]


def _single(name: str, raw: Any, result: Normalized, aliases: Mapping[str, str]) -> Any:
    """One value of what may be a list of several, as it was meant; None if nothing was said."""
    if not isinstance(raw, (list, tuple)):
        return _meant(name, raw, result, aliases)
    found = [_meant(name, part, result, aliases) for part in raw if isinstance(part, (str, int, float))]
    parts = list(dict.fromkeys(part for part in found if part is not None))
    spec = CANONICAL_FIELDS[name]
    if len(parts) < 2:
        return parts[0] if parts else None
    if spec.kind == "boolean":
        return _any_yes(parts)
    if spec.several or name in ("email", "phone"):
        return SEPARATOR.join(map(str, parts))
    if name == "message":
        return "\n".join(map(str, parts))
    # A hidden field has its default first; what somebody filled in comes after it.
    result.note(name, "several_values", "Several values were sent; the last one counts.", raw)
    return parts[-1]


def _any_yes(parts: list[Any]) -> Any:
    """A check box is sent as a hidden no and a yes behind it when it is ticked: any yes is one."""
    for part in parts:
        try:
            if normalize_boolean(part):
                return True
        except ValueRefused:
            continue
    return parts[-1]


def _meant(name: str, raw: Any, result: Normalized, aliases: Mapping[str, str]) -> Any:
    """A value without what programs made of its characters; None for what stands for no answer."""
    if not isinstance(raw, str):
        return None if isinstance(raw, float) and isnan(raw) else raw
    text = unescaped(raw)
    if CANONICAL_FIELDS[name].group == "attribution" and CANONICAL_FIELDS[name].kind == "text":
        text = without_percent_codes(text)
    bare = without_invisible(text).strip()
    if not bare or says_nothing(bare):
        return None
    if name != "message" and stands_in(bare, is_name=name in _NAMES):
        result.note(name, "stand_in", f"“{one_line(bare)[:60]}” stands for no answer.", raw)
        return None
    return aliases.get(alias_key(text), text)


Normalizer = Callable[[Any, Normalized, CanonicalField, str | None], Any]


def _text_of(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueRefused("not_text", "This is no text.")
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _fitting(text: str, result: Normalized, field: CanonicalField, raw: Any) -> str | None:
    if field.max_length and len(text) > field.max_length:
        result.note(field.name, "cut", f"Only the first {field.max_length:,} characters are kept.", raw)
        text = text[: field.max_length].rstrip()
    return text or None


def _text(value: Any, result: Normalized, field: CanonicalField, region: str | None) -> str | None:
    return _fitting(one_line(_text_of(value)), result, field, value)


def _long_text(value: Any, result: Normalized, field: CanonicalField, region: str | None) -> str | None:
    return _fitting(many_lines(_text_of(value)), result, field, value)


def _name(value: Any, result: Normalized, field: CanonicalField, region: str | None) -> str | None:
    return _fitting(normalize_name(_text_of(value)), result, field, value)


def _company(value: Any, result: Normalized, field: CanonicalField, region: str | None) -> str | None:
    return _fitting(normalize_company(_text_of(value)), result, field, value)


def _email(value: Any, result: Normalized, field: CanonicalField, region: str | None) -> str:
    text = _text_of(value)
    if several_addresses(text):
        result.note(
            field.name, "several_addresses", "Several addresses were given; the first one counts.", value
        )
    return normalize_email(text)


_LONGEST_PHONE = 128


def _phone(value: Any, result: Normalized, field: CanonicalField, region: str | None) -> str:
    country = result.values.get("country") or _country_of_zone(result) or region
    phone = normalize_phone(_text_of(value)[:_LONGEST_PHONE], region=country)
    if phone.others:
        others = ", ".join(phone.others)
        result.note(
            field.name, "several_numbers", f"More numbers were given: {others}. The first one counts.", value
        )
    if not phone.is_assigned:
        result.note(field.name, "phone_unassigned", "No such phone number is known to be in use.", value)
    return phone.number


def _country_of_zone(result: Normalized) -> str | None:
    zone = result.values.get("timezone")
    return places.country_of_timezone().get(zone) if zone else None


def _country(value: Any, result: Normalized, field: CanonicalField, region: str | None) -> str:
    return places.normalize_country(_text_of(value))


def _state(value: Any, result: Normalized, field: CanonicalField, region: str | None) -> str | None:
    text = _text_of(value)
    try:
        state, country = places.normalize_state(text, country=result.values.get("country"))
    except ValueRefused as refused:
        # A state we cannot place is still worth reading.
        result.note(field.name, refused.code, refused.message, value)
        return _fitting(one_line(text), result, field, value)
    if country and "country" not in result.values:
        result.values["country"] = country
    return _fitting(state, result, field, value)


def _postal_code(value: Any, result: Normalized, field: CanonicalField, region: str | None) -> str | None:
    country = result.values.get("country")
    code = places.normalize_postal_code(
        _text_of(value), country=country, was_number=not isinstance(value, str)
    )
    return _fitting(code, result, field, value)


def _website(value: Any, result: Normalized, field: CanonicalField, region: str | None) -> str | None:
    return _fitting(normalize_website(_text_of(value)), result, field, value)


def _integer(value: Any, result: Normalized, field: CanonicalField, region: str | None) -> int:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueRefused("number_invalid", "This is no number.")
    return normalize_integer(value, maximum=field.maximum)


def _boolean(value: Any, result: Normalized, field: CanonicalField, region: str | None) -> bool:
    if not isinstance(value, (str, int, float)):
        raise ValueRefused("boolean_unclear", "This is neither yes nor no.")
    return normalize_boolean(value)


def _datetime(value: Any, result: Normalized, field: CanonicalField, region: str | None) -> Any:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueRefused("datetime_invalid", "This is no date or time we can read.")
    return normalize_datetime(value, timezone=result.values.get("timezone"))


def _language(value: Any, result: Normalized, field: CanonicalField, region: str | None) -> str:
    return normalize_language(_text_of(value)[:100])


def _timezone(value: Any, result: Normalized, field: CanonicalField, region: str | None) -> str:
    return normalize_timezone(_text_of(value)[:100])


_BY_KIND: dict[str, Normalizer] = {
    "text": _text,
    "email": _email,
    "phone": _phone,
    "country": _country,
    "state": _state,
    "integer": _integer,
    "boolean": _boolean,
    "datetime": _datetime,
    # Pages are kept as the tracking script gave them, be they paths or app addresses.
    "url": _text,
    "language": _language,
    "timezone": _timezone,
}
_BY_NAME: dict[str, Normalizer] = {
    "first_name": _name,
    "last_name": _name,
    "full_name": _name,
    "company": _company,
    "website": _website,
    "postal_code": _postal_code,
    "message": _long_text,
}
_NORMALIZERS: dict[str, Normalizer] = {
    name: _BY_NAME.get(name) or _BY_KIND[each.kind] for name, each in CANONICAL_FIELDS.items()
}


def _complete_names(result: Normalized) -> None:
    values = result.values
    first, last, full = (values.get(name) for name in ("first_name", "last_name", "full_name"))
    if full and not first and not last:
        # A part is written as it would be if it had been sent by itself.
        first, last = map(normalize_name, split_full_name(full))
        if first:
            values["first_name"] = normalize_name(first)[: CANONICAL_FIELDS["first_name"].max_length]
        if last:
            values["last_name"] = normalize_name(last)[: CANONICAL_FIELDS["last_name"].max_length]
    elif not full and (first or last):
        values["full_name"] = join_name(first or "", last or "")[: CANONICAL_FIELDS["full_name"].max_length]
