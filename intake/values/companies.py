"""Company names, and what remains of one when the legal form does not count."""

import unicodedata
from functools import cache, lru_cache
from itertools import product

from intake.values.text import one_line, read_lines, words_of

_CONNECTIVES = {"and", "und", "et", "y", "e", "i", "og", "och"}
_ARTICLES = {"the", "die", "der", "das"}
_UNSPACED = ("CJK", "HANGUL", "HIRAGANA", "KATAKANA", "THAI")
Words = tuple[str, ...]


def normalize_company(raw: str) -> str:
    """The name on one line, without quotation marks around it; capitals are the company's own affair."""
    text = one_line(raw)
    if len(text) > 2 and (text[0], text[-1]) in {('"', '"'), ("'", "'"), ("“", "”"), ("„", "“"), ("«", "»")}:
        text = text[1:-1].strip()
    return text


@lru_cache(maxsize=16384)
def company_key(name: str) -> str:
    """A name to compare companies by: "The Globex GmbH & Co. KG" is "globex" like "Globex"; "" for no name.

    Rows keep it (crm_sync's accounts, named accounts): whoever changes what it makes of a name adds a migration that folds
    those anew, as crm_sync's 0014 does.
    """
    forms = _forms()
    bare = _without_glued(words_of(name.replace("'", "").replace("’", "")), forms).split()
    bare, stripped = forms.without_pair(bare)
    while len(bare) > 1:
        if form := _longest(bare, forms.behind.get(bare[-1], ()), at_end=True):
            del bare[-len(form) :]
            stripped = True
        elif stripped and bare[-1] in _CONNECTIVES:
            bare.pop()
        else:
            break
    while len(bare) > 1 and (form := _longest(bare, forms.in_front.get(bare[0], ()), at_end=False)):
        del bare[: len(form)]
    if len(bare) > 1 and bare[0] in _ARTICLES:
        bare.pop(0)
    return " ".join(bare)


class _Forms:
    """Legal forms by the word that meets the name: their last one behind it, their first one in front; longest first.

    `glued` are those of scripts without spaces, folded; `pairs` stand in front and behind at once.
    """

    def __init__(self) -> None:
        self.behind: dict[str, list[Words]] = {}
        self.in_front: dict[str, list[Words]] = {}
        self.glued_behind: list[str] = []
        self.glued_in_front: list[str] = []
        self.pairs: list[tuple[Words, Words]] = []
        for line in read_lines("legal_forms.txt"):
            first, plus, second = line.partition(" + ")
            if plus:
                self.pairs += product(_spellings(words_of(first)), _spellings(words_of(second)))
                continue
            in_front, form = line.startswith("<"), line.removeprefix("<")
            folded = words_of(form.replace("'", ""))
            if _is_unspaced(form) and len(folded) > 1:
                self.glued_behind.append(folded)
                if in_front:
                    self.glued_in_front.append(folded)
            for words in _spellings(folded):
                self.behind.setdefault(words[-1], []).append(words)
                if in_front:
                    self.in_front.setdefault(words[0], []).append(words)
        for listed in (*self.behind.values(), *self.in_front.values()):
            listed.sort(key=len, reverse=True)
        self.glued_behind.sort(key=len, reverse=True)
        self.glued_in_front.sort(key=len, reverse=True)

    def without_pair(self, bare: list[str]) -> tuple[list[str], bool]:
        """The words without a form that stands on both sides of them, and whether there was one."""
        for first, second in self.pairs:
            rest = bare[len(first) : len(bare) - len(second)]
            if rest and tuple(bare[: len(first)]) == first and tuple(bare[-len(second) :]) == second:
                return rest, True
        return bare, False


@cache
def _forms() -> _Forms:
    return _Forms()


def _spellings(folded: str) -> set[Words]:
    """ "s a" and "sa": single letters are written with and without what stands between them."""
    words = tuple(folded.split())
    joined = all(len(word) == 1 for word in words)
    return {words, ("".join(words),)} if joined else {words}


def _is_unspaced(form: str) -> bool:
    return form[0] != "(" and unicodedata.name(form[0], "").startswith(_UNSPACED)


def _longest(bare: list[str], forms: list[Words] | tuple[()], *, at_end: bool) -> Words | None:
    """The first of these that stands there and leaves something of the name."""
    for form in forms:
        there = bare[-len(form) :] if at_end else bare[: len(form)]
        if len(form) < len(bare) and tuple(there) == form:
            return form
    return None


def _without_glued(text: str, forms: _Forms) -> str:
    if text.isascii():
        return text
    for form in forms.glued_in_front:
        if text.startswith(form) and len(text) > len(form):
            text = text[len(form) :].strip()
            break
    for form in forms.glued_behind:
        if text.endswith(form) and len(text) > len(form):
            return text[: -len(form)].strip()
    return text
