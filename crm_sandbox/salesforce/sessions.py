"""Tokens, and how often users log in: in memory, so that a restart ends every session."""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass

from crm_sandbox.limits import Window

HOUR = 3600


@dataclass(slots=True)
class OrgSession:
    user_id: str
    instance: str
    used_at: float


class OrgSessions:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[str, OrgSession] = {}
        self._logins: dict[str, Window] = {}

    def may_log_in(self, user_id: str, *, an_hour: int) -> bool:
        """Counts the login, unless it is one too many."""
        with self._lock:
            window = self._logins.setdefault(user_id, Window(an_hour, HOUR))
            window.calls = an_hour
            return window.take(now=time.monotonic())

    def begin(self, *, user_id: str, organization_id: str, instance: str) -> str:
        """A token. It has the organization's id in it, as Salesforce's have."""
        token = f"{organization_id[:15]}!AQ{secrets.token_urlsafe(60)}"
        with self._lock:
            self._open[token] = OrgSession(user_id, instance, time.monotonic())
        return token

    def of(self, token: str, *, seconds: float) -> OrgSession | None:
        """Each use prolongs it."""
        now = time.monotonic()
        with self._lock:
            session = self._open.get(token)
            if session is None:
                return None
            if now - session.used_at > seconds:
                del self._open[token]
                return None
            session.used_at = now
            return session

    def end(self, token: str) -> bool:
        with self._lock:
            return self._open.pop(token, None) is not None

    def end_all(self) -> int:
        """How many there were."""
        with self._lock:
            ended, self._open = len(self._open), {}
            return ended

    def clear(self) -> None:
        """The counts of logins too."""
        with self._lock:
            self._open, self._logins = {}, {}
