"""Who may do anything can be said by superusers only: whoever could edit logins or groups could make themselves one."""

from typing import Any

from django.http import HttpRequest
from unfold.admin import ModelAdmin


class SuperusersOnly(ModelAdmin):
    """Others look at most, with the permission to."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_superuser(request)


def _is_superuser(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_superuser)
