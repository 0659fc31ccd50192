"""Answers of the OpenAPI document that every address shares."""

from http import HTTPStatus
from typing import Any

from drf_spectacular.utils import OpenApiResponse

from leadops.api.problems import CONTENT_TYPE, ProblemSerializer

# status, or status and media type -> what is answered; for `extend_schema(responses=...)`.
Answers = dict[Any, Any]


def problems(*statuses: int) -> Answers:
    """Answers that are problems; 503 is one of every address."""
    return {
        (status, CONTENT_TYPE): OpenApiResponse(ProblemSerializer, description=HTTPStatus(status).phrase)
        for status in (*statuses, 503)
    }


def answers(serializer: Any, *refusals: int) -> Answers:
    """200 with this, else a problem."""
    # With its media type, so that it comes before the problems, as text too: there drf-spectacular looks whether it is a list,
    # and only then for filters and pages.
    return {(200, "application/json"): serializer, **problems(*refusals)}


def acting(serializer: type[Any]) -> Answers:
    """Answers of an address that does something with one thing and shows it as it is then."""
    return answers(serializer, 400, 401, 403, 404, 409, 415, 422)
