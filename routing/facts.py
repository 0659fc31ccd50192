"""What rules see of a lead: canonical values, extras, and what follows from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from intake.canonical import choices_of
from intake.lead_values import values_of
from intake.models import IntakeForm, Lead
from intake.values.facts import facts_of
from routing import background
from routing.accounts import Accounts, Belonging
from routing.engine.account_family import USUAL_RULES, AccountRules
from routing.engine.decide import with_territory
from routing.models import LeadBackground, LeadScore
from routing.rules import publishing


@dataclass(frozen=True, slots=True)
class KnownOfLeads:
    """`facts` with the score that they have, what records elsewhere say, and their account; by lead."""

    facts: dict[UUID, dict[str, Any]]
    belongs: dict[UUID, Belonging]
    known: dict[UUID, LeadBackground]


def of_leads(leads: Sequence[Lead], *, rules: AccountRules = USUAL_RULES) -> KnownOfLeads:
    """What rules see of leads as they are now; four queries, however many they are. `rules` say how accounts are found."""
    forms = IntakeForm.objects.in_bulk({lead.last_form_key for lead in leads}, field_name="key")
    scores = LeadScore.objects.in_bulk([lead.pk for lead in leads])
    known = background.of_leads([lead.pk for lead in leads])
    facts: dict[UUID, dict[str, Any]] = {}
    for lead in leads:
        seen = of_lead(lead, form=forms.get(lead.last_form_key))
        if lead.pk in scores:
            seen |= {"score": scores[lead.pk].points, "segment": scores[lead.pk].segment}
        facts[lead.pk] = seen
    named = Accounts(facts.values(), rules)
    belongs = {pk: named.of(seen) for pk, seen in facts.items()}
    for pk, seen in facts.items():
        if pk in known:
            seen |= known[pk].facts()
        seen |= of_account(belongs[pk])
    return KnownOfLeads(facts, belongs, known)


def for_conditions(leads: Sequence[Lead]) -> dict[UUID, dict[str, Any]]:
    """All that a condition can ask about, by lead; the territory is that of the rules in force, where some are published."""
    try:
        ruleset, _ = publishing.compiled_with_row()
    except publishing.NothingPublished:
        return of_leads(leads).facts
    found = of_leads(leads, rules=ruleset.account_match).facts
    return {pk: with_territory(seen, ruleset)[0] for pk, seen in found.items()}


def of_lead(lead: Lead, *, form: IntakeForm | None) -> dict[str, Any]:
    """A flat mapping: canonical names, `extra.<key>`, `email_domain`, `email_is_free`, `form`, `purpose`, ..."""
    return of_values(values_of(lead), extra=lead.extra, form=form) | {"is_test": lead.is_test}


def of_values(values: dict[str, Any], *, extra: dict[str, Any], form: IntakeForm | None) -> dict[str, Any]:
    """The same for values that are no lead (simulation)."""
    facts: dict[str, Any] = {
        name: choices_of(name, value) or value for name, value in values.items() if value not in (None, "")
    }
    facts.update(facts_of(values))
    for name, value in extra.items():
        if value not in (None, "", [], {}):
            facts[f"extra.{name}"] = value
    if form is not None:
        facts["form"], facts["purpose"] = form.key, form.purpose
    return facts


def of_account(belongs: Belonging) -> dict[str, Any]:
    """What rules see of a named account: it goes before an account that others name."""
    if belongs.account is None:
        return {}
    owner = {"account_owner": belongs.owner.email} if belongs.owner is not None else {}
    tier = {"account_tier": belongs.account.tier} if belongs.account.tier else {}
    return {"account": belongs.account.company, **owner, **tier}
