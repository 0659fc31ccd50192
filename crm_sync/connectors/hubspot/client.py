"""One call to HubSpot: within the budget, with errors that say what to do next."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from crm_sync.connectors.budget import Budget
from crm_sync.connectors.hubspot.errors import judged
from plumbing.http import Answer, Remote, RemoteError

# Together shorter than a sender's lease: whoever waits for an answer still holds the connection when it comes.
_TIMEOUT_SECONDS = (2.0, 7.0)


class Client:
    def __init__(self, *, base_url: str, token: str, budget: Budget, before_call: Callable[[], None]) -> None:
        self.remote = Remote(base_url, headers={"Authorization": f"Bearer {token}"}, timeout=_TIMEOUT_SECONDS)
        self.budget = budget
        self.before_call = before_call

    def call(
        self, method: str, path: str, *, json: Any = None, params: Mapping[str, Any] | None = None
    ) -> Answer:
        """Raises RemoteError; 207 is an answer."""
        self.budget.check(now=datetime.now(UTC))
        self.before_call()
        try:
            answer = self.remote.request(method, path, json=json, params=params)
        except RemoteError as error:
            if error.answer is not None:
                self.budget.note(error.answer.headers, now=datetime.now(UTC))
            raise judged(error) from error
        self.budget.note(answer.headers, now=datetime.now(UTC))
        return answer
