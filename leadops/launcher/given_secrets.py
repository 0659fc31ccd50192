"""Lower bounds for what the environment gives as the first admin's password and the first token."""

from types import SimpleNamespace
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

LEAST_TOKEN = 20
ADMIN = "admin"


def weakness(*, password: str, token: str) -> str:
    """One line: why a given value cannot be used; "" where both can. An empty one is none."""
    if token and len(token) < LEAST_TOKEN:
        return f"LEADOPS_API_TOKEN is too short: use at least {LEAST_TOKEN} characters that nobody can guess."
    if not password:
        return ""
    admin: Any = SimpleNamespace(username=ADMIN)
    try:
        validate_password(password, admin)
    except ValidationError as error:
        return f"LEADOPS_ADMIN_PASSWORD is too weak: {' '.join(error.messages)}"
    return ""
