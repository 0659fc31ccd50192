"""Lists in cursor pages: {"next", "previous", "results"}."""

import re
from typing import Any

from django.utils.dateparse import parse_datetime
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

_WHOLE_NUMBER = re.compile("[0-9]{1,9}")


class _Pages(CursorPagination):
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
    page_size_query_description = "How many results a page has; 50 unless said, 200 at most."
    cursor_query_description = "Where the page starts: follow `next` and `previous` instead of making one."

    def get_page_size(self, request: Request) -> int:
        said = request.query_params.get(self.page_size_query_param, str(self.page_size))
        if not _WHOLE_NUMBER.fullmatch(said) or int(said) == 0:
            raise ValidationError(
                {self.page_size_query_param: [f"Say a whole number from 1 to {self.max_page_size}."]}
            )
        return min(int(said), self.max_page_size)

    def decode_cursor(self, request: Request) -> Any:
        """Both lists are ordered by a time first: that is what a cursor of theirs holds."""
        try:
            cursor = super().decode_cursor(request)
            is_ours = not cursor or cursor.position is None or bool(parse_datetime(str(cursor.position)))
        except (NotFound, ValueError):
            is_ours = False
        if not is_ours:
            raise ValidationError(
                {self.cursor_query_param: ["Follow `next` and `previous` of an answer; this is no cursor."]}
            )
        return cursor

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        address = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": address, "previous": address, "results": schema},
        }


class NewestLeads(_Pages):
    ordering = ("-created_at", "-id")


class NewestExceptions(_Pages):
    ordering = ("-last_seen_at", "-id")
