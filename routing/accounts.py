"""Which named account a lead belongs to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models.expressions import RawSQL

from intake.values.facts import domain_of_company
from routing.engine.account_match import (
    ALL_STEPS,
    CONFIRMING,
    NO_ACCOUNT,
    TOO_COMMON,
    AccountCandidate,
    AccountMatch,
    Step,
    WantedAccount,
    match,
)
from routing.models import NamedAccount

# Where a lead names the id of its account: an extra of the form.
ID_FACT = "extra.account_id"


# Accounts that have one of the keys. What confirms a similar name is not looked for where it is too common to say anything.
_SHARING = f"""
SELECT unnest(found.ids) FROM (
    SELECT ARRAY(
        SELECT id FROM {NamedAccount._meta.db_table} WHERE match_keys @> ARRAY[sought.key]
        LIMIT CASE WHEN sought.key ~ '{CONFIRMING}' THEN {TOO_COMMON} END
    ) AS ids, sought.key FROM unnest(%s::text[]) AS sought (key)
) found WHERE cardinality(found.ids) < {TOO_COMMON} OR found.key !~ '{CONFIRMING}'
"""


@dataclass(frozen=True, slots=True)
class Belonging:
    """The account, how it was found, and which others there were."""

    account: NamedAccount | None = None
    match: AccountMatch = NO_ACCOUNT


NOWHERE = Belonging()


class Accounts:
    """The named accounts that a batch of facts can belong to; one query."""

    def __init__(self, facts: Iterable[Mapping[str, Any]], steps: Sequence[Step] = ALL_STEPS) -> None:
        self._steps = steps
        keys = {key for one in facts for key in wanted_of(one).sought()}
        self._rows: dict[str, NamedAccount] = {}
        self._by_key: dict[str, list[AccountCandidate]] = {}
        if not keys:
            return
        rows = NamedAccount.objects.filter(active=True, pk__in=RawSQL(_SHARING, [sorted(keys)]))
        for row in rows.select_related("owner"):
            candidate = _candidate(row)
            self._rows[candidate.id] = row
            for key in candidate.keys & keys:
                self._by_key.setdefault(key, []).append(candidate)

    def of(self, facts: Mapping[str, Any]) -> Belonging:
        wanted = wanted_of(facts)
        found = {one.id: one for key in wanted.sought() for one in self._by_key.get(key, ())}
        result = match(wanted, list(found.values()), self._steps)
        if result.candidate is None:
            return Belonging(match=result)
        return Belonging(self._rows[result.candidate.id], result)


def wanted_of(facts: Mapping[str, Any]) -> WantedAccount:
    """What facts say of the company."""
    host = _text(facts, "email_domain").lower()
    return WantedAccount(
        name=_text(facts, "company_key"),
        host=host if host and domain_of_company(host) else "",
        domain=_text(facts, "company_domain").lower(),
        country=_text(facts, "country"),
        phone=_text(facts, "phone"),
        postal_code=_text(facts, "postal_code"),
        account_id=_text(facts, ID_FACT),
    )


def _candidate(row: NamedAccount) -> AccountCandidate:
    owned = row.owner is not None and row.owner.available
    return AccountCandidate(str(row.pk), row.company, frozenset(row.match_keys), owned=owned, rank=row.pk)


def _text(facts: Mapping[str, Any], name: str) -> str:
    return str(facts.get(name) or "").strip()
