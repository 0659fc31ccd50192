"""What a value was before a program had its hands on it: escapes undone, and texts that stand for no answer told apart."""

import html
import re
from functools import cache
from urllib.parse import unquote

from intake.values.text import read_lines, words_of

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_ESCAPED_QUOTE = re.compile(r"\\+(['\"])")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
# What a template leaves where nothing was put in: of advertising networks, mail programs, page builders and scripts.
_TEMPLATE = re.compile(
    r"\{\{.*\}\}|[$#]?\{[^{}]*\}|\{[!%].*\}|%%[^%]+%%|%[A-Z_]{2,}%|\*\|[^|]*\|\*|__[A-Z0-9_]+__|<%.*%>|\[\[.*\]\]",
    re.DOTALL,
)
_CROSSES = re.compile(r"[xX]{3,}")
_ERROR_OF_SHEET = re.compile(
    r"#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!|CALC!|NV|WERT!|BEZUG!)", re.IGNORECASE
)
_BEGINNINGS = "{$#%*_<[xX"
_LONGEST = 200


def unescaped(text: str) -> str:
    """With the letters that entities of HTML stand for, undone once, and without a backslash before a quote."""
    if "&" in text:
        text = _ENTITY.sub(lambda match: html.unescape(match.group()), text)
    return _ESCAPED_QUOTE.sub(r"\1", text) if "\\" in text else text


def without_percent_codes(text: str) -> str:
    """With the letters that percent codes of an address stand for; a text with another percent sign stays as it is."""
    if "%" not in text or text.count("%") != len(_PERCENT.findall(text)):
        return text
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        return text


def stands_in(text: str, *, is_name: bool) -> bool:
    """Whether the text stands for no answer: a prompt to choose, a template that nobody filled in, a spreadsheet's error.

    Of a name (`is_name`) a single word that asks to choose is somebody's.
    """
    if len(text) > _LONGEST:
        return False
    # Most text begins like none of them.
    if text[0] in _BEGINNINGS and any(
        each.fullmatch(text) for each in (_TEMPLATE, _CROSSES, _ERROR_OF_SHEET)
    ):
        return True
    words = words_of(text)
    return words in _prompts() and not (is_name and " " not in words)


@cache
def _prompts() -> frozenset[str]:
    return frozenset(map(words_of, read_lines("prompts.txt")))
