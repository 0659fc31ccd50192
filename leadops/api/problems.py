"""Errors as RFC 9457 problem details: `application/problem+json`."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import DisallowedHost, RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

CONTENT_TYPE = "application/problem+json"


class ApiProblem(Exception):
    """An answer that is an error. `errors` is by field; `headers` go with it (Retry-After)."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Mapping[str, list[str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail
        self.errors, self.headers = dict(errors or {}), dict(headers or {})


def body_of(status: int, detail: str, *, errors: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The members of a problem; `type` is "about:blank", so `title` is the status in words."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors:
        body["errors"] = dict(errors)
    return body


def answer(problem: ApiProblem) -> HttpResponse:
    """A problem as an answer of a plain Django view."""
    return JsonResponse(
        body_of(problem.status, problem.detail, errors=problem.errors),
        status=problem.status,
        content_type=CONTENT_TYPE,
        headers=problem.headers,
    )


@csrf_exempt
def nothing_here(request: HttpRequest) -> HttpResponse:
    """Whatever else is asked below /api/."""
    return answer(ApiProblem(404, f"There is nothing at {request.path}. See /api/docs/."))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400: what Django refuses before any view is asked."""
    if not request.path.startswith("/api/"):
        return defaults.bad_request(request, exception)
    if isinstance(exception, RequestDataTooBig):
        return answer(ApiProblem(413, "The body is too large."))
    if isinstance(exception, DisallowedHost):
        return answer(
            ApiProblem(400, "leadops does not go by this host name: set LEADOPS_PUBLIC_URL to its address.")
        )
    return answer(ApiProblem(400, "The request cannot be read."))


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500: a problem for programs, a page for people."""
    if request.path.startswith("/api/"):
        return answer(ApiProblem(500, "Something went wrong here. It is in the log."))
    return defaults.server_error(request)


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler."""
    if isinstance(error, ApiProblem):
        body = body_of(error.status, error.detail, errors=error.errors)
        return Response(body, status=error.status, headers=error.headers, content_type=CONTENT_TYPE)
    response = exception_handler(error, context)
    if response is None:
        return None
    errors: dict[str, Any] = {}
    if isinstance(error, exceptions.ValidationError):
        if isinstance(error.detail, dict):
            errors = {
                str(name): [str(text) for text in _listed(texts)] for name, texts in error.detail.items()
            }
        detail = (
            "Some values are not right." if errors else " ".join(str(text) for text in _listed(error.detail))
        )
        # What the sender got wrong in the values, not in the syntax.
        response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    else:
        detail = str(getattr(error, "detail", "") or error) or HTTPStatus(response.status_code).description
    response.data = body_of(response.status_code, detail, errors=errors)
    response.content_type = CONTENT_TYPE
    return response


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
