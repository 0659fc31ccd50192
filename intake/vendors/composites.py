"""Answers made of parts: a name of first and last, an address of lines, a phone of area code and number."""

from collections.abc import Iterable, Mapping
from typing import Any

from intake.vendors.clean import is_blank
from intake.vendors.flat import Flat

_NAME_PARTS = {"first": "first_name", "last": "last_name", "given": "first_name", "family": "last_name"}
_NAME_KEYS = {"prefix", "title", "middle", "suffix", *_NAME_PARTS}
_ADDRESS_PARTS = {
    "city": "city",
    "state": "state",
    "province": "state",
    "postal": "postal_code",
    "postal_code": "postal_code",
    "zip": "postal_code",
    "country": "country",
}
_ADDRESS_KEYS = {"addr_line1", "addr_line2", "address1", "address2", "street", *_ADDRESS_PARTS}


def add_answer(flat: Flat, name: str, value: Any, *, also: Iterable[str] = (), label: Any = None) -> None:
    """Add an answer; one made of parts is added part by part, also under canonical names."""
    if not isinstance(value, Mapping):
        flat.add(name, value, also=also, label=label)
        return
    keys = {str(key).casefold() for key in value}
    if keys and keys <= {"full", "area", "phone", "country"} and keys & {"full", "phone"}:
        parts = [value.get("full")] if value.get("full") else [value.get("area"), value.get("phone")]
        flat.add(name, " ".join(str(part) for part in parts if not is_blank(part)), also=also, label=label)
        return
    if keys and keys <= {"day", "month", "year", "hour", "min", "ampm"} and {"day", "month", "year"} <= keys:
        year, month, day = (str(value.get(part)).strip() for part in ("year", "month", "day"))
        flat.add(name, f"{year}-{month.zfill(2)}-{day.zfill(2)}", also=also, label=label)
        return
    known = _NAME_PARTS if keys <= _NAME_KEYS else _ADDRESS_PARTS if keys <= _ADDRESS_KEYS else {}
    for part, inner in value.items():
        canonical = known.get(str(part).casefold())
        flat.add(f"{name}.{part}", inner, also=[canonical] if canonical else [], label=None)
