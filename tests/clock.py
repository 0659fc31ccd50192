"""Another time for a real stack, whose callers read the clock. What takes `now=` is told the time instead."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from unittest import mock

from django.utils import timezone


@contextmanager
def starting_at(moment: datetime) -> Iterator[None]:
    """Django's clock stands at `moment` and goes on from there."""
    read = timezone.now
    shift = moment - read()
    with mock.patch.object(timezone, "now", lambda: read() + shift):
        yield
