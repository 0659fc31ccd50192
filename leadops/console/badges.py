"""Numbers in the sidebar. Each page view asks for them, so each is one count over a partial index."""

from django.http import HttpRequest

from exception_queue.models import ExceptionItem
from plumbing import access


def open_exceptions(request: HttpRequest) -> str:
    """How many exceptions wait for a person; empty when none does."""
    items = access.rows_for(request.user, ExceptionItem.objects.filter(status=ExceptionItem.Status.OPEN))
    count = items.count()
    return str(count) if count else ""
