"""Which named account a lead belongs to."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models.expressions import RawSQL

from intake.values.facts import domain_of_company
from routing.engine.account_family import USUAL_RULES, AccountRules, Relative, holder
from routing.engine.account_match import (
    CONFIRMING,
    NO_ACCOUNT,
    TOO_COMMON,
    AccountCandidate,
    AccountMatch,
    WantedAccount,
    match,
)
from routing.models import NamedAccount, Owner

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


# UNION leaves out who was seen already, so a circle ends.
_CHAIN = f"""
WITH RECURSIVE chain (id, parent_id) AS (
    SELECT id, parent_id FROM {NamedAccount._meta.db_table} WHERE id = ANY(%s)
    UNION
    SELECT a.id, a.parent_id FROM {NamedAccount._meta.db_table} a JOIN chain ON a.id = chain.parent_id
)
SELECT id FROM chain
"""


@dataclass(frozen=True, slots=True)
class Belonging:
    """The account, how it was found, and which others there were. `owner` is whose it is; `owner_of` the company above it that
    they have, "" where it is the account itself."""

    account: NamedAccount | None = None
    match: AccountMatch = NO_ACCOUNT
    owner: Owner | None = None
    owner_of: str = ""


NOWHERE = Belonging()


class Accounts:
    """The named accounts that a batch of facts can belong to; one query, two where those above them count."""

    def __init__(self, facts: Iterable[Mapping[str, Any]], rules: AccountRules = USUAL_RULES) -> None:
        self._matching = rules
        keys = {key for one in facts for key in wanted_of(one).sought()}
        self._rows: dict[str, NamedAccount] = {}
        self._above: dict[str, NamedAccount] = {}
        self._by_key: dict[str, list[AccountCandidate]] = {}
        if not keys:
            return
        rows = NamedAccount.objects.filter(active=True, pk__in=RawSQL(_SHARING, [sorted(keys)]))
        for row in rows.select_related("owner"):
            candidate = _candidate(row)
            self._rows[candidate.id] = row
            for key in candidate.keys & keys:
                self._by_key.setdefault(key, []).append(candidate)
        if rules.owner_from != "self":
            self._above = _above({row.parent_id for row in self._rows.values() if row.parent_id is not None})

    def of(self, facts: Mapping[str, Any]) -> Belonging:
        wanted = wanted_of(facts)
        found = {one.id: one for key in wanted.sought() for one in self._by_key.get(key, ())}
        result = match(wanted, list(found.values()), self._matching.steps)
        if result.candidate is None:
            return Belonging(match=result)
        account = self._rows[result.candidate.id]
        its = holder(_relative(account), self._matching.owner_from, self._relative)
        if its.id == result.candidate.id:
            return Belonging(account, result, account.owner)
        return Belonging(account, result, self._above[its.id].owner, its.name)

    def _relative(self, account_id: str) -> Relative | None:
        row = self._above.get(account_id)
        return _relative(row) if row is not None else None


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


def _above(parents: Collection[int]) -> dict[str, NamedAccount]:
    """These and all above them, by id; one query, none for nobody."""
    if not parents:
        return {}
    rows = NamedAccount.objects.filter(active=True, pk__in=RawSQL(_CHAIN, [sorted(parents)]))
    return {str(row.pk): row for row in rows.select_related("owner")}


def _relative(row: NamedAccount) -> Relative:
    owner = row.owner.email if row.owner is not None and row.owner.available else ""
    return Relative(str(row.pk), row.company, owner, str(row.parent_id or ""))


def _candidate(row: NamedAccount) -> AccountCandidate:
    owned = row.owner is not None and row.owner.available
    return AccountCandidate(str(row.pk), row.company, frozenset(row.match_keys), owned=owned, rank=row.pk)


def _text(facts: Mapping[str, Any], name: str) -> str:
    return str(facts.get(name) or "").strip()
