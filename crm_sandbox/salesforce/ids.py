"""Record ids: 15 characters with case, and 18 with three more that tell the case to systems that have none."""

from __future__ import annotations

import re

PREFIXES = {
    "Account": "001",
    "Contact": "003",
    "User": "005",
    "Opportunity": "006",
    "Lead": "00Q",
    "Task": "00T",
    "Event": "00U",
    "OpportunityContactRole": "00K",
    "Group": "00G",
    "Organization": "00D",
    "QueueSobject": "03g",
    "GroupMember": "011",
    "LeadStatus": "01J",
    "TaskStatus": "01R",
    "OpportunityStage": "01K",
}
_TYPES = {prefix: name for name, prefix in PREFIXES.items()}
# In the order of ASCII, so that ids are in the order in which they were given.
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
# Where counting begins: with letters of both cases in it, as in an org that is in use.
_FIRST = 7_919_473_321


def made(type: str, number: int) -> str:
    """The id of the record with this number among its type (from 1)."""
    left, rest = _FIRST + number, ""
    while left:
        left, digit = divmod(left, 62)
        rest = _DIGITS[digit] + rest
    return whole(f"{PREFIXES[type]}gK0{rest:0>9}")


def whole(id15: str) -> str:
    """18 characters of 15: of each block of five, the bits of its upper-case letters are one character."""
    blocks = (id15[start : start + 5] for start in (0, 5, 10))
    return id15 + "".join(
        _CHECK[sum(each.isupper() << bit for bit, each in enumerate(block))] for block in blocks
    )


def read(text: str) -> str | None:
    """18 characters of an id as a client writes it; None where it is none.

    Of 18 the last three are right in any case, and they mend the case of the others.
    """
    if not re.fullmatch(r"[0-9A-Za-z]{15}([0-9A-Za-z]{3})?", text):
        return None
    if len(text) == 15:
        return whole(text)
    letters = list(text[:15])
    for block, check in enumerate(text[15:].upper()):
        bits = _CHECK.find(check)
        if bits < 0:
            return None
        for bit in range(5):
            place = block * 5 + bit
            letters[place] = letters[place].upper() if bits >> bit & 1 else letters[place].lower()
    mended = whole("".join(letters))
    return mended if mended[15:] == text[15:].upper() else None


def type_of(id: str) -> str:
    """ "" for a prefix that nothing here has."""
    return _TYPES.get(id[:3], "")
