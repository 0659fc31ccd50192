"""Addresses that nobody can mean are refused before anything looks at them."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest


class OddAddresses:
    """No column, file or name of ours holds the character NUL, and PostgreSQL refuses to look for it: a 400, in words."""

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        path, query = request.path_info, request.META.get("QUERY_STRING", "")
        # The API says of each of its parameters what is wrong with it.
        if "\x00" in path or ("%00" in query and not path.startswith("/api/")):
            raise BadRequest(
                "The address has the character NUL (%00) in it, which nothing here is called by."
            )
        return self.get_response(request)
