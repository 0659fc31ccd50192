"""Lists in cursor pages: {"next", "previous", "results"}."""

from typing import Any

from rest_framework.pagination import CursorPagination


class _Pages(CursorPagination):
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
    page_size_query_description = "How many results a page has; 50 unless said, 200 at most."
    cursor_query_description = "Where the page starts: follow `next` and `previous` instead of making one."

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
