"""What people see where there is no page for them: in words, with what to do and a way back. Programs get a problem.

The page for our own faults asks nobody anything: no database, no session, no context.
"""

import sys
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader

from leadops.api import problems


@dataclass(frozen=True, slots=True)
class ErrorPage:
    status: int
    title: str
    says: str


SAFE = "What was stored before is safe. Whoever runs leadops finds the cause with manage.py doctor."
NOT_FOUND = ErrorPage(
    404, "There is nothing here", "The address is wrong, or what was here is gone, or it is not yours to see."
)
FORBIDDEN = ErrorPage(
    403,
    "You may not do this",
    "Your role does not include it. Ask an administrator for it, or whoever looks after that team.",
)
UNREADABLE = ErrorPage(
    400, "This could not be read", "The address or what was sent with it is not right. Go back and try again."
)
TOO_LARGE = ErrorPage(413, "This is too much at once", "What was sent is too large. Send less of it.")
STALE_FORM = ErrorPage(
    403,
    "This form has gone stale",
    "You signed in or out since it was opened, or the browser keeps no cookies. Go back, load the page again and send it.",
)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404"""
    if _is_api(request):
        return problems.nothing_here(request)
    return _page(request, NOT_FOUND)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler403; whoever refused may have said why."""
    if _is_api(request):
        return problems.answer(problems.ApiProblem(403, str(exception) or FORBIDDEN.says))
    why = str(exception)
    return _page(request, ErrorPage(403, FORBIDDEN.title, why) if why.endswith(".") else FORBIDDEN)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400: what Django refuses before any view is asked; the host's name may be wrong, so nobody is looked up."""
    if _is_api(request):
        return problems.bad_request(request, exception)
    page = TOO_LARGE if isinstance(exception, RequestDataTooBig) else UNREADABLE
    return HttpResponse(
        loader.render_to_string("leadops/error_alone.html", {"page": page}), status=page.status
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """settings.CSRF_FAILURE_VIEW"""
    if _is_api(request):
        return problems.answer(
            problems.ApiProblem(403, "This needs the console's CSRF token, or an API token.")
        )
    return _page(request, STALE_FORM)


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500; 503 while the database is away, 507 while it has no room."""
    if _is_api(request):
        return problems.server_error(request)
    error = sys.exception()
    if isinstance(error, problems.UNREACHABLE):
        problem = problems.unreachable(error)
        page = ErrorPage(problem.status, "leadops cannot work right now", f"{problem.detail} {SAFE}")
        alone = loader.render_to_string("leadops/error_alone.html", {"page": page})
        return HttpResponse(alone, status=problem.status, headers=problem.headers)
    return HttpResponse(loader.render_to_string("500.html"), status=500)


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def _page(request: HttpRequest, page: ErrorPage) -> HttpResponse:
    user: Any = getattr(request, "user", None)
    inside = bool(user and user.is_active and user.is_staff)
    context = {
        **admin.site.each_context(request),
        "title": page.title,
        "page": page,
        "inside": inside,
        "frame": "admin/base_site.html" if inside else "unfold/layouts/unauthenticated.html",
    }
    return render(request, "leadops/error.html", context, status=page.status)
