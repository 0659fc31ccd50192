"""Names of people. A name is never improved, except where it was typed in small or capital letters only."""

import re

from intake.values.text import one_line, plain, words

_TITLES = words(
    """
    mr mrs ms miss mx sir madam dame dr prof professor doctor herr frau dipling dring drmed dripl mme
    mlle monsieur madame senor senora srta sra signor signora dott dottssa avv dhr mevr
    """
)
# Short ones are somebody's name unless they have a point: "Ing. Novak", but "Ing Wei".
_TITLES_WITH_POINT = words("fr hr ing mag rev hon sig sr dipl med m d")
# Degrees that are also names (Ma, Ba, Do) are not here.
_SUFFIXES = words("jr sr ii iii iv phd mba md esq msc bsc cpa llm dds pmp cissp cfa mph bcom dphil edd")
_PARTICLES = words(
    """
    von van de der den del della di da dos das do du des la le zu zum zur vom ten ter te 't af av al el
    bin ibn bint ben st y e lo op
    """
)
# With a capital these are as often a middle name.
_ALSO_NAMES = words("ben al do e y st el la le das da di du den te lo")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def split_full_name(full_name: str) -> tuple[str, str]:
    """(first, last): "Dr. Ludwig van Beethoven" -> ("Ludwig", "van Beethoven"); one word is a first name.

    Titles before and degrees after the name are left out; one word after a title is a last name ("Mr Smith").
    "Doe, Jane" is turned round.
    """
    parts = [part.split() for part in one_line(full_name).split(",") if part.strip()]
    while len(parts) > 1 and all(map(_is_suffix, parts[-1])):
        parts.pop()
    if len(parts) == 2:
        return " ".join(_without_titles(parts[1])), " ".join(_without_titles(parts[0]))
    given = [word for part in parts for word in part]
    kept = _without_titles(given)
    if len(kept) < 2:
        name = " ".join(kept)
        return ("", name) if kept and kept[0] != given[0] else (name, "")
    start = len(kept) - 1
    for index in range(1, start):
        word = kept[index]
        if word.casefold() in _PARTICLES and (word[0].islower() or word.casefold() not in _ALSO_NAMES):
            start = index
            break
    return " ".join(kept[:start]), " ".join(kept[start:])


def join_name(first_name: str, last_name: str) -> str:
    """The full name of its parts, whichever there are."""
    return f"{first_name} {last_name}".strip()


def normalize_name(raw: str) -> str:
    """On one line; capitals are set only if the name has none, or nothing else ("JANE" -> "Jane", "jane"
    -> "Jane")."""
    text = one_line(raw).strip(" ,;")
    if text.islower():
        return _capitalized(text)
    # Two capitals are initials: JJ, AJ.
    return _capitalized(text.lower()) if text.isupper() and len(text) > 2 and "." not in text else text


def _capitalized(text: str) -> str:
    *others, last = text.split(" ")
    shown = [word if word in _PARTICLES else _WORD.sub(_capital, word) for word in others]
    return " ".join([*shown, _WORD.sub(_capital, last)])


def _capital(match: re.Match[str]) -> str:
    word = match.group()
    head, mark, rest = word[:1], word[1:2], word[2:]
    if mark in ("'", "’") and len(rest) > 1:
        # O'Brien, D'Angelo; but not "'s".
        return head.upper() + mark + rest[:1].upper() + rest[1:]
    return head.upper() + word[1:]


def _without_titles(name: list[str]) -> list[str]:
    kept = list(name)
    while len(kept) > 1 and _is_title(kept[0]):
        kept.pop(0)
    while len(kept) > 2 and _is_suffix(kept[-1]):
        kept.pop()
    return kept


def _is_title(word: str) -> bool:
    bare = _bare(word)
    return bare in _TITLES or (word.endswith(".") and bare in _TITLES_WITH_POINT)


def _is_suffix(word: str) -> bool:
    return _bare(word) in _SUFFIXES


def _bare(word: str) -> str:
    return plain(word).replace(".", "").replace("-", "")
