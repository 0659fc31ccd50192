"""`Authorization: Token …`: which user a program acts as, and what its token is for."""

from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import SessionAuthentication, TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from leadops.access import tokens
from leadops.access.guesses import LimitedGuesses
from leadops.models import ApiToken

Scope = tokens.Scope
OPERATIONS = "leadops.view_operations"


class ApiTokenAuthentication(LimitedGuesses, TokenAuthentication):
    """`request.auth` is the ApiToken. Too many wrong ones from one address end for a while."""

    def authenticate_credentials(self, key: str) -> tuple[User, ApiToken]:
        """The same words for every token that does not count: nobody learns that one has been valid."""
        row = tokens.find(key, now=timezone.now())
        if row is None or not row.user.is_active:
            raise AuthenticationFailed("This token is not valid: it is wrong, expired or revoked.")
        return row.user, row


def covers(request: Request, scope: str) -> bool:
    """Whether the token of a request is for this. Whoever is logged in to the console has no token, and needs none."""
    return not isinstance(request.auth, ApiToken) or scope in request.auth.scopes


def may_read_operations(request: HttpRequest) -> bool:
    """Whether a plain view may answer with metrics, or with what readiness says in detail.

    Staff with the permission `leadops.view_operations`, logged in or with a token of the scope `admin`.
    """
    asked = Request(request, authenticators=[ApiTokenAuthentication(), SessionAuthentication()])
    try:
        user = asked.user
    except AuthenticationFailed:
        return False
    return bool(user.is_active and user.is_staff and user.has_perm(OPERATIONS) and covers(asked, Scope.ADMIN))


class ApiTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "leadops.api.tokens.ApiTokenAuthentication"
    name = "tokenAuth"
    match_subclasses = True
    priority = 1

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Token ` and a token that was made in the console, under API tokens. Its scopes say what it is "
            "for: `read` (GET, and trying out a decision), `act` (whatever changes something), `submit` (posting to webhook "
            "forms), `admin` (metrics, and readiness in detail). It never gives more than its user may.",
        }
