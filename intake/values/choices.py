"""Yes or no, as check boxes, consent texts and people say it."""

from intake.values.refusal import ValueRefused
from intake.values.text import words, words_of

_YES = words(
    """
    1 true t yes y on ok okay sure ja j oui si sim da tak hai checked selected accepted accept agreed
    agree granted given consent consented confirmed opt-in optin subscribed subscribe einverstanden
    zugestimmt akzeptiert accepte acepto accetto akkoord wahr vrai verdadero
    """
) | {"opt in", "opted in", "i agree", "i accept", "i consent", "d accord", "de acuerdo"}
_NO = words(
    """
    optout 0 false f no n off nein non nee nao nie unchecked declined decline denied rejected refused
    refuse withdrawn disagree unsubscribed abgelehnt falsch faux falso
    """
) | {"opt out", "opted out", "i do not agree", "i disagree", "not accepted", "not given", "not granted"}
# A ticked box often sends its whole label. Only a label that itself says "I agree" is taken as consent.
_YES_OPENINGS = (
    "yes ",
    "i agree",
    "i accept",
    "i consent",
    "i have read and agree",
    "i would like to receive",
    "i want to",
    "ja ",
    "ich stimme",
    "ich bin einverstanden",
    "ich willige",
    "ich akzeptiere",
    "ich moechte",
    "ich mochte",
    "oui ",
    "j accepte",
    "je consens",
    "si ",
    "acepto",
    "accetto",
    "acconsento",
)
_NO_OPENINGS = (
    "no ",
    "i do not",
    "i don t",
    "i disagree",
    "i decline",
    "do not",
    "don t",
    "please do not",
    "nein ",
    "non ",
    "ich stimme nicht",
    "ich mochte nicht",
    "ich moechte nicht",
    "ich mochte keine",
    "ich moechte keine",
    "je refuse",
)
# "Ich stimme der Verarbeitung nicht zu": somewhere in the sentence everything turns round.
_REVERSING = {"not", "nicht", "keine", "kein", "pas", "never", "don"}


def normalize_boolean(raw: str | int | float | bool) -> bool:
    """True or False; a text that says neither is refused: what is not understood is no consent."""
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, (int, float)):
        if raw in (0, 1):
            return raw == 1
        raise ValueRefused("boolean_unclear", "This is neither yes nor no.")
    said = words_of(raw[:300])
    if said in _YES or raw.strip() in ("✓", "✔", "☑", "✅"):
        return True
    if said in _NO:
        return False
    sentence = f"{said} "
    if sentence.startswith(_NO_OPENINGS):
        return False
    if sentence.startswith(_YES_OPENINGS) and not _REVERSING & set(said.split()):
        return True
    raise ValueRefused("boolean_unclear", "This is neither yes nor no.")
