"""Names as they are compared: Müller, Mueller and Muller are one."""

from functools import lru_cache

from intake.values.text import words, words_of

_PARTICLES = words(
    "von van de der den del della di da dos das do du des la le zu zum zur vom ten ter te af av"
)


@lru_cache(maxsize=16384)
def fold_name(name: str) -> str:
    """Plain words in which written-out umlauts are one letter: "Björn-Åge Møller" -> "bjorn age moller"."""
    return _without_umlauts(_plain_words(name))


@lru_cache(maxsize=16384)
def fold_last_name(name: str) -> str:
    """A last name folded and without its particles: "van der Berg" -> "berg", but "de la" stays what it is."""
    parts = _plain_words(name).split()
    kept = [part for part in parts if part not in _PARTICLES]
    return _without_umlauts(" ".join(kept or parts))


def _plain_words(name: str) -> str:
    return words_of(name.replace("'", "").replace("’", ""))


def _without_umlauts(text: str) -> str:
    # Both sides of a comparison get it, so that no harm is done where no umlaut was meant (Samuel -> samul).
    return text.replace("ae", "a").replace("oe", "o").replace("ue", "u")
