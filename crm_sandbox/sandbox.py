"""Everything that one running sandbox keeps: its store, webhooks, faults, limits and calls."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

from crm_sandbox.calls import Calls
from crm_sandbox.faults import Faults
from crm_sandbox.hubspot import owners
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.limits import Limits
from crm_sandbox.salesforce import settings
from crm_sandbox.salesforce.later import Later
from crm_sandbox.salesforce.org import Org
from crm_sandbox.store import TABLES, Store
from crm_sandbox.webhooks import Webhooks

FILE_NAME = "crm_sandbox.sqlite3"


class Sandbox:
    def __init__(self, *, data_dir: Path, token: str, salesforce_certificate: str = "") -> None:
        """`salesforce_certificate`: PEM, for logins by JWT; "" leaves what was set."""
        self.token = token
        self._certificate = salesforce_certificate
        self.store = Store(data_dir / FILE_NAME)
        self.webhooks = Webhooks(store=self.store)
        self.portal = Portal(store=self.store, webhooks=self.webhooks)
        self.org = Org(store=self.store)
        self.later = Later(self.org)
        self.faults = Faults()
        self.limits = Limits()
        self.calls = Calls()
        self.stopping = threading.Event()
        with self.store.writing() as db:
            owners.engage(db)
            self._trust(db)
        self.webhooks.start()
        self.later.start()

    def close(self) -> None:
        self.stopping.set()
        self.webhooks.stop()
        self.later.stop()
        self.store.close()

    def reset(self) -> None:
        """As on the first start; the address for webhooks is forgotten too."""
        with self.store.writing() as db:
            for table in TABLES:
                db.execute(f"DELETE FROM {table}")
            owners.engage(db)
            self.portal.forget_definitions()
            self.org.begin_anew(db)
            self._trust(db)
        self.webhooks.load()
        self.faults.clear()
        self.limits.clear()
        self.calls.clear()

    def _trust(self, db: sqlite3.Connection) -> None:
        if self._certificate:
            settings.change(db, {"certificate": self._certificate})
