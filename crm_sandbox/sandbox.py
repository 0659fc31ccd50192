"""Everything that one running sandbox keeps: its store, webhooks, faults, limits and calls."""

from __future__ import annotations

import threading
from pathlib import Path

from crm_sandbox.calls import Calls
from crm_sandbox.faults import Faults
from crm_sandbox.hubspot import owners
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.limits import Limits
from crm_sandbox.store import TABLES, Store
from crm_sandbox.webhooks import Webhooks

FILE_NAME = "crm_sandbox.sqlite3"


class Sandbox:
    def __init__(self, *, data_dir: Path, token: str) -> None:
        self.token = token
        self.store = Store(data_dir / FILE_NAME)
        self.webhooks = Webhooks(store=self.store)
        self.portal = Portal(store=self.store, webhooks=self.webhooks)
        self.faults = Faults()
        self.limits = Limits()
        self.calls = Calls()
        self.stopping = threading.Event()
        with self.store.writing() as db:
            owners.engage(db)
        self.webhooks.start()

    def close(self) -> None:
        self.stopping.set()
        self.webhooks.stop()
        self.store.close()

    def reset(self) -> None:
        """As on the first start; the address for webhooks is forgotten too."""
        with self.store.writing() as db:
            for table in TABLES:
                db.execute(f"DELETE FROM {table}")
            owners.engage(db)
            self.portal.forget_definitions()
        self.webhooks.load()
        self.faults.clear()
        self.limits.clear()
        self.calls.clear()
