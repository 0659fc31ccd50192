"""Nudges: "look now, there may be work". Losing one costs a second, because a sweep looks anyway (rule 3).

Nudges of one kind are coalesced through the cache while one is under way. The task that answers a nudge
calls `taken` before it looks for work, so that what is committed from then on is nudged again; a nudge that
got lost blocks the next ones for at most a second. A dead broker or cache is noticed within half a second,
logged once, and left alone for a while (`plumbing/breaker.py`).
"""

import logging
import os
import threading
import time
from functools import partial
from typing import Any

from celery import current_app
from django.core.cache import cache
from django.db import transaction

from plumbing.breaker import Breaker

log = logging.getLogger(__name__)

_COALESCE_SECONDS = 1
_WIRE_SECONDS = 0.2
# A nudge that waited this long in a queue is worth nothing: sweeps have been there since.
_WORTHLESS_AFTER_SECONDS = 30

# kombu retries connecting for ever by default, also with `retry=False`.
_CONNECT_ONCE: dict[str, Any] = {
    "max_retries": 0,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
    "connect_retries_timeout": _WIRE_SECONDS,
    "socket_connect_timeout": _WIRE_SECONDS,
    "socket_timeout": _WIRE_SECONDS,
    "retry_on_timeout": False,
}


broker_breaker = Breaker("The broker")
_mine = threading.local()


def nudge(task_name: str) -> None:
    """After commit (at once when there is no transaction), ask a worker to run the task soon. Never raises,
    hardly delays.
    """
    transaction.on_commit(partial(_publish, task_name), robust=True)


def taken(task_name: str) -> None:
    """The task looks for work now: what is committed later needs a nudge of its own. First line of a task
    that is nudged.
    """
    try:
        cache.delete(_key(task_name))
    except Exception:
        log.debug("A nudge could not be marked as taken", exc_info=True)


def broker_answers() -> None:
    """Raises whatever the transport raises, within a second, when it does not."""
    with broker_breaker.asking(Exception):
        connection = _short_connection()
        try:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=_WIRE_SECONDS)
        finally:
            _collect(connection)


def _publish(task_name: str) -> None:
    if broker_breaker.resting or not _first_of_its_kind(task_name):
        return
    try:
        with broker_breaker.asking(Exception):
            current_app.send_task(
                task_name,
                connection=_connection(),
                retry=False,
                ignore_result=True,
                add_to_parent=False,
                expires=_WORTHLESS_AFTER_SECONDS,
                timeout=_WIRE_SECONDS,
                confirm_timeout=_WIRE_SECONDS,
            )
    except Exception:
        # Whatever the transport raises: the answer to a form never depends on it.
        _drop_connection()


def _first_of_its_kind(task_name: str) -> bool:
    try:
        return bool(cache.add(_key(task_name), 1, timeout=_COALESCE_SECONDS))
    except Exception:  # whatever the cache's client raises
        return _first_in_this_process(task_name)


def _first_in_this_process(task_name: str) -> bool:
    sent: dict[str, float] = _mine.__dict__.setdefault("sent", {})
    now = time.monotonic()
    if now - sent.get(task_name, float("-inf")) < _COALESCE_SECONDS:
        return False
    sent[task_name] = now
    return True


def _key(task_name: str) -> str:
    return f"nudge:{task_name}"


def _connection() -> Any:
    """A connection of this thread's own, with short patience. Celery's pool has the worker's patience,
    which is long.
    """
    wanted = (os.getpid(), current_app.conf.broker_write_url)
    if getattr(_mine, "wanted", None) != wanted:
        _mine.connection = _short_connection()
        _mine.wanted = wanted
    return _mine.connection


def _short_connection() -> Any:
    return current_app.connection_for_write(connect_timeout=_WIRE_SECONDS, transport_options=_CONNECT_ONCE)


def _drop_connection() -> None:
    connection = _mine.__dict__.pop("connection", None)
    _mine.wanted = None
    if connection is not None:
        _collect(connection)


def _collect(connection: Any) -> None:
    try:
        # Unlike close(), collect() does not say goodbye to a peer that may be gone.
        connection.collect(_WIRE_SECONDS)
    except Exception:
        log.debug("A broken broker connection could not be collected", exc_info=True)
