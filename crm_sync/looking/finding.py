"""What the mirror knows of people: one statement for a batch, whatever their number.

A contact is found by any of its e-mail addresses. Accounts are found by the keys that they share with the lead's company, and
judged as named accounts are (routing.engine.account_match). An open deal is one with the contact, else one of the account,
unless that was found by its name only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from django.db import connection as database

from crm_sync.models import Account, CrmLink, KnownContact, OpenDeal, OwnerLink
from intake.values.facts import facts_of
from routing.accounts import ID_FACT
from routing.accounts import wanted_of as company_of
from routing.engine import account_match
from routing.engine.account_match import (
    ALL_STEPS,
    CONFIRMING,
    NO_ACCOUNT,
    TOO_COMMON,
    WEAK_STEPS,
    AccountCandidate,
    AccountMatch,
    Step,
)

# Between the keys of one lead: no key holds it.
_BETWEEN = "\x1f"


NO_EXTRA: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Wanted:
    """Somebody to be looked up: lower-case address, "" for none, and what is known of their company.

    `record` is the id of their record there, where a lead is linked to one already.
    """

    email: str = ""
    company: account_match.WantedAccount = field(default_factory=account_match.WantedAccount)
    record: str = ""


def wanted_of(values: Mapping[str, Any], *, extra: Mapping[str, Any] = NO_EXTRA, record: str = "") -> Wanted:
    """How somebody with these canonical values is looked up. An extra may name the account."""
    company = company_of({**values, **facts_of(values), ID_FACT: extra.get(ID_FACT.removeprefix("extra."))})
    return Wanted(email=str(values.get("email") or "").lower(), company=company, record=record)


@dataclass(frozen=True, slots=True)
class Person:
    """An owner there. `archived`: they are nobody's owner any more. Whom the list of owners does not have yet has a name only."""

    email: str = ""
    name: str = ""
    archived: bool = False


NOBODY = Person()


@dataclass(frozen=True, slots=True)
class FoundContact:
    """`is_ours`: a lead of ours is linked to it, or it carries our key."""

    remote_id: str
    owner: Person
    lifecycle: str
    lead_status: str
    is_ours: bool


@dataclass(frozen=True, slots=True)
class FoundAccount:
    remote_id: str
    name: str
    owner: Person
    tier: str
    is_customer: bool
    by: Step
    # The company above it whose owner that is, "" where it is its own.
    owner_of: str = ""


@dataclass(frozen=True, slots=True)
class FoundDeal:
    name: str
    owner: Person


@dataclass(slots=True)
class Found:
    contact: FoundContact | None = None
    account: FoundAccount | None = None
    accounts: AccountMatch = NO_ACCOUNT
    deal: FoundDeal | None = None


@dataclass(slots=True)
class _Rows:
    """What one statement has brought of one person."""

    contacts: list[FoundContact] = field(default_factory=list)
    candidates: dict[str, AccountCandidate] = field(default_factory=dict)
    accounts: dict[str, tuple[str, Person, str, bool]] = field(default_factory=dict)
    deals: list[tuple[str, FoundDeal]] = field(default_factory=list)


_FIND = f"""
WITH wanted AS (
    SELECT n, email, record, string_to_array(keys, %(between)s) AS keys
    FROM unnest(%(n)s::int[], %(email)s::text[], %(record)s::text[], %(keys)s::text[]) AS w (n, email, record, keys)
), contact AS (
    SELECT w.n, c.* FROM wanted w JOIN {KnownContact._meta.db_table} c
        ON w.email <> '' AND c.emails @> ARRAY[w.email]::varchar[]
    WHERE c.connection_id = %(connection)s AND NOT c.gone
    UNION
    SELECT w.n, c.* FROM wanted w JOIN {KnownContact._meta.db_table} c ON w.record <> '' AND c.remote_id = w.record
    WHERE c.connection_id = %(connection)s AND NOT c.gone
), sharing AS (
    SELECT w.n, key, ARRAY(
        SELECT id FROM {Account._meta.db_table}
        WHERE match_keys @> ARRAY[key] AND connection_id = %(connection)s AND NOT gone
        LIMIT CASE WHEN key ~ '{CONFIRMING}' THEN {TOO_COMMON} END
    ) AS ids FROM wanted w CROSS JOIN LATERAL unnest(w.keys) AS key
), account AS (
    SELECT c.n, true AS own, a.* FROM contact c JOIN {Account._meta.db_table} a
        ON c.account_id <> '' AND a.remote_id = c.account_id
    WHERE a.connection_id = %(connection)s AND NOT a.gone
    UNION ALL
    SELECT f.n, false, a.* FROM sharing f JOIN {Account._meta.db_table} a ON a.id = ANY(f.ids)
    WHERE cardinality(f.ids) < {TOO_COMMON} OR f.key !~ '{CONFIRMING}'
), deal AS (
    SELECT c.n, '' AS account, d.* FROM contact c JOIN {OpenDeal._meta.db_table} d
        ON d.contact_ids @> ARRAY[c.remote_id]::varchar[]
    WHERE d.connection_id = %(connection)s AND d.state = 'open' AND NOT d.gone
    UNION ALL
    SELECT w.n, '', d.* FROM wanted w JOIN {OpenDeal._meta.db_table} d
        ON w.record <> '' AND d.contact_ids @> ARRAY[w.record]::varchar[]
    WHERE d.connection_id = %(connection)s AND d.state = 'open' AND NOT d.gone
    UNION ALL
    SELECT a.n, a.remote_id, d.* FROM account a JOIN {OpenDeal._meta.db_table} d ON d.account_id = a.remote_id
    WHERE d.connection_id = %(connection)s AND d.state = 'open' AND NOT d.gone
), found AS (
    SELECT 'contact' AS kind, n, remote_id, '' AS name, owner_id, lifecycle AS words, lead_status AS more,
        lead_key <> '' AS flag, false AS own, NULL::text[] AS keys, modified_at FROM contact
    UNION ALL
    SELECT 'account', n, remote_id, name, owner_id, tier, lifecycle, is_customer, own, match_keys, modified_at FROM account
    UNION ALL
    SELECT 'deal', n, remote_id, name, owner_id, account, pipeline, false, false, NULL, modified_at FROM deal
)
SELECT f.kind, f.n, f.remote_id, f.name, f.words, f.more, f.flag OR (f.kind = 'contact' AND l.id IS NOT NULL),
    f.own, f.keys, coalesce(extract(epoch FROM f.modified_at), 0)::float8,
    coalesce(o.email, ''), CASE WHEN o.id IS NULL AND f.owner_id <> '' THEN 'Owner ' || f.owner_id ELSE coalesce(o.name, '') END,
    coalesce(o.archived, false)
FROM found f
LEFT JOIN {OwnerLink._meta.db_table} o ON o.connection_id = %(connection)s AND o.remote_id = f.owner_id AND f.owner_id <> ''
LEFT JOIN {CrmLink._meta.db_table} l
    ON l.connection_id = %(connection)s AND l.remote_id = f.remote_id AND f.kind = 'contact'
ORDER BY f.n, f.kind, f.flag DESC, f.modified_at DESC NULLS LAST, f.remote_id
"""


def find(connection_id: int, wanted: Sequence[Wanted], steps: Sequence[Step] = ALL_STEPS) -> list[Found]:
    """What is known of each, in their order. Of several contacts ours goes first, of several deals the one that changed last;
    `steps` say how an account may be found.
    """
    if not wanted:
        return []
    given: dict[str, Any] = {
        "n": list(range(len(wanted))),
        "email": [one.email for one in wanted],
        "record": [one.record for one in wanted],
        "keys": [_BETWEEN.join(one.company.sought()) for one in wanted],
        "between": _BETWEEN,
        "connection": connection_id,
    }
    rows = [_Rows() for _ in wanted]
    with database.cursor() as cursor:
        cursor.execute(_FIND, given)
        for kind, n, remote_id, name, words, more, flag, own, keys, changed, *owner in cursor.fetchall():
            one, person = rows[n], Person(*owner)
            if kind == "contact":
                one.contacts.append(FoundContact(remote_id, person, words, more, flag))
            elif kind == "deal":
                one.deals.append((words, FoundDeal(name, person)))
            else:
                before = one.candidates.get(remote_id)
                one.accounts[remote_id] = (name, person, words, flag)
                one.candidates[remote_id] = AccountCandidate(
                    remote_id,
                    name or f"Account {remote_id}",
                    frozenset(keys),
                    customer=flag,
                    owned=bool(person.email) and not person.archived,
                    own=own or (before is not None and before.own),
                    rank=-changed,
                )
    return [_found(each, theirs, steps) for each, theirs in zip(wanted, rows, strict=True)]


def _found(wanted: Wanted, rows: _Rows, steps: Sequence[Step]) -> Found:
    found = Found(contact=rows.contacts[0] if rows.contacts else None)
    found.accounts = account_match.match(wanted.company, list(rows.candidates.values()), steps)
    best, step = found.accounts.candidate, found.accounts.step
    if best is not None and step is not None:
        found.account = FoundAccount(best.id, *rows.accounts[best.id], by=step)
    counts = [""] if best is None or step in WEAK_STEPS else ["", best.id]
    deals = [(counts.index(account), deal) for account, deal in rows.deals if account in counts]
    found.deal = min(deals, key=lambda each: each[0])[1] if deals else None
    return found


def people(connection_id: int, owner_ids: Sequence[str]) -> dict[str, Person]:
    """Owners there by their id; one query, none for nobody."""
    if not owner_ids:
        return {}
    rows = OwnerLink.objects.filter(connection_id=connection_id, remote_id__in=owner_ids)
    unread = {owner_id: Person(name=f"Owner {owner_id}") for owner_id in owner_ids if owner_id}
    return unread | {
        remote_id: Person(email, name, archived)
        for remote_id, email, name, archived in rows.values_list("remote_id", "email", "name", "archived")
    }
