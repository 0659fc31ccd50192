"""The CRMs we can write to. A connector is one folder; this dict is where it is named."""

from collections.abc import Callable, Sequence

from django.conf import settings

from crm_sync.connectors.base import Connector, Need, SetupProblem
from crm_sync.connectors.budget import Budget
from crm_sync.models import CrmConnection
from plumbing import dotted, secrets
from plumbing.http import AuthLost

CONNECTORS: dict[str, str] = {
    CrmConnection.Kind.HUBSPOT.value: "crm_sync.connectors.hubspot.connector.HubSpot",
}


def connect(
    connection: CrmConnection,
    *,
    budget: Budget,
    needs: Sequence[Need] = (),
    before_call: Callable[[], None] = lambda: None,
) -> Connector:
    """The connector of a connection; `before_call` runs before each call and may raise to prevent it.

    `needs` are the properties that are mapped.

    Raises SetupProblem where there is no behaviour for its kind or its address is none, AuthLost where it has no token.
    """
    path = CONNECTORS.get(connection.kind)
    if path is None:
        raise SetupProblem(
            f"There is no behaviour for {connection.get_kind_display()} yet: "
            "what is to be written waits in the outbox. Switch the connection off if that is not wanted."
        )
    token = token_of(connection)
    if not token:
        where = f"The variable {connection.token_env}" if connection.token_env else "The connection's token"
        raise AuthLost(f"{where} is empty: enter an access token.")
    try:
        made: Connector = dotted.resolve(path)(
            base_url=connection.base_url, token=token, budget=budget, before_call=before_call, needs=needs
        )
    except ValueError as error:
        raise SetupProblem(str(error)) from error
    return made


def token_of(connection: CrmConnection) -> str:
    """The access token, "" where there is none. Raises SetupProblem where it cannot be read."""
    return _secret(connection.token, connection.token_env)


def webhook_secret_of(connection: CrmConnection) -> str:
    """The client secret of the CRM's webhook signatures, "" where there is none."""
    return _secret(connection.webhook_secret, connection.webhook_secret_env)


def _secret(stored: str, variable: str) -> str:
    if stored:
        try:
            return secrets.decrypt(stored)
        except secrets.SecretError as error:
            raise SetupProblem(str(error)) from error
    environment: dict[str, str] = settings.LEADOPS_ENVIRONMENT
    return environment.get(variable, "") if variable else ""
