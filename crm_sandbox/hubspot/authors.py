"""Who writes, in the words of propertiesWithHistory, of webhooks (changeSource) and of hs_object_source."""

from __future__ import annotations

from dataclasses import dataclass, replace

from crm_sandbox.wire import Request


@dataclass(frozen=True, slots=True)
class ChangeAuthor:
    """`is_client`: it comes through the API with the token, so its rules bind it; the others are people and HubSpot itself.

    `keeps_rules`: so do those that an admin has made.
    """

    source: str
    source_id: str
    is_client: bool = False
    keeps_rules: bool = False

    def working_out(self, source: str) -> ChangeAuthor:
        """HubSpot, which works something out from what this one wrote."""
        return ChangeAuthor(source, "", self.is_client)


APP_ID = 1160452
API = ChangeAuthor("INTEGRATION", str(APP_ID), is_client=True)
_BOUND_API = replace(API, keeps_rules=True)
PERSON = ChangeAuthor("CRM_UI", "userId:4400100")
IMPORT = ChangeAuthor("IMPORT", "userId:4400100")


def client_of(request: Request) -> ChangeAuthor:
    """Whoever calls the API, by the version that they call."""
    return _BOUND_API if request.keeps_rules else API
