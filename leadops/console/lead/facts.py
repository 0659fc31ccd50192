"""The facts of a lead, canonical beside raw, in the order in which people look for them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from intake.canonical import CANONICAL_FIELDS, label_of
from intake.lead_changes import ATTRIBUTION
from intake.models import ConsentRecord, Lead
from plumbing.admin_kit.moments import moment
from plumbing.readable import readable
from routing.engine.account_match import BY
from routing.models import LeadBackground

_SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Person", ("email", "phone", "full_name", "job_title", "language", "timezone")),
    ("Company", ("company", "website", "industry", "employee_count", "annual_revenue")),
    ("Place", ("country", "state", "city", "postal_code")),
    ("Request", ("intent", "product_interest", "budget", "timeline", "existing_customer", "message")),
)


@dataclass(frozen=True, slots=True)
class FactRow:
    """`raw` is what they wrote, empty where it says the same. `typed`: a person typed it, so no form overwrites it."""

    label: str
    value: Any
    raw: str = ""
    typed: bool = False
    link: str = ""


@dataclass(frozen=True, slots=True)
class FactSection:
    title: str
    facts: list[FactRow]


def of_lead(
    lead: Lead, consents: list[ConsentRecord], background: LeadBackground | None, *, crm: str
) -> list[FactSection]:
    """Only what is known. `crm` is what people call the system that was asked."""
    sections = [FactSection(title, list(_facts(lead, names))) for title, names in _SECTIONS]
    if background is not None:
        sections.append(FactSection(f"In {crm}, when it was decided", list(_background(background))))
    sections.append(FactSection("Came from", list(_attribution(lead))))
    sections.append(
        FactSection(
            "Other answers",
            [FactRow(readable(label_of(name)), _say(value)) for name, value in lead.extra.items()],
        )
    )
    sections.append(FactSection("Consent", list(_consent(consents))))
    return [section for section in sections if section.facts]


def _facts(lead: Lead, names: tuple[str, ...]) -> Iterator[FactRow]:
    for name in names:
        value = getattr(lead, name)
        if value in (None, ""):
            continue
        raw = lead.raw.get(name)
        said = readable(str(raw).strip()) if raw is not None else ""
        link = {"email": f"mailto:{value}", "phone": f"tel:{value}"}.get(name, "")
        if name == "website" and str(value).startswith(("http://", "https://")):
            link = str(value)
        yield FactRow(
            label=label_of(name),
            value=_say(value),
            raw="" if said.casefold() == str(value).casefold() else said,
            typed=name in lead.typed_fields,
            link=link,
        )


def _background(told: LeadBackground) -> Iterator[FactRow]:
    if told.missed:
        yield FactRow("Not looked up", told.missed)
    else:
        yield FactRow("Known", "yes" if told.is_known else "no")
    owner = told.crm_owner_name or told.crm_owner
    rows = (
        ("Record of", f"{owner}, who keeps it" if owner and told.keeps_owner else owner),
        ("Customer", "yes" if told.is_customer else ""),
        ("Open deal", f"{told.deal} ({told.deal_owner})" if told.deal and told.deal_owner else told.deal),
        ("Lifecycle", told.crm_lifecycle),
        ("Lead status", told.crm_lead_status),
        (
            "Account",
            f"{told.account} ({BY.get(told.account_by, told.account_by)})" if told.account else "",
        ),
        (
            "Account owner",
            f"{told.account_owner}, of {told.account_owner_of}"
            if told.account_owner_of
            else told.account_owner,
        ),
        ("Account tier", told.account_tier),
    )
    yield from (FactRow(label, readable(value)) for label, value in rows if value)


def _attribution(lead: Lead) -> Iterator[FactRow]:
    forms = list(dict.fromkeys(key for key in (lead.first_form_key, lead.last_form_key) if key))
    if forms:
        yield FactRow("Form", " … ".join(forms))
    for name in ATTRIBUTION:
        value = lead.attribution.get(name)
        if value not in (None, ""):
            yield FactRow(label_of(name), _say(value))


def _consent(consents: list[ConsentRecord]) -> Iterator[FactRow]:
    newest: dict[str, ConsentRecord] = {}
    for record in consents:
        newest.setdefault(record.kind, record)
    for kind, record in newest.items():
        words = "yes" if record.granted else "no"
        if record.policy_version:
            words += f", policy {record.policy_version}"
        yield FactRow(f"{kind.capitalize()} consent", words, raw="", link="", typed=False)


def _say(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}".replace(",", "\u202f")
    if isinstance(value, list):
        return readable(", ".join(str(one) for one in value))
    return readable(value) if isinstance(value, str) else value


def same_and_different(one: Lead, other: Lead) -> list[dict[str, Any]]:
    """Both leads' facts side by side: [{"label", "one", "other", "verdict": "same|differs|only_one"}], telling ones first."""
    rows = []
    for name in CANONICAL_FIELDS:
        if not hasattr(one, name):
            continue
        left, right = getattr(one, name), getattr(other, name)
        if left in (None, "") and right in (None, ""):
            continue
        if left in (None, "") or right in (None, ""):
            verdict = "only_one"
        else:
            verdict = "same" if str(left).casefold() == str(right).casefold() else "differs"
        rows.append({"label": label_of(name), "one": _say(left), "other": _say(right), "verdict": verdict})
    for label, at_one, at_other in (
        ("Submitted", one.created_at, other.created_at),
        ("Last heard of", one.last_submitted_at, other.last_submitted_at),
    ):
        rows.append({"label": label, "one": moment(at_one), "other": moment(at_other), "verdict": ""})
    order = {"differs": 0, "same": 1, "only_one": 2, "": 3}
    return sorted(rows, key=lambda row: order[str(row["verdict"])])
