"""How a connector is let in: what a connection shows, what the CRM gave for it, and everything that calls need."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from crm_sync.connectors.budget import Budget


class SetupProblem(Exception):
    """One plain sentence: why this connection cannot be used as it is set up."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a connection shows to be let in. `secret` is a token, a client secret or a private key; the others where the CRM asks
    for them."""

    secret: str
    client_id: str = ""
    username: str = ""


@dataclass(frozen=True, slots=True)
class Login:
    """What the CRM gave for credentials: `token` for the calls, `address` where they go, `us` our user there, by its id, and
    `account` whose it is, "" where the CRM does not say."""

    token: str
    address: str
    us: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True)
class Access:
    """Everything that calls need. `api_version` is one of the connector's; `before_call` may raise to prevent a call.

    Where a connector logs in, `token` is "" and `login` gives what all processes share: another one than that whose token was
    refused, "" for any. It raises RemoteError and SetupProblem.

    `connection` is its key. `bodies` are the messages that it wants told, by kind.
    """

    base_url: str
    api_version: str
    token: str
    budget: Budget
    before_call: Callable[[], None] = lambda: None
    login: Callable[[str], Login] | None = None
    connection: str = ""
    bodies: Mapping[str, Any] = field(default_factory=dict)
