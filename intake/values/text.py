"""Text as people typed it: white space, folding for comparison, and words that stand for nothing."""

import re
import unicodedata
from functools import lru_cache
from pathlib import Path

DATA = Path(__file__).parent / "data"

# What scripts and hurried people leave where nothing was said. "null" is not here: it is somebody's last
# name.
_NOTHING = {
    "undefined",
    "[object object]",
    "n/a",
    "n.a.",
    "-",
    "--",
    "---",
    ".",
    "..",
    "(not set)",
    "(none)",
    "nan",
}

# Letters that Unicode does not take apart, as they are commonly written in plain letters.
_PLAIN = str.maketrans(
    {"ß": "ss", "ẞ": "ss", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ł": "l", "Ł": "L"}
    | {"đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i", "’": "'", "‘": "'", "ʼ": "'"}
)
# Not seen, but they keep equal words from being equal, or turn the direction of what stands around them: Unicode's format
# characters, without those that are drawn (signs of Arabic numbers), and the fillers and blanks that look like nothing.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
    "\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f]"
)
# Between letters these two are spelling (Persian, Hindi) and join signs; elsewhere they are nothing.
_JOINERS = "\u200c\u200d"
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_KEPT_IN_LINES = f"\t{_JOINERS}"
_LINE_BREAKS = "\r\n\v\f\x85\u2028\u2029"
_OUTER_SPACE = " \t\r\n\u00a0\u3000\ufeff"
_NOT_WORDS = re.compile(r"[\W_]+")


def without_invisible(text: str, *, spelled: bool = False) -> str:
    """Without characters that nobody sees. `spelled`: joiners between two letters or signs stay, as some languages need them."""
    if text.isascii():
        return text
    if not spelled:
        return _INVISIBLE.sub("", text)

    def one(match: re.Match[str]) -> str:
        before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
        joins = match.group() in _JOINERS and _is_sign(before) and _is_sign(after)
        return match.group() if joins else ""

    return _INVISIBLE.sub(one, text)


def _is_sign(char: str) -> bool:
    return bool(char) and unicodedata.category(char) in ("Lo", "Mn", "Mc", "So", "Sk")


def one_line(text: str) -> str:
    """Trimmed, with every run of white space as one space, without invisible characters."""
    if text.isascii():
        return " ".join(text.split())
    return " ".join(without_invisible(unicodedata.normalize("NFC", text), spelled=True).split())


def many_lines(text: str) -> str:
    """Trimmed; line breaks are kept as LF, control characters are not."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept = [
        "".join(char for char in line if char.isprintable() or char in _KEPT_IN_LINES).rstrip()
        for line in lines
    ]
    return "\n".join(kept).strip()


def without_controls(text: str) -> str:
    """With a space for each control character; tabs and line breaks stay."""
    return text if text.isprintable() else _CONTROLS.sub(" ", text)


def unfit_in(text: str) -> str:
    """What no address, number or name has inside, in words; "" when there is none. Tabs are white space."""
    inner = text.strip(_OUTER_SPACE)
    if "\ufffd" in inner:
        return "a character that was lost on the way (�)"
    if inner.isprintable():
        return ""
    if any(char in _LINE_BREAKS for char in inner):
        return "a line break"
    if _CONTROLS.search(inner):
        return "a control character"
    return "half a character" if any("\ud800" <= char <= "\udfff" for char in inner) else ""


def says_nothing(text: str) -> bool:
    """Whether the text is one of the usual stand-ins for an empty answer ("n/a", "-", "undefined")."""
    return text.casefold() in _NOTHING


@lru_cache(maxsize=16384)
def plain(text: str) -> str:
    """Lower case, accents and special letters in plain ones: "Zoë Müßig" -> "zoe mussig"."""
    if text.isascii():
        return text.lower()
    # Some signs are capitals once they are taken apart.
    apart = unicodedata.normalize("NFKD", text.translate(_PLAIN).casefold()).casefold()
    return "".join(char for char in apart if not unicodedata.combining(char))


def words_of(text: str) -> str:
    """The plain words of a text with single spaces between: "St. Gallen (CH)" -> "st gallen ch"."""
    return _NOT_WORDS.sub(" ", plain(without_invisible(text))).strip()


def alias_key(text: str) -> str:
    """How raw values are compared with value aliases: without case and surplus white space."""
    return " ".join(text.split()).casefold()


def words(text: str) -> frozenset[str]:
    """The words of a text as a set: how long lists of words are written in our modules."""
    return frozenset(text.split())


def read_lines(name: str) -> list[str]:
    """The lines of one of our data files, without comments and blanks."""
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]
