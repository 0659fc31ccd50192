"""One Salesforce org: its memory, its definitions, who is logged in and what was used."""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from crm_sandbox.salesforce import staff
from crm_sandbox.salesforce.definitions import OrgDefinitions
from crm_sandbox.salesforce.sessions import OrgSessions
from crm_sandbox.salesforce.usage import OrgUsage
from crm_sandbox.store import Store
from crm_sandbox.wire import Json

PREFIX = "/instances"


class Org:
    """Shared by all threads; whatever it reads or writes, it does under the store's lock."""

    def __init__(self, *, store: Store) -> None:
        self.store = store
        self.definitions = OrgDefinitions()
        self.sessions = OrgSessions()
        self.usage = OrgUsage()
        # Pages of queries that have not been asked for yet, by their locator.
        self.cursors: OrderedDict[str, Json] = OrderedDict()
        # How often each rule of the admin has held.
        self.spent: dict[int, int] = {}
        # Set when something was booked for later.
        self.wake = threading.Event()
        with self.store.writing() as db:
            staff.engage(db)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """All or nothing; within another one it is a part that may fail alone."""
        with self.store.reading() as db:
            if not db.in_transaction:
                with self.store.writing() as fresh:
                    yield fresh
                return
            db.execute("SAVEPOINT part")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK TO part")
                db.execute("RELEASE part")
                raise
            db.execute("RELEASE part")

    def is_writing(self) -> bool:
        """Whether this thread is in the midst of one."""
        with self.store.reading() as db:
            return db.in_transaction

    def begin_anew(self, db: sqlite3.Connection) -> None:
        """After every table has been emptied."""
        self.definitions.forget()
        staff.engage(db)
        self.sessions.clear()
        self.usage.clear()
        self.cursors.clear()
        self.spent.clear()
