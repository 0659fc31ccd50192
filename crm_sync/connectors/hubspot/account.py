"""Which account a token belongs to, and so where people find its records."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from crm_sync.connectors.hubspot.client import Client
from crm_sync.connectors.records import RemoteKind
from plumbing.http import RemoteError

_DOMAIN = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?")
_PORTAL = re.compile(r"[0-9]{1,18}")
# Object type ids, which stand in the addresses of HubSpot's pages.
_TYPES: Mapping[RemoteKind, str] = {"contacts": "0-1", "companies": "0-2", "deals": "0-3"}
_RECORD = "/record/{}/{{id}}"


def record_address(client: Client) -> str:
    """ "" where HubSpot does not tell it: nothing else depends on that."""
    try:
        body = client.call("GET", client.paths.account).body
    except RemoteError:
        return ""
    details = body if isinstance(body, Mapping) else {}
    domain, portal = str(details.get("uiDomain") or ""), str(details.get("portalId") or "")
    if not _DOMAIN.fullmatch(domain) or not _PORTAL.fullmatch(portal):
        return ""
    # HubSpot names the host alone; its pages are spoken to as its API is.
    scheme = urlsplit(client.access.base_url).scheme
    return f"{scheme}://{domain}/contacts/{portal}{_path('contacts')}"


def record_address_of(kind: RemoteKind, contacts: str) -> str:
    """ "" where that is no address of contacts."""
    account, found, rest = contacts.partition(_path("contacts"))
    return f"{account}{_path(kind)}" if found and not rest else ""


def _path(kind: RemoteKind) -> str:
    return _RECORD.format(_TYPES[kind])
