"""The keys by which a person is found again, and those by which one is looked up for review."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import jellyfish

from intake.matching.folding import fold_last_name
from intake.values import mailboxes
from intake.values.companies import company_key
from intake.values.facts import company_domain

KeyKind = Literal["email", "email_canonical", "phone"]

_PHONE_TAIL = 7


@dataclass(frozen=True, slots=True)
class IdentityKey:
    """One way to know a person. An exclusive one belongs to a single lead; others may be
    shared by several.
    """

    kind: KeyKind
    value: str
    exclusive: bool


def keys_of(values: Mapping[str, Any]) -> list[IdentityKey]:
    """The identity keys of normalized values, strongest first.

    A personal address is exclusive; shared and placeholder mailboxes and all phones are not.
    """
    keys: list[IdentityKey] = []
    if email := values.get("email"):
        personal = mailboxes.is_personal(email)
        keys.append(IdentityKey("email", email, exclusive=personal))
        if canonical := mailboxes.canonical_email(email):
            keys.append(IdentityKey("email_canonical", canonical, exclusive=personal))
    if phone := values.get("phone"):
        keys.append(IdentityKey("phone", phone, exclusive=False))
    return keys


def block_keys(values: Mapping[str, Any]) -> list[str]:
    """Keys that people who may be one have in common: sound of the last name with the company, end of the phone."""
    keys: list[str] = []
    if sound := _sound_of(values.get("last_name") or ""):
        companies = [company_domain(values), company_key(values.get("company") or "")]
        keys += [f"name:{sound}:{company}" for company in companies if company]
    digits = (values.get("phone") or "").lstrip("+")
    if len(digits) > _PHONE_TAIL:
        keys.append(f"phone:{digits[-_PHONE_TAIL:]}")
    return keys


@lru_cache(maxsize=16384)
def _sound_of(last_name: str) -> str:
    """Metaphone of the last name; the name itself where Metaphone hears nothing (names in other scripts)."""
    folded = fold_last_name(last_name).replace(" ", "")
    if not folded.isascii():
        return folded
    return str(jellyfish.metaphone(folded)).replace(" ", "") or folded
