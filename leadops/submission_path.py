"""Taking a submission goes through a short middleware list of its own (docs/decisions/0010-submissions-take-a-short-path.md)."""

from collections.abc import Callable
from typing import Any

from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.common import CommonMiddleware
from django.middleware.security import SecurityMiddleware
from django.urls import resolve

PREFIX = "/api/v1/forms/"
# No session, user, message, history or lockout is made for a submission. These may only do what a middleware does around
# `get_response`: nobody calls a `process_view` or `process_exception` here.
AROUND = (SecurityMiddleware, XFrameOptionsMiddleware, CommonMiddleware)
Answering = Callable[[HttpRequest], Any]


class SubmissionPath:
    """First of `MIDDLEWARE`: what is asked below PREFIX passes AROUND instead of all that follow."""

    def __init__(self, get_response: Answering) -> None:
        self.get_response = get_response
        self.short: Answering = convert_exception_to_response(_view)
        for middleware in reversed(AROUND):
            self.short = convert_exception_to_response(middleware(self.short))

    def __call__(self, request: HttpRequest) -> Any:
        return (self.short if request.path_info.startswith(PREFIX) else self.get_response)(request)


def _view(request: HttpRequest) -> HttpResponseBase:
    request.resolver_match = found = resolve(request.path_info)
    response: HttpResponseBase = found.func(request, *found.args, **found.kwargs)
    render = getattr(response, "render", None)
    return response if render is None else render()
