"""From a connection's row to its connector."""

from collections.abc import Callable, Sequence
from typing import Any

from crm_sync.connection import logins
from crm_sync.connectors import CONNECTORS, connector_class, messages_of, version_of
from crm_sync.connectors.access import Access, Credentials, Login
from crm_sync.connectors.base import Connector, Need, SetupProblem
from crm_sync.connectors.budget import Budget
from crm_sync.models import CrmConnection
from plumbing import secrets
from plumbing.http import AuthLost


def connect(
    connection: CrmConnection,
    *,
    budget: Budget,
    needs: Sequence[Need] = (),
    before_call: Callable[[], None] = lambda: None,
) -> Connector:
    """The connector of a connection; `before_call` runs before each call and may raise to prevent it.

    `needs` are the properties that are mapped.

    Raises SetupProblem where there is no connector for its kind, or no such version or address, AuthLost where it has
    no token.
    """
    made = connector_class(connection.kind)
    if made is None:
        raise SetupProblem(
            f"There is no connector of the kind “{connection.kind}” (known: {', '.join(CONNECTORS)}): "
            "what is to be written waits in the outbox. Switch the connection off if that is not wanted."
        )
    version = version_of(connection.kind, connection.api_version)
    if version is None:
        known = ", ".join(each.name for each in made.api_versions)
        raise SetupProblem(f"The connection asks for version “{connection.api_version}”; known are {known}.")
    token = token_of(connection)
    if not token:
        variable = connection.token_env
        if variable and (why_not := secrets.why_not_named(variable)):
            raise AuthLost(why_not)
        where = f"The variable {variable}" if variable else "The connection's token"
        raise AuthLost(f"{where} is empty: enter the {made.token_guide.token}.")
    access = Access(
        base_url=connection.address,
        api_version=version.name,
        token="" if made.log_in else token,
        budget=budget,
        before_call=before_call,
        login=_login(connection, made, token),
        connection=connection.key,
        bodies=bodies_of(connection),
    )
    try:
        return made(access, needs=needs)
    except ValueError as error:
        raise SetupProblem(str(error)) from error


def bodies_of(connection: CrmConnection) -> dict[str, Any]:
    """What is told, where anything is: kind of message -> its body."""
    rules = {kind.name: (kind, connection.messages.of(kind.name)) for kind in messages_of(connection.kind)}
    return {
        name: rule.body or kind.body for name, (kind, rule) in rules.items() if rule.active or kind.always
    }


def _login(connection: CrmConnection, made: type[Connector], secret: str) -> Callable[[str], Login] | None:
    if (log_in := made.log_in) is None:
        return None
    shown = Credentials(secret, connection.client_id, connection.username)
    return lambda refused: logins.current(connection, log_in, shown, refused=refused)


def token_of(connection: CrmConnection) -> str:
    """The access token, "" where there is none. Raises SetupProblem where it cannot be read."""
    return _secret(connection.token, connection.token_env)


def webhook_secret_of(connection: CrmConnection) -> str:
    """The secret of the CRM's webhook signatures, "" where there is none. Raises SetupProblem."""
    return _secret(connection.webhook_secret, connection.webhook_secret_env)


def may_be_sent(variable: str, address: str, *, kind: str) -> bool:
    """Whether the console may send a variable's secret to this address: the CRM's own, or one that a connection with this
    variable has already, which then comes from a configuration file: its author has the environment anyway."""
    found = connector_class(kind)
    if found and found.default_address and address == found.default_address.rstrip("/"):
        return True
    bound = CrmConnection.objects.filter(token_env=variable)
    return address in {connection.address.rstrip("/") for connection in bound}


def _secret(stored: str, variable: str) -> str:
    if stored:
        try:
            return secrets.decrypt(stored)
        except secrets.SecretError as error:
            raise SetupProblem(str(error)) from error
    return secrets.named(variable)
