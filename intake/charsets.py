"""Letters of bodies that are not UTF-8: what the sender says they are counts, else they are read as Windows-1252, with a note.

An old page that posts in its own charset loses nobody for an umlaut.
"""

import codecs
import re
from collections.abc import Iterable

from intake.notes import Note, add_note

FALLBACK = "cp1252"
# The form field in which browsers say which charset they used.
CHARSET_FIELD = "_charset_"
_KNOWN = re.compile(
    r"utf-?8|us-?ascii|ascii|(?:iso|latin|windows|cp|koi8|mac|shift|euc|big5|gb|tis|hz)[\w-]*", re.IGNORECASE
)
# By these names browsers mean Windows-1252 (https://encoding.spec.whatwg.org/#names-and-labels).
_ASCII_ONLY = ("iso2022", "hz")
_LATIN_1 = ("iso8859-1", "ascii")
# Half a character of UTF-16, written as if it were UTF-8: no letters of any charset.
_HALF = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
_NOTE = Note("", "charset", "The body is not UTF-8, so it was read as Windows-1252.")


def decode(body: bytes, charset: str, notes: list[Note]) -> str:
    """The text of bytes that should be UTF-8, or `charset` where one is named. Raises UnicodeDecodeError for half characters."""
    named = _named(charset)
    # Bytes that are UTF-8 are hardly ever anything else, whatever is said; some charsets of Japan and China are plain ASCII.
    order = (named, "utf-8") if named.startswith(_ASCII_ONLY) else ("utf-8", named)
    for encoding in filter(None, order):
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    if _HALF.search(body):
        return body.decode()
    add_note(notes, _NOTE)
    return body.decode(FALLBACK, "replace")


def of_form(pairs: Iterable[tuple[str, str]], charset: str, notes: list[Note]) -> list[tuple[str, str]]:
    """The names and values of a form post, which are given with each byte as one letter.

    One charset holds for all of a body: what one value cannot be, none is. Raises UnicodeDecodeError for half characters.
    """
    listed = [(_bytes(name), _bytes(value)) for name, value in pairs]
    said = next((value.decode("latin-1") for name, value in listed if name == CHARSET_FIELD.encode()), "")
    is_said = bool(_named(said))
    noted: list[Note] = []
    whole = b"\n".join(part for pair in listed for part in pair)
    decode(whole, said if is_said else charset, noted)
    for note in noted:
        add_note(notes, note)
    fits = FALLBACK if noted else said if is_said else charset
    return [
        (decode(name, fits, []), decode(value, fits, []))
        for name, value in listed
        if not (is_said and name == CHARSET_FIELD.encode())
    ]


def _bytes(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")  # Whole already.


def _named(charset: str) -> str:
    """The codec of a charset's name, "" for none that a page can be written in."""
    label = charset.strip().strip("\"'")
    if not _KNOWN.fullmatch(label):
        return ""
    try:
        found = codecs.lookup(label).name
    except LookupError:
        return ""
    return FALLBACK if found in _LATIN_1 else found
