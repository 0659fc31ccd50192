"""Who may read and act over the API: staff, with the permissions that they have in the console, within their token's scopes."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from leadops.api.tokens import Scope, covers


class StaffWith(BasePermission):
    """Staff who have the permission that the view names in `needs` ("intake.view_lead"), with a token that is for this."""

    message = "Your account may not do this. Ask an administrator for the permission."

    def has_permission(self, request: Request, view: APIView) -> bool:
        scope = scope_of(request, view)
        if not covers(request, scope):
            self.message = token_is_not_for(scope)
            return False
        user = request.user
        return bool(user and user.is_active and user.is_staff and all(map(user.has_perm, _all(view.needs))))  # type: ignore[attr-defined]


def scope_of(request: Request, view: APIView) -> Scope:
    """What a token has to be for: reading, unless the method changes something here."""
    only_reads = request.method in SAFE_METHODS or not getattr(view, "changes", True)
    return Scope.READ if only_reads else Scope.ACT


def token_is_not_for(scope: Scope) -> str:
    return f"This token does not have the scope “{scope}”. Make one that has it, under API tokens in the console."


class StaffView(APIView):
    """`needs` is the permission for every method of the view, or all of several. `changes`: whether a POST changes anything."""

    permission_classes = (StaffWith,)
    needs: str | tuple[str, ...]
    changes = True


def _all(needs: str | tuple[str, ...]) -> tuple[str, ...]:
    return (needs,) if isinstance(needs, str) else needs


def actor(request: Request) -> str:
    """Who acts, as histories and timelines say it."""
    user: Any = request.user
    return str(user.get_full_name() or user.get_username())


def valid(serializer: type[Serializer[Any]], data: Any, **context: Any) -> dict[str, Any]:
    """What the caller said; a 422 by field where it is not as the serializer says."""
    given = serializer(data=data, context=context)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)
