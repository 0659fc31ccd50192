"""Answers of the OpenAPI document that every address shares."""

from http import HTTPStatus
from typing import Any

from drf_spectacular.utils import OpenApiResponse

from leadops.api.problems import CONTENT_TYPE, ProblemSerializer

# status, or status and media type -> what is answered; for `extend_schema(responses=...)`.
Answers = dict[Any, Any]


def problems(*statuses: int) -> Answers:
    """Answers that are problems."""
    return {
        (status, CONTENT_TYPE): OpenApiResponse(ProblemSerializer, description=HTTPStatus(status).phrase)
        for status in statuses
    }


def acting(serializer: type[Any]) -> Answers:
    """Answers of an address that does something with one thing and shows it as it is then."""
    return {200: serializer, **problems(400, 401, 403, 404, 409, 415, 422)}
