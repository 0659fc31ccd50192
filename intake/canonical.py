"""The canonical fields: what a submission can say about a person, by the names that rules and the API use."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Kind = Literal[
    "text",
    "email",
    "phone",
    "country",
    "state",
    "integer",
    "boolean",
    "datetime",
    "url",
    "language",
    "timezone",
]
Group = Literal["contact", "company", "request", "attribution", "consent", "meta"]

SEPARATOR = ";"
SMALL_INTEGER_LIMIT = 2_147_483_647
BIG_INTEGER_LIMIT = 9_223_372_036_854_775_807


@dataclass(frozen=True, slots=True)
class CanonicalField:
    """One field of a lead.

    `max_length` counts characters of the normalized text (longer text is cut, with a note); `maximum` is the
    largest number of an integer field (a larger one is dropped, with a note). Each is None where it has no
    meaning.
    `several`: people may choose more than one; the value is then their texts with SEPARATOR between.
    Normalized values are str, int, bool, or an aware UTC datetime, by kind.
    """

    name: str
    label: str
    kind: Kind
    group: Group
    max_length: int | None = None
    maximum: int | None = None
    several: bool = False


_FIELDS = (
    CanonicalField("email", "E-mail", "email", "contact", 254),
    CanonicalField("phone", "Phone", "phone", "contact", 32),
    CanonicalField("first_name", "First name", "text", "contact", 120),
    CanonicalField("last_name", "Last name", "text", "contact", 120),
    CanonicalField("full_name", "Full name", "text", "contact", 240),
    CanonicalField("job_title", "Job title", "text", "contact", 200),
    CanonicalField("company", "Company", "text", "company", 200),
    CanonicalField("website", "Website", "url", "company", 2000),
    CanonicalField("country", "Country", "country", "contact", 2),
    CanonicalField("state", "State", "state", "contact", 100),
    CanonicalField("city", "City", "text", "contact", 120),
    CanonicalField("postal_code", "Postal code", "text", "contact", 20),
    CanonicalField("industry", "Industry", "text", "company", 120, several=True),
    CanonicalField("employee_count", "Employees", "integer", "company", maximum=SMALL_INTEGER_LIMIT),
    # Whole units of whatever currency the form asks in: cents of a yearly revenue mean nothing to a rule.
    CanonicalField("annual_revenue", "Annual revenue", "integer", "company", maximum=BIG_INTEGER_LIMIT),
    CanonicalField("product_interest", "Product interest", "text", "request", 200, several=True),
    CanonicalField("intent", "Intent", "text", "request", 120, several=True),
    CanonicalField("message", "Message", "text", "request", 10_000),
    CanonicalField("budget", "Budget", "text", "request", 120, several=True),
    CanonicalField("timeline", "Timeline", "text", "request", 120, several=True),
    CanonicalField("language", "Language", "language", "contact", 35),
    CanonicalField("existing_customer", "Existing customer", "boolean", "request"),
    CanonicalField("utm_source", "UTM source", "text", "attribution", 200),
    CanonicalField("utm_medium", "UTM medium", "text", "attribution", 200),
    CanonicalField("utm_campaign", "UTM campaign", "text", "attribution", 200),
    CanonicalField("utm_term", "UTM term", "text", "attribution", 200),
    CanonicalField("utm_content", "UTM content", "text", "attribution", 200),
    CanonicalField("gclid", "Google click id", "text", "attribution", 500),
    CanonicalField("fbclid", "Facebook click id", "text", "attribution", 500),
    CanonicalField("msclkid", "Microsoft click id", "text", "attribution", 500),
    CanonicalField("li_fat_id", "LinkedIn click id", "text", "attribution", 500),
    CanonicalField("landing_page", "Landing page", "url", "attribution", 2000),
    CanonicalField("referrer", "Referrer", "url", "attribution", 2000),
    CanonicalField("source_page", "Source page", "url", "attribution", 2000),
    CanonicalField("marketing_consent", "Marketing consent", "boolean", "consent"),
    CanonicalField("privacy_consent", "Privacy consent", "boolean", "consent"),
    CanonicalField("privacy_policy_version", "Privacy policy version", "text", "consent", 100),
    CanonicalField("submitted_at", "Submitted at", "datetime", "meta"),
    CanonicalField("timezone", "Time zone", "timezone", "contact", 64),
)

CANONICAL_FIELDS: Mapping[str, CanonicalField] = MappingProxyType({field.name: field for field in _FIELDS})


def choices_of(name: str, value: object) -> list[str]:
    """What was chosen, where a field can have several choices; [] for one choice and for all other fields."""
    field = CANONICAL_FIELDS.get(name)
    if field is None or not field.several or not isinstance(value, str) or SEPARATOR not in value:
        return []
    return [part.strip() for part in value.split(SEPARATOR) if part.strip()]


def length_of(name: str) -> int:
    """How many characters a text field can have; columns that hold it take no other number."""
    length = CANONICAL_FIELDS[name].max_length
    assert length is not None, f"{name} has no length."
    return length


def label_of(name: str) -> str:
    """The label of a field for people; other names read as words: "Partner id" for `extra.partner_id`."""
    if field := CANONICAL_FIELDS.get(name):
        return field.label
    words = name.removeprefix("extra.").replace("_", " ").strip()
    return words[:1].upper() + words[1:]
