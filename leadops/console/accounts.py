"""API tokens in the looks of the console."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from rest_framework.authtoken.admin import TokenAdmin as DrfTokenAdmin
from rest_framework.authtoken.models import TokenProxy
from unfold.decorators import display

from plumbing.admin_kit.pages import TitledList

admin.site.unregister(TokenProxy)


@admin.register(TokenProxy)
class TokenAdmin(DrfTokenAdmin, TitledList):
    """A key is shown in full on its own page only, to those who may change tokens: whoever has it acts as its user."""

    list_title = "API tokens"
    list_display = ["user", "start_of_key", "created"]
    list_select_related = ["user"]
    list_fullwidth = True
    autocomplete_fields = ["user"]
    readonly_fields = ["key", "start_of_key", "created"]
    empty_title = "No API tokens yet"
    empty_text = "Add one for a staff user; programs send it as “Authorization: Token …”."

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        key = "key" if self.has_change_permission(request, obj) else "start_of_key"
        return ["user", key, "created"]

    @display(description="Key")
    def start_of_key(self, token: TokenProxy) -> str:
        return f"{token.key[:6]}…"
