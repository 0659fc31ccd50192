"""Rows that go when they are old enough: what each layer has of them, and how a batch of them goes.

A batch is a short transaction of its own. It takes rows that nobody holds (SKIP LOCKED) and waits for nothing, so whoever works
on a row does not feel it; a row that somebody holds goes another time.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction

Rows = Callable[[datetime], "models.QuerySet[Any]"]
Remove = Callable[[Collection[Any]], object]


@dataclass(frozen=True, slots=True)
class Expiry:
    """`rows(before)` are those that may go because they are from before that instant, oldest first by a column that has an index.
    `remove(keys)` lets the rows of these primary keys go, whose locks the transaction holds. `setting` names how many days they
    stay; 0 is for ever.
    """

    key: str
    title: str
    setting: str
    rows: Rows
    remove: Remove

    @property
    def days(self) -> int:
        return int(getattr(settings, self.setting))

    def expired(self, *, now: datetime) -> "models.QuerySet[Any]":
        """Nothing where they stay for ever."""
        rows = self.rows(now - timedelta(days=self.days))
        return rows if self.days > 0 else rows.none()

    def remove_batch(self, *, most: int, now: datetime) -> int:
        """How many went."""
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '500ms'")
            wanted = self.expired(now=now).select_for_update(skip_locked=True, of=("self",))
            keys = list(wanted.values_list("pk", flat=True)[:most])
            if keys:
                self.remove(keys)
        return len(keys)


def delete(model: type[models.Model]) -> Remove:
    """Rows that nothing else refers to, in one statement."""
    rows = model._base_manager

    def remove(keys: Collection[Any]) -> None:
        found = rows.filter(pk__in=list(keys))
        found._raw_delete(found.db)

    return remove
