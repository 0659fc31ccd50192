"""Nudges: "look now, there may be work". Losing one costs a second, because a sweep looks anyway (rule 3).

Nudges of one kind are coalesced through the cache while one is under way. The task that answers a nudge
calls `taken` before it looks for work, so that what is committed from then on is nudged again; a nudge that
got lost blocks the next ones for at most a second. A dead broker or cache is noticed within 0.2 s, logged
once, and left alone for two seconds.
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

log = logging.getLogger(__name__)

_COALESCE_SECONDS = 1
_WIRE_SECONDS = 0.2
_REST_SECONDS = 2.0
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


class Breaker:
    """Remembers in this process that something is down, so that the next callers do not wait for it again."""

    def __init__(self, what: str) -> None:
        self.what = what
        self._rest_until = 0.0
        self._down = False

    @property
    def resting(self) -> bool:
        return time.monotonic() < self._rest_until

    def failed(self, error: Exception) -> None:
        if not self._down:
            log.warning("%s does not answer (%s); work goes on with the sweeps", self.what, error)
        self._down = True
        self._rest_until = time.monotonic() + _REST_SECONDS

    def worked(self) -> None:
        if self._down:
            log.info("%s answers again", self.what)
        self._down = False
        self._rest_until = 0.0


broker_breaker = Breaker("The broker")
cache_breaker = Breaker("The cache")
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
    if cache_breaker.resting:
        return
    try:
        cache.delete(_key(task_name))
    except Exception as error:
        cache_breaker.failed(error)


def _publish(task_name: str) -> None:
    if broker_breaker.resting or not _first_of_its_kind(task_name):
        return
    try:
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
    except Exception as error:
        # Whatever the transport raises: the answer to a form never depends on it.
        _drop_connection()
        broker_breaker.failed(error)
    else:
        broker_breaker.worked()


def _first_of_its_kind(task_name: str) -> bool:
    if cache_breaker.resting:
        return _first_in_this_process(task_name)
    try:
        first = cache.add(_key(task_name), 1, timeout=_COALESCE_SECONDS)
    except Exception as error:
        cache_breaker.failed(error)
        return _first_in_this_process(task_name)
    cache_breaker.worked()
    return bool(first)


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
        _mine.connection = current_app.connection_for_write(
            connect_timeout=_WIRE_SECONDS, transport_options=_CONNECT_ONCE
        )
        _mine.wanted = wanted
    return _mine.connection


def _drop_connection() -> None:
    connection = _mine.__dict__.pop("connection", None)
    _mine.wanted = None
    if connection is not None:
        try:
            # Unlike close(), collect() does not say goodbye to a peer that may be gone.
            connection.collect(_WIRE_SECONDS)
        except Exception:
            log.debug("A broken broker connection could not be collected", exc_info=True)
