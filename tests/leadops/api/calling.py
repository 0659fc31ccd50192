"""Calling the API as programs do."""

from typing import Any

from django.contrib.auth.models import Permission, User
from django.test import Client

from tests.make import access


class Api:
    """JSON in and out. A token goes with every call; None calls without one."""

    def __init__(self, token: str | None) -> None:
        headers = {"authorization": f"Token {token}"} if token else {}
        self.client = Client(headers={"host": "127.0.0.1", **headers}, raise_request_exception=False)

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/api/v1/{path}", query)

    def post(self, path: str, body: Any = None) -> Any:
        return self.client.post(f"/api/v1/{path}", body or {}, content_type="application/json")


def staff(name: str, *permissions: str, superuser: bool = False, full_name: str = "") -> Api:
    """A staff member with these permissions ("intake.view_lead"), everybody's rows and a token."""
    first, _, last = full_name.partition(" ")
    user = User.objects.create_user(
        name, is_staff=True, is_superuser=superuser, first_name=first, last_name=last
    )
    for permission in (*permissions, "routing.all_teams"):
        app, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    return Api(access.used(user))


def refused(answer: Any, status: int) -> dict[str, Any]:
    """The body of an answer that is a problem."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert set(body) <= {"type", "title", "status", "detail", "errors"}
    return body
