"""Which account a token belongs to, and so where people find its records."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from crm_sync.connectors.hubspot.client import Client
from plumbing.http import RemoteError

_DOMAIN = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?")
_PORTAL = re.compile(r"[0-9]{1,18}")
_CONTACTS = "0-1"


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
    return f"{scheme}://{domain}/contacts/{portal}/record/{_CONTACTS}/{{id}}"
