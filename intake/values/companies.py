"""Company names, and what remains of one when the legal form does not count."""

from functools import lru_cache

from intake.values.text import one_line, words, words_of

_LEGAL_FORMS = words(
    """
    ab ag aktiengesellschaft aps as asa bhd bv bvba co company corp corporation doo ead eg eirl eood ev
    gbr gesellschaft gesmbh gmbh ggmbh haftungsbeschrankt incorporated inc ip is jsc kabushiki kaisha
    kft kg kgaa kk kommanditgesellschaft lda limited limitada llc llp lp ltd ltda mbh nv ohg ood oy oyj
    partg partnerschaft pbc plc pllc private pt pte pty public pvt sa sab sarl sas sasu sca sccl scs sdn
    se senc sicav sl slu snc societe soc spa sprl srl srls srlu sro ug zrt zoo
    """
)
# Forms that punctuation and spaces take apart: "z o o", "s r o", "s a r l".
_JOINED_FORMS = (
    ("sp", "z", "o", "o"),
    ("s", "a", "de", "c", "v"),
    ("s", "a", "r", "l"),
    ("d", "o", "o"),
    ("s", "p", "a"),
    ("s", "r", "l"),
    ("s", "r", "o"),
    ("g", "m", "b", "h"),
    ("l", "l", "c"),
    ("i", "n", "c"),
    ("p", "l", "c"),
    ("l", "l", "p"),
    ("e", "v"),
    ("a", "s"),
    ("b", "v"),
    ("n", "v"),
    ("s", "a"),
    ("s", "l"),
    ("e", "k"),
)
_CONNECTIVES = {"and", "und", "et", "y", "e"}
_ARTICLES = {"the", "die", "der", "das"}


def normalize_company(raw: str) -> str:
    """The name on one line, without quotation marks around it; capitals are the company's own affair."""
    text = one_line(raw)
    if len(text) > 2 and (text[0], text[-1]) in {('"', '"'), ("'", "'"), ("“", "”"), ("„", "“"), ("«", "»")}:
        text = text[1:-1].strip()
    return text


@lru_cache(maxsize=16384)
def company_key(name: str) -> str:
    """A name to compare companies by: "The Globex GmbH & Co. KG" is "globex" like "Globex"; "" for no name."""
    bare = words_of(name.replace("'", "").replace("’", "")).split()
    while len(bare) > 1:
        joined = next((form for form in _JOINED_FORMS if tuple(bare[-len(form) :]) == form), None)
        if joined and len(joined) < len(bare):
            del bare[-len(joined) :]
        elif bare[-1] in _LEGAL_FORMS or bare[-1] in _CONNECTIVES:
            bare.pop()
        else:
            break
    if len(bare) > 1 and bare[0] in _ARTICLES:
        bare.pop(0)
    return " ".join(bare)
