"""What rules see of a lead: canonical values, extras, and what follows from them."""

from typing import Any

from intake.lead_values import values_of
from intake.models import IntakeForm, Lead
from intake.values.facts import facts_of
from routing.models import NamedAccount


def of_lead(lead: Lead, *, form: IntakeForm | None) -> dict[str, Any]:
    """A flat mapping: canonical names, `extra.<key>`, `email_domain`, `email_is_free`, `form`, `purpose`, ..."""
    return of_values(values_of(lead), extra=lead.extra, form=form)


def of_values(values: dict[str, Any], *, extra: dict[str, Any], form: IntakeForm | None) -> dict[str, Any]:
    """The same for values that are no lead (simulation)."""
    facts: dict[str, Any] = {name: value for name, value in values.items() if value not in (None, "")}
    facts.update(facts_of(values))
    for name, value in extra.items():
        if value not in (None, "", [], {}):
            facts[f"extra.{name}"] = value
    if form is not None:
        facts["form"], facts["purpose"] = form.key, form.purpose
    return facts


def of_account(account: NamedAccount | None) -> dict[str, Any]:
    """What rules see of a named account: it goes before an account that others name."""
    if account is None:
        return {}
    owner = {"account_owner": account.owner.email} if account.owner is not None else {}
    return {"account": account.company, **owner}
