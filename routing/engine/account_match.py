"""Which account a lead belongs to: the same steps for accounts of ours and for those of a CRM.

Whoever has accounts stores `account_keys` of each and finds candidates as those that share one with `WantedAccount.sought`: one
indexed question for a batch. `match` then judges them: the first step that finds one decides, ties are broken in a fixed
order, and every candidate that was not taken says why.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

from rapidfuzz import fuzz

Step = Literal["contact", "external_id", "domain", "registrable_domain", "name", "close_name"]

# In the order in which they are asked.
STEPS: dict[Step, str] = {
    "contact": "The company of the person's record",
    "external_id": "The same id",
    "domain": "The domain of the e-mail address",
    "registrable_domain": "The registered domain",
    "name": "The same name without its legal form, not in another country",
    "close_name": "A similar name and the same domain name, phone prefix or postal code",
}
ALL_STEPS: tuple[Step, ...] = tuple(STEPS)
LABELS: Mapping[str, str] = dict(STEPS.items())
BY: Mapping[str, str] = {
    "contact": "by the company of their record",
    "external_id": "by its id",
    "domain": "by the domain of the address",
    "registrable_domain": "by the registered domain",
    "name": "by its name",
    "close_name": "by a similar name",
}
# A name alone says less than an id or a domain: deals of such an account are not the lead's.
WEAK_STEPS: frozenset[str] = frozenset({"name", "close_name"})

# Out of 100; "Globex Europe" and "Globex" stay below it.
_CLOSE = 88
# The last digits of a number are the extension; what is shorter than this has no prefix that says anything.
_EXTENSION, _SHORTEST = 4, 10
# Kinds of keys.
_DOMAIN, _ID, _NAME, _COUNTRY = "d:", "i:", "n:", "c:"
_LABEL, _PHONE, _POSTAL_CODE = "l:", "t:", "p:"
_CONFIRMING = (_LABEL, _PHONE, _POSTAL_CODE)
# The same as a regular expression, for searches; what so many accounts have in common confirms nothing, and is not looked for.
CONFIRMING, TOO_COMMON = "^[ltp]:", 50
# What is stored of a match: the account and its nearest rivals.
SHOWN = 5


@dataclass(frozen=True, slots=True)
class WantedAccount:
    """What is known of the lead's company; "" for nothing.

    `host` is what follows the @ and `domain` the registrable domain, both only where they are one company's; `name` is
    folded (`company_key`), `country` an ISO code, `phone` E.164; `account_id` is the account's id elsewhere,
    as the lead named it.
    """

    name: str = ""
    host: str = ""
    domain: str = ""
    country: str = ""
    phone: str = ""
    postal_code: str = ""
    account_id: str = ""

    def sought(self) -> list[str]:
        """What candidates have at least one of."""
        keys = account_keys(
            name=self.name,
            domains=[each for each in (self.host, self.domain) if each],
            account_id=self.account_id,
            country=self.country,
            phone=self.phone,
            postal_code=self.postal_code,
        )
        return [key for key in keys if not key.startswith(_COUNTRY)]


@dataclass(frozen=True, slots=True)
class AccountCandidate:
    """An account with its stored keys. `own`: it is the company of the person's record. `owned`: somebody has it. `rank` breaks
    the last tie: the lowest goes first.
    """

    id: str
    label: str
    keys: frozenset[str]
    customer: bool = False
    owned: bool = False
    own: bool = False
    rank: float = 0

    @property
    def name(self) -> str:
        return self._said(_NAME)

    @property
    def country(self) -> str:
        return self._said(_COUNTRY)

    def _said(self, kind: str) -> str:
        return next((key.removeprefix(kind) for key in self.keys if key.startswith(kind)), "")


@dataclass(frozen=True, slots=True)
class Judged:
    """`step` is how it was found, "" if it was not; `lost` why it was not taken, "" for the one that was."""

    id: str
    label: str
    step: str
    lost: str = ""

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "label": self.label, "step": self.step, "lost": self.lost}

    @classmethod
    def from_json(cls, data: Any) -> Self:
        return cls(data["id"], data["label"], data["step"], data["lost"])


@dataclass(frozen=True, slots=True)
class AccountMatch:
    """`judged` are the candidates that say something: the one that was taken first, then its nearest rivals."""

    candidate: AccountCandidate | None = None
    step: Step | None = None
    judged: tuple[Judged, ...] = ()


NO_ACCOUNT = AccountMatch()


def account_keys(
    *,
    name: str,
    domains: Iterable[str] = (),
    account_id: str = "",
    country: str = "",
    phone: str = "",
    postal_code: str = "",
) -> list[str]:
    """What an account is found by, as it is stored with it, once each; values as in `WantedAccount`."""
    domains = list(domains)
    keys = [f"{_DOMAIN}{domain}" for domain in domains]
    if account_id:
        keys.append(f"{_ID}{account_id}")
    if country:
        keys.append(f"{_COUNTRY}{country}")
    if name:
        keys.append(f"{_NAME}{name}")
        # The rest confirms a name that is similar; its first letter keeps out most of those whose name is not.
        first = name[0]
        keys += [f"{_LABEL}{first}:{label}" for domain in domains if (label := _label(domain))]
        if phone.startswith("+") and len(phone) >= _SHORTEST:
            keys.append(f"{_PHONE}{first}:{phone[:-_EXTENSION]}")
        code = "".join(postal_code.split()).upper()
        if code and country:
            keys.append(f"{_POSTAL_CODE}{first}:{country}:{code}")
    return list(dict.fromkeys(keys))


def match(
    wanted: WantedAccount, candidates: Sequence[AccountCandidate], steps: Sequence[Step] = ALL_STEPS
) -> AccountMatch:
    """The account among `candidates` that the first of `steps` finds. The order of candidates does not matter."""
    if not candidates:
        return NO_ACCOUNT
    judged: dict[str, Judged] = {}
    best: AccountCandidate | None = None
    by: Step | None = None
    for step in steps:
        found = []
        for one in candidates:
            if one.id in judged:
                continue
            agrees, why_not = _agrees(step, wanted, one)
            if agrees:
                found.append(one)
            elif why_not:
                judged[one.id] = Judged(one.id, one.label, step, why_not)
        if not found:
            continue
        if best is not None and by is not None:
            lost = f"{best.label} was found {BY[by]}, which goes first"
            judged |= {one.id: Judged(one.id, one.label, step, lost) for one in found}
            continue
        found.sort(key=lambda one: _order(one, wanted))
        best, by = found[0], step
        judged[best.id] = Judged(best.id, best.label, step)
        judged |= {
            one.id: Judged(one.id, one.label, step, _why_behind(best, one, wanted)) for one in found[1:]
        }
    order = {step: place for place, step in enumerate(steps)}
    listed = sorted(
        judged.values(),
        key=lambda one: (one.lost != "", order.get(one.step, len(order)), one.label, one.id),  # type: ignore[call-overload]
    )
    return AccountMatch(best, by, tuple(listed[:SHOWN]))


def _agrees(step: Step, wanted: WantedAccount, one: AccountCandidate) -> tuple[bool, str]:
    """Whether this step finds it; if not, why it is refused for good, "" where a later step may still find it."""
    match step:
        case "contact":
            return one.own, ""
        case "external_id":
            return bool(wanted.account_id) and f"{_ID}{wanted.account_id}" in one.keys, ""
        case "domain":
            return bool(wanted.host) and f"{_DOMAIN}{wanted.host}" in one.keys, ""
        case "registrable_domain":
            return bool(wanted.domain) and f"{_DOMAIN}{wanted.domain}" in one.keys, ""
        case "name":
            same = bool(wanted.name) and wanted.name == one.name
            elsewhere = _other_country(wanted, one) if same else ""
            return same and not elsewhere, elsewhere
        case "close_name":
            if not _is_close(wanted.name, one.name) or _other_country(wanted, one):
                return False, ""
            if _confirmed(wanted, one):
                return True, ""
            return False, "its name is similar, and nothing else is the same"


def _other_country(wanted: WantedAccount, one: AccountCandidate) -> str:
    if wanted.country and one.country and wanted.country != one.country:
        return f"it has the name, and is in another country: {one.country}, not {wanted.country}"
    return ""


def _is_close(a: str, b: str) -> bool:
    """Names that one may write for the other: a slip of the pen, or the branch and the whole (Globex, Globex Germany)."""
    if not a or not b or _digits(a) != _digits(b):
        return False
    shorter, longer = sorted((a.split(), b.split()), key=len)
    if longer[: len(shorter)] == shorter and len(" ".join(shorter)) > 3:
        return True
    return fuzz.token_sort_ratio(a, b) >= _CLOSE


def _confirmed(wanted: WantedAccount, one: AccountCandidate) -> bool:
    return any(key in one.keys for key in wanted.sought() if key.startswith(_CONFIRMING))


def _order(one: AccountCandidate, wanted: WantedAccount) -> tuple[Any, ...]:
    same_country = bool(wanted.country) and one.country == wanted.country
    return (not one.customer, not one.owned, not same_country, one.name != wanted.name, one.rank, one.id)


def _why_behind(best: AccountCandidate, one: AccountCandidate, wanted: WantedAccount) -> str:
    """The first of the ties that `best` wins, in the order of `_order`."""
    ours, theirs = _order(best, wanted), _order(one, wanted)
    place = next(number for number, (a, b) in enumerate(zip(ours, theirs, strict=True)) if a != b)
    return (
        f"{best.label} is a customer",
        f"{best.label} has an owner",
        f"{best.label} is in the same country",
        f"{best.label} has the same name",
        f"{best.label} goes first among equals",
        f"{best.label} goes first among equals",
    )[place]


def _label(domain: str) -> str:
    """What stands before the suffix: globex of globex.co.uk, as far as that can be told without a list of suffixes."""
    label = domain.partition(".")[0]
    return label if len(label) > 3 else ""


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isdigit())
