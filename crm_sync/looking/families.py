"""Companies there that belong to others: whose an account is by the rules, where not by its own owner."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from django.db import connection as database

from crm_sync.looking import finding
from crm_sync.looking.finding import Found, Person, Wanted
from crm_sync.models import Account, OwnerLink
from routing.engine.account_family import AccountRules, Relative, holder

# UNION leaves out who was seen already, so a circle ends.
_CHAIN = f"""
WITH RECURSIVE chain (remote_id, name, owner_id, parent_id) AS (
    SELECT remote_id, name, owner_id, parent_id FROM {Account._meta.db_table}
    WHERE connection_id = %(connection)s AND remote_id = ANY(%(ids)s) AND NOT gone
    UNION
    SELECT a.remote_id, a.name, a.owner_id, a.parent_id FROM {Account._meta.db_table} a
    JOIN chain ON a.connection_id = %(connection)s AND a.remote_id = chain.parent_id AND chain.parent_id <> '' AND NOT a.gone
)
SELECT c.remote_id, c.name, c.parent_id, coalesce(o.email, ''), coalesce(o.name, ''), coalesce(o.archived, false)
FROM chain c LEFT JOIN {OwnerLink._meta.db_table} o
    ON o.connection_id = %(connection)s AND o.remote_id = c.owner_id AND c.owner_id <> ''
"""


def found(connection_id: int, wanted: Sequence[Wanted], rules: AccountRules) -> list[Found]:
    """As `finding.find`, with the owner of each account by the rules; one statement more where those above it count."""
    rows = finding.find(connection_id, wanted, rules.steps)
    accounts = {one.account.remote_id for one in rows if one.account is not None}
    if rules.owner_from == "self" or not accounts:
        return rows
    relatives, people = _families(connection_id, accounts)
    for one in rows:
        if one.account is not None and (own := relatives.get(one.account.remote_id)) is not None:
            its = holder(own, rules.owner_from, relatives.get)
            if its.id != own.id:
                one.account = replace(one.account, owner=people[its.id], owner_of=its.name)
    return rows


def _families(
    connection_id: int, account_ids: Collection[str]
) -> tuple[dict[str, Relative], dict[str, Person]]:
    relatives: dict[str, Relative] = {}
    people: dict[str, Person] = {}
    with database.cursor() as cursor:
        cursor.execute(_CHAIN, {"connection": connection_id, "ids": sorted(account_ids)})
        for remote_id, name, parent, *owner in cursor.fetchall():
            person = Person(*owner)
            people[remote_id] = person
            relatives[remote_id] = Relative(
                remote_id, name or f"Account {remote_id}", "" if person.archived else person.email, parent
            )
    return relatives, people
