"""What conditions can ask about: the canonical fields of a lead, and the facts that routing adds to them."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from intake.canonical import CANONICAL_FIELDS

Kind = Literal["text", "choice", "number", "boolean", "postal", "date", "account"]

_KINDS: Mapping[str, Kind] = {
    "country": "choice",
    "integer": "number",
    "boolean": "boolean",
    "datetime": "date",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """Something a condition can compare. `in_words` is how sentences call it."""

    name: str
    label: str
    kind: Kind
    group: str

    @property
    def in_words(self) -> str:
        # "Country" reads "country" in a sentence; "UTM source" stays as it is.
        return self.label if self.label[1:2].isupper() else self.label[:1].lower() + self.label[1:]


_ADDED = (
    Fact("segment", "Segment", "choice", "What we found out"),
    Fact("score", "Score", "number", "What we found out"),
    Fact("territory", "Territory", "choice", "What we found out"),
    Fact("account", "Account", "account", "What we found out"),
    Fact("account_owner", "Account owner (e-mail)", "text", "What we found out"),
    Fact("account_tier", "Account tier", "text", "What we found out"),
    Fact("is_customer", "Is a customer", "boolean", "What the CRM says"),
    Fact("open_deal", "Has an open deal", "boolean", "What the CRM says"),
    Fact("crm_owner", "CRM owner (e-mail)", "text", "What the CRM says"),
    Fact("crm_lifecycle", "CRM lifecycle", "text", "What the CRM says"),
    Fact("crm_lead_status", "CRM lead status", "text", "What the CRM says"),
    Fact("email_is_free", "E-mail is free", "boolean", "What we found out"),
    Fact("email_is_role", "E-mail is shared", "boolean", "What we found out"),
    Fact("email_is_disposable", "E-mail is disposable", "boolean", "What we found out"),
    Fact("email_domain", "E-mail domain", "text", "What we found out"),
    Fact("company_domain", "Company domain", "text", "What we found out"),
    Fact("phone_country", "Country of the phone", "choice", "What we found out"),
    Fact("is_test", "Is a test", "boolean", "What we found out"),
    Fact("form", "Form", "choice", "What we found out"),
    Fact("purpose", "Purpose", "choice", "What we found out"),
)

_GROUPS = {
    "contact": "Person",
    "company": "Company",
    "request": "Request",
    "attribution": "Where they came from",
    "consent": "Consent",
    "meta": "Other",
}


def _kind(name: str, kind: str) -> Kind:
    return "postal" if name == "postal_code" else _KINDS.get(kind, "text")


FACTS: Mapping[str, Fact] = MappingProxyType(
    {fact.name: fact for fact in _ADDED}
    | {
        field.name: Fact(field.name, field.label, _kind(field.name, field.kind), _GROUPS[field.group])
        for field in CANONICAL_FIELDS.values()
    }
)

LABELS: Mapping[str, str] = MappingProxyType({fact.name: fact.in_words for fact in FACTS.values()})
"""For engine.wording.sentence."""
