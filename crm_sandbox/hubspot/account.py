"""/account-info/v3/details: which account a token belongs to."""

from __future__ import annotations

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
            "uiDomain": "app.hubspot.com",
            "dataHostingLocation": "na1",
        },
    )
