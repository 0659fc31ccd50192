"""Wrong passwords: who is locked out, and what they are told. django-axes counts by name and address, we by address."""

from collections.abc import Mapping
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from leadops.access.guesses import PASSWORDS
from leadops.client_address import client_address


class LockoutHandler(AxesDatabaseHandler):  # type: ignore[misc]
    """`AXES_HANDLER`."""

    def is_locked(self, request: HttpRequest, credentials: Any = None) -> bool:
        return PASSWORDS.reached(request) or bool(super().is_locked(request, credentials))

    def user_login_failed(self, sender: Any, credentials: Any, request: Any = None, **kwargs: Any) -> None:
        if request is not None and not request.axes_locked_out:
            PASSWORDS.count(request)
        super().user_login_failed(sender, credentials, request, **kwargs)

    def reset_attempts(self, *, ip_address: str | None = None, **named: Any) -> int:
        if ip_address:
            PASSWORDS.forget(ip_address)
        return int(super().reset_attempts(ip_address=ip_address, **named))


def page(
    request: HttpRequest, response: HttpResponse | None, credentials: Mapping[str, Any] | None
) -> HttpResponse:
    """`AXES_LOCKOUT_CALLABLE`: what has happened, how long it lasts, and who can end it."""
    by_address = PASSWORDS.reached(request)
    wait = PASSWORDS.wait if by_address else int(settings.AXES_COOLOFF_TIME.total_seconds())
    context = {
        **admin.site.each_context(request),
        "title": "Too many wrong passwords",
        "address": client_address(request),
        "by_address": by_address,
        "minutes": -(-wait // 60),
    }
    answer = render(request, "leadops/locked_out.html", context, status=429)
    answer["Retry-After"] = str(wait)
    return answer
