"""Trying again, as ops does it: what fails keeps its item, what works closes it in the name of who tried."""

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from exception_queue import queue
from exception_queue.models import ExceptionItem


def only(kind: str) -> ExceptionItem:
    """The one open item of this kind, made ten minutes old."""
    item = ExceptionItem.objects.get(kind=kind, status="open")
    ExceptionItem.objects.filter(pk=item.pk).update(first_seen_at=timezone.now() - timedelta(minutes=10))
    item.refresh_from_db()
    return item


def fails_again(item: ExceptionItem, work: Callable[[], object]) -> None:
    age, count = item.first_seen_at, item.count
    queue.retry([item], by="ops")
    work()
    item.refresh_from_db()
    assert (item.status, item.first_seen_at, item.retried_at) == ("open", age, None)
    assert item.count > count
    assert [note.verb for note in item.notes.all()][-2:] == ["retried", "failed_again"]
    assert not ExceptionItem.objects.filter(kind=item.kind).exclude(pk=item.pk).exists()


def works_now(item: ExceptionItem, work: Callable[[], object]) -> None:
    queue.retry([item], by="ops")
    work()
    item.refresh_from_db()
    last = [(note.verb, note.text) for note in item.notes.all()]
    assert (item.status, item.resolved_by, item.retried_at) == ("resolved", "ops", None), last
    assert not ExceptionItem.objects.filter(kind=item.kind, status="open").exists()
