"""One call to HubSpot: within the budget, with errors that say what to do next."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from crm_sync.connectors.access import Access
from crm_sync.connectors.hubspot.errors import judged
from crm_sync.connectors.hubspot.limits import read_limits
from crm_sync.connectors.hubspot.versions import paths_of
from plumbing.http import Answer, Remote, RemoteError

# Together shorter than a sender's lease: whoever waits for an answer still holds the connection when it comes.
_TIMEOUT_SECONDS = (2.0, 7.0)


class Client:
    """`paths` are those of the connection's version of the API. Raises ValueError where the address is none."""

    def __init__(self, access: Access) -> None:
        headers = {"Authorization": f"Bearer {access.token}"}
        self.remote = Remote(access.base_url, headers=headers, timeout=_TIMEOUT_SECONDS)
        self.paths = paths_of(access.api_version)
        self.access = access

    def call(
        self, method: str, path: str, *, json: Any = None, params: Mapping[str, Any] | None = None
    ) -> Answer:
        """Raises RemoteError; 207 is an answer."""
        budget = self.access.budget
        budget.check(now=datetime.now(UTC))
        self.access.before_call()
        try:
            answer = self.remote.request(method, path, json=json, params=params)
        except RemoteError as error:
            if error.answer is not None:
                budget.note(read_limits(error.answer.headers), now=datetime.now(UTC))
            raise judged(error) from error
        budget.note(read_limits(answer.headers), now=datetime.now(UTC))
        return answer
