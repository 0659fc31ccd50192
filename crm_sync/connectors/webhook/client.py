"""One message to the receiver: signed, within its limits, with errors that say what to do next."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from crm_sync.connectors.access import Access
from crm_sync.connectors.webhook import answers, signing
from plumbing import private_addresses
from plumbing.http import Answer, Remote, RemoteError

# Together shorter than a sender's lease: whoever waits for an answer still holds the connection when it comes.
_TIMEOUT_SECONDS = (2.0, 7.0)


class ReceiverClient:
    """Raises ValueError where the address or the signing secret is none."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self.remote = Remote(
            access.base_url, headers={"Content-Type": "application/json"}, timeout=_TIMEOUT_SECONDS
        )
        if urlsplit(access.base_url).scheme == "http" and not private_addresses.is_listed(access.base_url):
            raise ValueError(
                f"{access.base_url} would send what people have told you in the clear: use an address that starts with "
                "https://. (http:// is for hosts that LEADOPS_PRIVATE_ADDRESSES names.)"
            )
        self.keys = signing.keys_of(access.token) if access.token else []

    def tell(self, body: Any, *, message_id: str) -> Answer:
        """Raises RemoteError. Whoever takes it and says so with a web page has taken it."""
        now = datetime.now(UTC)
        self.access.budget.check(now=now)
        self.access.before_call()
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        headers = signing.signed(text, message_id=message_id, at=now, keys=self.keys)
        try:
            answer = self.remote.request("POST", "", data=text, headers=headers)
        except RemoteError as error:
            if (taken := answers.accepted(error)) is None:
                raise
            answer = taken
        self.access.budget.note(answers.read_limits(answer.headers), now=datetime.now(UTC))
        return answer
