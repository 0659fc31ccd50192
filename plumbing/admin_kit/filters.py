"""Filters by a related row: only those that the viewer may see are offered."""

from typing import Any

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest
from unfold.contrib.filters.admin import RelatedDropdownFilter

from plumbing import access


class TheirsDropdownFilter(RelatedDropdownFilter):
    def field_choices(
        self, field: Any, request: HttpRequest, model_admin: "ModelAdmin[Any]"
    ) -> list[tuple[Any, str]]:
        related = field.remote_field.model
        found: list[tuple[Any, str]] = super().field_choices(field, request, model_admin)
        if not access.is_limited(request.user, related):
            return found
        theirs = set(
            access.rows_for(request.user, related._default_manager.all()).values_list("pk", flat=True)
        )
        return [(key, words) for key, words in found if key in theirs]
