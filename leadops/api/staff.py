"""Who may read and act over the API: staff, with the permissions that they have in the console."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.serializers import Serializer
from rest_framework.views import APIView


class StaffWith(BasePermission):
    """Staff who have the permission that the view names in `needs` ("intake.view_lead")."""

    message = "Your account may not do this. Ask an administrator for the permission."

    def has_permission(self, request: Request, view: APIView) -> bool:
        user = request.user
        return bool(user and user.is_active and user.is_staff and user.has_perm(view.needs))  # type: ignore[attr-defined]


class StaffView(APIView):
    """`needs` is the permission for every method of the view."""

    permission_classes = (StaffWith,)
    needs: str


def actor(request: Request) -> str:
    """Who acts, as histories and timelines say it."""
    user: Any = request.user
    return str(user.get_full_name() or user.get_username())


def valid(serializer: type[Serializer[Any]], data: Any) -> dict[str, Any]:
    """What the caller said; a 422 by field where it is not as the serializer says."""
    given = serializer(data=data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)
