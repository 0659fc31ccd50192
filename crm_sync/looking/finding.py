"""What the mirror knows of people: one statement for a batch, whatever their number.

A contact is found by any of its e-mail addresses. An account is that of the contact, else the one with the domain, else the one
with the name, unless its country is another. An open deal is one with the contact, else one of the account, unless that
was found by its name only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.db import connection as database

from crm_sync.models import Account, CrmLink, KnownContact, OpenDeal, OwnerLink
from intake.values.companies import company_key
from intake.values.facts import company_domain

By = Literal["contact", "domain", "name"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Somebody to be looked up: lower-case address, registrable domain, folded company name, country code; "" for none.

    `record` is the id of their record there, where a lead is linked to one already.
    """

    email: str = ""
    domain: str = ""
    company: str = ""
    country: str = ""
    record: str = ""


def wanted_of(values: Mapping[str, Any], *, record: str = "") -> Wanted:
    """How somebody with these canonical values is looked up."""
    return Wanted(
        email=str(values.get("email") or "").lower(),
        domain=company_domain(values) or "",
        company=company_key(str(values.get("company") or "")),
        country=str(values.get("country") or ""),
        record=record,
    )


@dataclass(frozen=True, slots=True)
class Person:
    """An owner there. `archived`: they are nobody's owner any more."""

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
    name: str
    owner: Person
    tier: str
    is_customer: bool
    by: By


@dataclass(frozen=True, slots=True)
class FoundDeal:
    name: str
    owner: Person


@dataclass(slots=True)
class Found:
    contact: FoundContact | None = None
    account: FoundAccount | None = None
    deal: FoundDeal | None = None


_FIND = f"""
WITH wanted AS (
    SELECT * FROM unnest(%(n)s::int[], %(email)s::text[], %(domain)s::text[], %(company)s::text[], %(country)s::text[],
        %(record)s::text[]) AS w (n, email, domain, company, country, record)
), contact AS (
    SELECT w.n, c.* FROM wanted w JOIN {KnownContact._meta.db_table} c
        ON w.email <> '' AND c.emails @> ARRAY[w.email]::varchar[]
    WHERE c.connection_id = %(connection)s AND NOT c.gone
    UNION
    SELECT w.n, c.* FROM wanted w JOIN {KnownContact._meta.db_table} c ON w.record <> '' AND c.remote_id = w.record
    WHERE c.connection_id = %(connection)s AND NOT c.gone
), account AS (
    SELECT c.n, 1 AS rank, a.* FROM contact c JOIN {Account._meta.db_table} a
        ON c.account_id <> '' AND a.remote_id = c.account_id
    WHERE a.connection_id = %(connection)s AND NOT a.gone
    UNION ALL
    SELECT w.n, 2, a.* FROM wanted w JOIN {Account._meta.db_table} a
        ON w.domain <> '' AND a.domains @> ARRAY[w.domain]::varchar[]
    WHERE a.connection_id = %(connection)s AND NOT a.gone
    UNION ALL
    SELECT w.n, 3, a.* FROM wanted w JOIN {Account._meta.db_table} a
        ON w.company <> '' AND a.folded_name = w.company
    WHERE a.connection_id = %(connection)s AND NOT a.gone
        AND (w.country = '' OR length(a.country) <> 2 OR upper(a.country) = upper(w.country))
), deal AS (
    SELECT c.n, 1 AS rank, d.* FROM contact c JOIN {OpenDeal._meta.db_table} d
        ON d.contact_ids @> ARRAY[c.remote_id]::varchar[]
    WHERE d.connection_id = %(connection)s AND d.state = 'open' AND NOT d.gone
    UNION ALL
    SELECT w.n, 1, d.* FROM wanted w JOIN {OpenDeal._meta.db_table} d
        ON w.record <> '' AND d.contact_ids @> ARRAY[w.record]::varchar[]
    WHERE d.connection_id = %(connection)s AND d.state = 'open' AND NOT d.gone
    UNION ALL
    SELECT a.n, a.rank + 1, d.* FROM account a JOIN {OpenDeal._meta.db_table} d ON d.account_id = a.remote_id
    WHERE d.connection_id = %(connection)s AND d.state = 'open' AND NOT d.gone AND a.rank < 3
), found AS (
    SELECT 'contact' AS kind, n, 1 AS rank, remote_id, '' AS name, owner_id, lifecycle AS words, lead_status AS more,
        lead_key <> '' AS flag, modified_at FROM contact
    UNION ALL
    SELECT 'account', n, rank, remote_id, name, owner_id, tier, lifecycle, is_customer, modified_at FROM account
    UNION ALL
    SELECT 'deal', n, rank, remote_id, name, owner_id, stage, pipeline, false, modified_at FROM deal
)
SELECT f.kind, f.n, f.rank, f.remote_id, f.name, f.words, f.more,
    f.flag OR (f.kind = 'contact' AND l.id IS NOT NULL),
    coalesce(o.email, ''), coalesce(o.name, ''), coalesce(o.archived, false)
FROM found f
LEFT JOIN {OwnerLink._meta.db_table} o ON o.connection_id = %(connection)s AND o.remote_id = f.owner_id AND f.owner_id <> ''
LEFT JOIN {CrmLink._meta.db_table} l
    ON l.connection_id = %(connection)s AND l.remote_id = f.remote_id AND f.kind = 'contact'
ORDER BY f.n, f.kind, f.rank, f.flag DESC, f.modified_at DESC NULLS LAST, f.remote_id
"""
_BY: Mapping[int, By] = {1: "contact", 2: "domain", 3: "name"}


def find(connection_id: int, wanted: Sequence[Wanted]) -> list[Found]:
    """What is known of each, in their order; the best of several: customers' accounts first, then what changed last."""
    found = [Found() for _ in wanted]
    if not wanted:
        return found
    columns = ("email", "domain", "company", "country", "record")
    given: dict[str, Any] = {name: [getattr(one, name) for one in wanted] for name in columns}
    with database.cursor() as cursor:
        cursor.execute(_FIND, {**given, "n": list(range(len(wanted))), "connection": connection_id})
        for kind, n, rank, remote_id, name, words, more, flag, *owner in cursor.fetchall():
            one, person = found[n], Person(*owner)
            if kind == "contact" and one.contact is None:
                one.contact = FoundContact(remote_id, person, words, more, flag)
            elif kind == "account" and one.account is None:
                one.account = FoundAccount(name, person, words, flag, _BY[rank])
            elif kind == "deal" and one.deal is None:
                one.deal = FoundDeal(name, person)
    return found


def people(connection_id: int, owner_ids: Sequence[str]) -> dict[str, Person]:
    """Owners there by their id; one query, none for nobody."""
    if not owner_ids:
        return {}
    rows = OwnerLink.objects.filter(connection_id=connection_id, remote_id__in=owner_ids)
    return {
        remote_id: Person(email, name, archived)
        for remote_id, email, name, archived in rows.values_list("remote_id", "email", "name", "archived")
    }
