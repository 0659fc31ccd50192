"""What a page may load and run (docs/decisions/0014-content-security.md)."""

from typing import Any

from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest

CONSOLE = "/admin/"


class ContentSecurity(CSPMiddleware):
    """`CONTENT_SECURITY_POLICY` for everything; the console's pages may evaluate text besides, as their Alpine does."""

    def get_policy_parts(self, request: HttpRequest, response: Any, report_only: bool = False) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if request.path_info.startswith(CONSOLE) and not report_only:
            parts.update = {**(parts.update or {}), "script-src": ["'unsafe-eval'"]}
        return parts
