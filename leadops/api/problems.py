"""Errors as RFC 9457 problem details: `application/problem+json`."""

import logging
import sys
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import BadRequest, DisallowedHost, RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from plumbing.readable import readable

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"


class ApiProblem(Exception):
    """An answer that is an error. `errors` is by field; `headers` go with it (Retry-After)."""

    type = "about:blank"

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Mapping[str, list[str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail = status, readable(detail)
        self.errors, self.headers = dict(errors or {}), dict(headers or {})

    @property
    def title(self) -> str:
        return HTTPStatus(self.status).phrase


class ProblemSerializer(serializers.Serializer[ApiProblem]):
    """`type` is "about:blank", so `title` is the status in words."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="What happened and what to do, in words for people.")
    errors = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="What is wrong, by field.",
    )

    def to_representation(self, instance: ApiProblem) -> dict[str, Any]:
        body = super().to_representation(instance)
        if not instance.errors:
            del body["errors"]
        return body


def body_of(problem: ApiProblem) -> dict[str, Any]:
    """The members of the problem document."""
    return dict(ProblemSerializer(problem).data)


UNREACHABLE = (OperationalError, InterfaceError)
RETRY_AFTER = 5


DISK_FULL = "53100"
"""PostgreSQL's code for it."""


def no_space() -> ApiProblem:
    """Nothing can be stored."""
    return ApiProblem(
        507,
        "There is no room left for the database: nothing was stored. Try again once somebody has made room.",
        headers={"Retry-After": "60"},
    )


def unreachable(error: BaseException | None = None) -> ApiProblem:
    """The database went away in the middle, is not there or has no room: nothing was committed that anybody was told of."""
    if getattr(error.__cause__ if error else None, "sqlstate", None) == DISK_FULL:
        return no_space()
    return ApiProblem(
        503,
        f"The database does not answer. Send it again in {RETRY_AFTER} seconds.",
        headers={"Retry-After": str(RETRY_AFTER)},
    )


def answer(problem: ApiProblem) -> HttpResponse:
    """A problem as an answer of a plain Django view."""
    return JsonResponse(
        body_of(problem),
        status=problem.status,
        content_type=CONTENT_TYPE,
        headers=problem.headers,
    )


@csrf_exempt
def nothing_here(request: HttpRequest) -> HttpResponse:
    """Whatever else is asked below /api/."""
    return answer(ApiProblem(404, f"There is nothing at {request.path}. See /api/docs/."))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What Django refuses before any view is asked."""
    if isinstance(exception, RequestDataTooBig):
        return answer(ApiProblem(413, "The body is too large."))
    if isinstance(exception, DisallowedHost):
        return answer(
            ApiProblem(400, "leadops does not go by this host name: set LEADOPS_PUBLIC_URL to its address.")
        )
    words = str(exception) if isinstance(exception, BadRequest) else "The request cannot be read."
    return answer(ApiProblem(400, words))


def server_error(request: HttpRequest) -> HttpResponse:
    """A fault of ours, or a database that is away."""
    error = sys.exception()
    if isinstance(error, UNREACHABLE):
        return answer(unreachable(error))
    return answer(ApiProblem(500, "Something went wrong here. It is in the log."))


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler; None for what is not the caller's fault."""
    if isinstance(error, UNREACHABLE):
        log.warning("The database does not answer: %s", error)
        error = unreachable(error)
    if isinstance(error, ApiProblem):
        set_rollback()
        return Response(body_of(error), status=error.status, headers=error.headers, content_type=CONTENT_TYPE)
    response = exception_handler(error, context)
    if response is None:
        return None
    problem = _problem_of(error, status=response.status_code)
    response.status_code, response.data = problem.status, body_of(problem)
    response.content_type = CONTENT_TYPE
    return response


def _problem_of(error: Exception, *, status: int) -> ApiProblem:
    if not isinstance(error, exceptions.ValidationError):
        detail = str(getattr(error, "detail", "") or error) or HTTPStatus(status).description
        return ApiProblem(status, detail)
    # What the sender got wrong in the values, not in the syntax.
    if not isinstance(error.detail, dict):
        return ApiProblem(422, " ".join(str(text) for text in _listed(error.detail)))
    errors = {str(name): [str(text) for text in _listed(texts)] for name, texts in error.detail.items()}
    return ApiProblem(422, "Some values are not right.", errors=errors)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
