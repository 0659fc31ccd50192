"""Whether two people are one. Merging by itself must be all but certain; what may be goes to review."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from intake.matching.companies import compare_companies
from intake.matching.people import Likeness, compare_names
from intake.values import mailboxes

Outcome = Literal["same", "review", "different"]

# What may agree or disagree beside name, company, e-mail and phone.
_REST = {"job_title": "job title", "postal_code": "postal code", "city": "city"}
_ENOUGH_AGREEMENTS = 2


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome, and why in words, strongest reason first."""

    outcome: Outcome
    reasons: tuple[str, ...]


def judge(a: Mapping[str, Any], b: Mapping[str, Any]) -> Verdict:
    """Compare two people's normalized values; the order of the two does not matter.

    1. The same personal mailbox is the same person. 2. The same phone or shared mailbox and the same name
    is the same person, unless the companies differ. 3. The same name at the same company with another
    address is the same person if the rest agrees, else a review. 4. Whatever is only close, or cannot be
    compared, is a review; the same name at different companies never merges.
    """
    mailbox = _same_mailbox(a, b)
    if mailbox and mailboxes.is_personal(a["email"]) and mailboxes.is_personal(b["email"]):
        return Verdict("same", (mailbox,))
    names, companies = compare_names(a, b), compare_companies(a, b)
    shared = _shared_means(a, b, mailbox)
    if shared:
        return _judge_shared(shared, names, companies)
    if names not in ("same", "close"):
        return Verdict("different", ("Neither address nor phone in common, and not the same name",))
    return _judge_by_name(a, b, names, companies)


def _same_mailbox(a: Mapping[str, Any], b: Mapping[str, Any]) -> str | None:
    a_email, b_email = a.get("email"), b.get("email")
    if not a_email or not b_email:
        return None
    if a_email == b_email:
        return f"Same e-mail address {a_email}"
    canonical = mailboxes.canonical_email(a_email)
    if canonical and canonical == mailboxes.canonical_email(b_email):
        return f"Both addresses lead to {canonical}"
    return None


def _shared_means(a: Mapping[str, Any], b: Mapping[str, Any], mailbox: str | None) -> list[str]:
    """Ways to reach both that several people can share."""
    found = []
    if a.get("phone") and a.get("phone") == b.get("phone"):
        found.append(f"Same phone {a['phone']}")
    # noreply@ and test@ reach nobody, so they say nothing about anybody.
    if mailbox and not any(mailboxes.is_placeholder(side["email"]) for side in (a, b)):
        found.append(f"{mailbox}, which is a shared mailbox")
    return found


def _judge_shared(shared: list[str], names: Likeness, companies: Likeness) -> Verdict:
    if names == "different":
        return Verdict("different", (*shared, "but different names"))
    if names == "unknown":
        return Verdict("review", (*shared, "but no full names to compare"))
    if companies == "different":
        return Verdict("review", (*shared, _name_reason(names), "but different companies"))
    return Verdict("same" if names == "same" else "review", (*shared, _name_reason(names)))


def _judge_by_name(
    a: Mapping[str, Any], b: Mapping[str, Any], names: Likeness, companies: Likeness
) -> Verdict:
    reason = _name_reason(names)
    agreements = [label for name, label in _REST.items() if a.get(name) and _equal(a[name], b.get(name))]
    conflicts = [
        label for name, label in _REST.items() if a.get(name) and b.get(name) and label not in agreements
    ]
    conflicts += [label for name, label in _HARD_CONFLICTS.items() if _differ(a, b, name)]
    if companies == "different":
        return Verdict("different", (reason, "but different companies"))
    if companies == "unknown":
        if names == "same" and "postal code" in agreements and not conflicts:
            return Verdict("review", (reason, f"same {', '.join(agreements)}"))
        return Verdict("different", (reason, "but nothing else in common"))
    at = "same company" if companies == "same" else "almost the same company name"
    if conflicts:
        return Verdict("review", (reason, at, f"but another {', '.join(conflicts)}"))
    certain = names == "same" and companies == "same" and len(agreements) >= _ENOUGH_AGREEMENTS
    if certain and not _two_company_mailboxes(a, b):
        return Verdict("same", (reason, at, f"same {', '.join(agreements)}"))
    return Verdict("review", (reason, at, "but another or no e-mail address"))


_HARD_CONFLICTS = {"phone": "phone", "country": "country", "state": "state"}


def _two_company_mailboxes(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    """One company seldom gives one person two mailboxes: these are more likely namesakes."""
    domains = [mailboxes.domain_of(side["email"]) for side in (a, b) if side.get("email")]
    return len(domains) == 2 and not any(map(mailboxes.is_free_mail, domains))


def _name_reason(names: Likeness) -> str:
    return "Same name" if names == "same" else "Similar name"


def _equal(a: Any, b: Any) -> bool:
    return a.casefold() == b.casefold() if isinstance(a, str) and isinstance(b, str) else bool(a == b)


def _differ(a: Mapping[str, Any], b: Mapping[str, Any], name: str) -> bool:
    return bool(a.get(name) and b.get(name)) and not _equal(a[name], b[name])
