"""The one writer of mirror rows. Whoever hears of a record hands it over here: the first load, a poll, a look-up, an event.

Rows are CRM's word, so nothing is merged: the newer record is the row. What is older than the row, by the CRM's own
`modified_at`, changes nothing, whatever the order in which pages and events arrive.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from django.db import connection as database
from django.db import models, transaction

from crm_sync.connectors.records import RemoteCompany, RemoteContact, RemoteDeal, RemoteKind, RemoteRecord
from crm_sync.models import Account, CrmConnection, KnownContact, OpenDeal
from intake.values.companies import company_key
from intake.values.web import registrable_domain
from intake.vendors.clean import clean_text
from plumbing.bulk import upsert_rows

_MODELS: dict[RemoteKind, type[models.Model]] = {
    "contacts": KnownContact,
    "companies": Account,
    "deals": OpenDeal,
}
_UNIQUE = ("connection", "remote_id")
R = TypeVar("R", RemoteContact, RemoteCompany, RemoteDeal)


def save_contacts(connection: CrmConnection, contacts: Iterable[RemoteContact], *, now: datetime) -> set[str]:
    """Ids of those whose row is new or another now. One statement, and two more where some of them were merged.

    `now` is when they were read: it is the date of a record that has none.
    """
    return _save(KnownContact, connection, contacts, _contact, now=now)


def save_companies(
    connection: CrmConnection, companies: Iterable[RemoteCompany], *, now: datetime
) -> set[str]:
    """As `save_contacts`; four statements more where some of them were merged."""
    return _save(Account, connection, companies, _account, now=now)


def save_deals(connection: CrmConnection, deals: Iterable[RemoteDeal], *, now: datetime) -> set[str]:
    """As `save_contacts`; one statement."""
    return _save(OpenDeal, connection, deals, _deal, now=now)


def save(
    connection: CrmConnection, kind: RemoteKind, records: Sequence[RemoteRecord], *, now: datetime
) -> set[str]:
    """Records of one kind, by its own function above."""
    match kind:
        case "contacts":
            return save_contacts(
                connection, [one for one in records if isinstance(one, RemoteContact)], now=now
            )
        case "companies":
            return save_companies(
                connection, [one for one in records if isinstance(one, RemoteCompany)], now=now
            )
        case "deals":
            return save_deals(connection, [one for one in records if isinstance(one, RemoteDeal)], now=now)


def mark_gone(
    connection: CrmConnection, kind: RemoteKind, remote_ids: Collection[str], *, now: datetime
) -> list[str]:
    """They do not stand there any more, as somebody found out at `now`; ids of the rows that say so only since this call.

    Two statements, one where there are none. A row comes back when the CRM shows the record again, changed after that.
    """
    if not remote_ids:
        return []
    rows = _MODELS[kind]._default_manager.filter(connection=connection, remote_id__in=list(remote_ids))
    with transaction.atomic():
        standing = rows.filter(gone=False).order_by("remote_id").select_for_update(no_key=True)
        found = dict(standing.values_list("pk", "remote_id"))
        if found:
            _MODELS[kind]._default_manager.filter(pk__in=list(found)).update(gone=True, modified_at=now)
    return list(found.values())


def _save(
    model: type[models.Model],
    connection: CrmConnection,
    records: Iterable[R],
    row_of: Callable[[CrmConnection, R], models.Model],
    *,
    now: datetime,
) -> set[str]:
    # Of one record that comes twice the newer one; by id, so that two writers lock in one order.
    newest: dict[str, R] = {}
    for record in records:
        before = newest.get(record.remote_id)
        if before is None or _is_older(before, record):
            newest[record.remote_id] = record
    newest = {
        remote_id: one if one.modified_at else replace(one, modified_at=now)
        for remote_id, one in newest.items()
    }
    rows = [row_of(connection, newest[remote_id]) for remote_id in sorted(newest)]
    names = [
        field.name
        for field in model._meta.local_concrete_fields
        if not field.primary_key and field.name not in _UNIQUE
    ]
    with transaction.atomic():
        changed = {
            str(remote_id)
            for _, remote_id in upsert_rows(rows, unique=_UNIQUE, fields=names, dated_by="modified_at")
        }
        became = {
            old: remote_id
            for remote_id in sorted(changed)
            for old in getattr(newest.get(remote_id), "merged_ids", ())
            if old != remote_id
        }
        if became:
            _follow(model, connection, became)
    return changed


def _is_older(one: RemoteRecord, other: RemoteRecord) -> bool:
    return one.modified_at is None or other.modified_at is None or one.modified_at <= other.modified_at


def _follow(model: type[models.Model], connection: CrmConnection, became: dict[str, str]) -> None:
    """Records that were merged are gone, and whatever pointed at them points at what they became."""
    values: dict[str, Any] = {"connection": connection.pk, "old": list(became), "new": list(became.values())}
    with database.cursor() as cursor:
        for statement in _FOLLOW_CONTACT if model is KnownContact else _FOLLOW_COMPANY:
            cursor.execute(statement, values)


_PAIRS = "unnest(%(old)s::text[], %(new)s::text[]) AS pair (old, new)"
_FOLLOW_CONTACT = (
    f"UPDATE {KnownContact._meta.db_table} SET gone = true"
    " WHERE connection_id = %(connection)s AND remote_id = ANY(%(old)s) AND NOT gone",
    f"""
    UPDATE {OpenDeal._meta.db_table} SET contact_ids = ARRAY(
        SELECT DISTINCT coalesce(pair.new, id) FROM unnest(contact_ids) AS id LEFT JOIN {_PAIRS} ON pair.old = id
    ) WHERE connection_id = %(connection)s AND contact_ids && %(old)s::varchar[]
    """,
)
_FOLLOW_COMPANY = (
    f"UPDATE {Account._meta.db_table} SET gone = true"
    " WHERE connection_id = %(connection)s AND remote_id = ANY(%(old)s) AND NOT gone",
    f"UPDATE {Account._meta.db_table} SET parent_id = pair.new FROM {_PAIRS}"
    " WHERE connection_id = %(connection)s AND parent_id = pair.old",
    f"UPDATE {KnownContact._meta.db_table} SET account_id = pair.new FROM {_PAIRS}"
    " WHERE connection_id = %(connection)s AND account_id = pair.old",
    f"UPDATE {OpenDeal._meta.db_table} SET account_id = pair.new FROM {_PAIRS}"
    " WHERE connection_id = %(connection)s AND account_id = pair.old",
)


def _contact(connection: CrmConnection, one: RemoteContact) -> KnownContact:
    text = partial(_text, KnownContact)
    return KnownContact(
        connection=connection,
        remote_id=text("remote_id", one.remote_id),
        emails=_each(KnownContact, "emails", (each.strip().lower() for each in one.emails)),
        owner_id=text("owner_id", one.owner_id),
        lifecycle=text("lifecycle", one.lifecycle),
        lead_status=text("lead_status", one.lead_status),
        account_id=text("account_id", one.account_id),
        source=text("source", one.source),
        lead_key=text("lead_key", one.lead_key),
        made_at=one.made_at,
        modified_at=one.modified_at,
        last_contacted_at=one.last_contacted_at,
    )


def _account(connection: CrmConnection, one: RemoteCompany) -> Account:
    text = partial(_text, Account)
    domains = _each(
        Account, "domains", (found for each in one.domains if (found := registrable_domain(each)))
    )
    row = Account(
        connection=connection,
        remote_id=text("remote_id", one.remote_id),
        name=text("name", one.name),
        folded_name=text("folded_name", company_key(one.name)),
        domains=domains,
        parent_id=text("parent_id", one.parent_id),
        owner_id=text("owner_id", one.owner_id),
        lifecycle=text("lifecycle", one.lifecycle),
        tier=text("tier", one.tier),
        is_customer=one.is_customer,
        country=text("country", one.country),
        phone=text("phone", one.phone),
        postal_code=text("postal_code", one.postal_code),
        modified_at=one.modified_at,
    )
    row.match_keys = row.keys()
    return row


def _deal(connection: CrmConnection, one: RemoteDeal) -> OpenDeal:
    text = partial(_text, OpenDeal)
    return OpenDeal(
        connection=connection,
        remote_id=text("remote_id", one.remote_id),
        name=text("name", one.name),
        pipeline=text("pipeline", one.pipeline),
        stage=text("stage", one.stage),
        state=one.state,
        owner_id=text("owner_id", one.owner_id),
        contact_ids=_each(OpenDeal, "contact_ids", one.contact_ids),
        account_id=text("account_id", one.account_id),
        closed_at=one.closed_at,
        modified_at=one.modified_at,
    )


def _text(model: type[models.Model], name: str, value: str) -> str:
    """What the column holds of it."""
    return clean_text(value)[: _longest(model._meta.get_field(name))]


def _each(model: type[models.Model], name: str, values: Iterable[str]) -> list[str]:
    """Once each; a value that does not fit is left out, since its beginning would be another's."""
    most = _longest(model._meta.get_field(name).base_field)  # type: ignore[union-attr]
    return list(
        dict.fromkeys(clean for value in values if (clean := clean_text(value)) and len(clean) <= most)
    )


def _longest(field: Any) -> int:
    return int(field.max_length)
