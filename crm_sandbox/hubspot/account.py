"""/account-info/{version}/details: which account a token belongs to."""

from __future__ import annotations

from urllib.parse import urlsplit

from crm_sandbox.hubspot.errors import PORTAL_ID
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.wire import Reply, Request


def details(portal: Portal, request: Request) -> Reply:
    return Reply(
        200,
        {
            "portalId": PORTAL_ID,
            "accountType": "STANDARD",
            "timeZone": "US/Eastern",
            "companyCurrency": "USD",
            "additionalCurrencies": [],
            "utcOffset": "-05:00",
            "utcOffsetMilliseconds": -18_000_000,
            # The pages are served here too: /contacts/{portal}/record/0-1/{id} is a contact's.
            "uiDomain": urlsplit(request.base_url).netloc,
            "dataHostingLocation": "na1",
        },
    )
