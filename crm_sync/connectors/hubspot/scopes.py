"""The scopes that a token needs, each tried by a call that changes nothing. A lacking one is 403, whatever else is wrong with it.

https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/scopes
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from crm_sync.connectors.granted import Purpose, TokenGuide
from crm_sync.connectors.hubspot.client import Client
from crm_sync.connectors.hubspot.errors import named
from crm_sync.connectors.hubspot.versions import Paths
from plumbing.http import AuthLost, Permanent

GUIDE = TokenGuide(
    token="Service Key",
    right="scope",
    steps=(
        "In HubSpot, open Settings, then Integrations, then Service Keys, and make a new key. Name it leadops, so that people "
        "there know what it is for.",
        "Tick the scopes below, and no others.",
        "Copy the key that HubSpot shows, and give it to leadops below.",
    ),
    remarks=(
        "The token of a legacy private app works here too until September 2027, when HubSpot stops to support them. New ones "
        "cannot be made any more.",
        "A Service Key sends no webhooks, and none are needed: HubSpot is asked for changes.",
    ),
)
RIGHTS: Mapping[Purpose, tuple[str, ...]] = {
    "contacts": ("crm.objects.contacts.read",),
    "writing": ("crm.objects.contacts.write",),
    # Tasks go by the scopes of the contacts that they are about.
    "tasks": ("crm.objects.contacts.write",),
    "properties": ("crm.schemas.contacts.read",),
    "own_properties": ("crm.schemas.contacts.write",),
    "owners": ("crm.objects.owners.read",),
    "companies": ("crm.objects.companies.read",),
    "deals": ("crm.objects.deals.read",),
    # Calls and meetings go by the scopes of contacts; of e-mails this one is asked besides.
    "touches": ("sales-email-read",),
}
_FORBIDDEN = 403
_ONE = {"limit": "1"}
# Nobody is written.
_NOBODY: dict[str, Any] = {"inputs": []}
_READ: Mapping[str, Callable[[Paths], str]] = {
    "crm.objects.contacts.read": lambda paths: paths.contacts,
    "crm.schemas.contacts.read": lambda paths: paths.contact_properties,
    "crm.objects.owners.read": lambda paths: paths.owners,
    "crm.objects.companies.read": lambda paths: paths.companies,
    "crm.objects.deals.read": lambda paths: paths.deals,
    "sales-email-read": lambda paths: paths.emails,
}
_WRITTEN: Mapping[str, Callable[[Paths], str]] = {
    "crm.objects.contacts.write": lambda paths: f"{paths.contacts}/batch/update",
    "crm.schemas.contacts.write": lambda paths: f"{paths.contact_properties}/batch/create",
}


def granted(client: Client, scopes: Collection[str]) -> dict[str, bool | None]:
    """A call for each. Raises RemoteError where the token does not work at all."""
    return {scope: _is_granted(client, scope) for scope in scopes}


def _is_granted(client: Client, scope: str) -> bool | None:
    try:
        if scope in _READ:
            client.call("GET", _READ[scope](client.paths), params=_ONE)
        else:
            client.call("POST", _WRITTEN[scope](client.paths), json=_NOBODY)
    except AuthLost as error:
        if error.answer is None or error.answer.status != _FORBIDDEN:
            raise
        lacking = _named(error.answer.body)
        return None if lacking and scope not in lacking else False
    except Permanent:
        # It was let in, and had nothing to do.
        return True
    return True


def _named(body: Any) -> list[str]:
    """The scopes that a refusal asks for, any of which would do; [] where it names none."""
    errors = body.get("errors") if isinstance(body, Mapping) else None
    return [
        scope
        for each in errors or ()
        if isinstance(each, Mapping)
        for scope in named(each, "requiredGranularScopes")
    ]
