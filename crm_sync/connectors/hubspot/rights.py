"""The scopes that a token needs, each tried by a call that changes nothing. A lacking one is 403, whatever else is wrong with it.

https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/scopes
"""

from typing import Any

from crm_sync.connectors.granted import Right, RightArea
from crm_sync.connectors.hubspot.client import Client
from plumbing.http import AuthLost, Permanent

_FORBIDDEN = 403
_ONE = {"limit": "1"}
# Nobody is written.
_NOBODY: dict[str, Any] = {"inputs": []}


def rights(client: Client) -> list[Right]:
    """Eight calls. Raises RemoteError where the token does not work at all."""
    paths = client.paths
    tried: list[tuple[str, RightArea, str, str, Any]] = [
        ("crm.objects.contacts.read", "records", "GET", paths.contacts, None),
        ("crm.objects.contacts.write", "records", "POST", f"{paths.contacts}/batch/update", _NOBODY),
        ("crm.schemas.contacts.read", "properties", "GET", paths.contact_properties, None),
        (
            "crm.schemas.contacts.write",
            "own_properties",
            "POST",
            f"{paths.contact_properties}/batch/create",
            _NOBODY,
        ),
        ("crm.objects.owners.read", "owners", "GET", paths.owners, None),
        ("crm.objects.companies.read", "companies", "GET", paths.companies, None),
        ("crm.objects.deals.read", "deals", "GET", paths.deals, None),
        ("sales-email-read", "touches", "GET", paths.emails, None),
    ]
    return [
        Right(name, area, granted=_is_granted(client, method, path, body))
        for name, area, method, path, body in tried
    ]


def _is_granted(client: Client, method: str, path: str, body: Any) -> bool:
    try:
        client.call(method, path, json=body, params=_ONE if method == "GET" else None)
    except AuthLost as error:
        if error.answer is None or error.answer.status != _FORBIDDEN:
            raise
        return False
    except Permanent:
        # It was let in, and had nothing to do.
        return True
    return True
