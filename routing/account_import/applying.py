"""A file becomes accounts: in one transaction, with a history row for each that changes."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import connection as database
from django.db import transaction

from plumbing.bulk import insert_rows, update_rows
from plumbing.locks import lock_keys
from routing.account_import.comparing import COLUMNS, AccountChange, AccountDifference, compare
from routing.account_import.reading import AccountSheet
from routing.models import NamedAccount

REASON = "Import of accounts"
_LOCK = "routing.account_import"
_CHUNK = 2_000
# How far it is: rows written, of how many.
HowFar = Callable[[int, int], None]


class AccountsChanged(Exception):
    """The accounts are others than when the difference was shown; `difference` is what it would be now."""

    def __init__(self, difference: AccountDifference) -> None:
        super().__init__("Accounts were changed since this was shown.")
        self.difference = difference


def preview(sheet: AccountSheet) -> AccountDifference:
    """What the file would change; nothing is written."""
    with transaction.atomic():
        return compare(sheet)


def apply(
    sheet: AccountSheet,
    *,
    expected: str | None = None,
    user: Any = None,
    now: datetime,
    progress: HowFar = lambda done, total: None,
) -> AccountDifference:
    """Write what changes; lines in trouble are left out. `expected` is the fingerprint of the difference that somebody saw.

    Nobody else writes accounts meanwhile; decisions go on. Raises AccountsChanged, and then nothing is written.
    """
    with transaction.atomic():
        lock_keys([_LOCK])
        with database.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {NamedAccount._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")
        found = compare(sheet)
        if expected is not None and found.fingerprint != expected:
            raise AccountsChanged(found)
        changed = [one for one in found.changes if not one.is_new]
        total, done = len(found.changes), 0
        for round_ in _parents_first(found.new):
            for chunk in _chunks(round_):
                insert_rows(chunk)
                _history(chunk, update=False, user=user, now=now)
                done += len(chunk)
                progress(done, total)
        for chunk in _chunks(changed):
            update_rows(chunk, fields=[*COLUMNS, "match_keys"])
            _history(chunk, update=True, user=user, now=now)
            done += len(chunk)
            progress(done, total)
    return found


def _parents_first(new: Sequence[AccountChange]) -> Iterator[list[AccountChange]]:
    """New ones, whoever belongs to another of them after that one. Of a circle nobody belongs to anybody."""
    left = list(new)
    while left:
        ready = [one for one in left if one.above is None or one.above.pk is not None] or left
        yield ready
        left = [one for one in left if one.account.pk is None]


def _chunks(changes: Sequence[AccountChange]) -> Iterator[list[NamedAccount]]:
    for start in range(0, len(changes), _CHUNK):
        some = changes[start : start + _CHUNK]
        for one in some:
            if one.above is not None:
                one.account.parent_id = one.above.pk
        rows = [one.account for one in some]
        for row in rows:
            row.match_keys = row.keys()
        yield rows


def _history(rows: Sequence[NamedAccount], *, update: bool, user: Any, now: datetime) -> None:
    NamedAccount.history.bulk_history_create(
        rows,
        batch_size=_CHUNK,
        update=update,
        default_user=user,
        default_change_reason=REASON,
        default_date=now,
    )
