"""What a connection's answers mean for the next calls: go on, wait, or stop until somebody fixes it."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from crm_sync import exception_kinds as kinds
from crm_sync.connectors.base import SetupProblem
from crm_sync.connectors.budget import Budget, DayUsedUp
from crm_sync.models import CrmConnection
from crm_sync.outbox import DRAIN, has_pending
from exception_queue.queue import Attempt, ExceptionReport, Subject, close_items, is_open, open_items
from plumbing import nudges
from plumbing.backoff import RetryPolicy
from plumbing.http import AuthLost, RemoteError, Throttled

SUBJECT = "connection"
# The task that asks every connection for its owners.
REFRESH = "crm_sync.refresh_owners"
# One lost call is weather; the second in a row is news.
_NEWS_AFTER = 2
# An item about a CRM that answers now and then stays until no call has failed for so long.
_CALM = timedelta(minutes=1)
# After each refusal to let us in, until one cheap call asks again; the last pause goes on for ever.
_LOGIN_PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 10, 15, 30, 60, 120, 300))
# A connection is tried for ever.
_RETRIES = RetryPolicy(base=0.5, cap=60.0, shortest=timedelta(milliseconds=250))
_SETUP_PAUSE = timedelta(seconds=60)
_SEEN_EVERY = timedelta(seconds=5)


def answered(connection: CrmConnection, *, now: datetime) -> None:
    """The CRM works with us: whatever was wrong is over, and its items close by themselves.

    That it does not answer is over when it has done so for a while: see `settle`.
    """
    troubled = connection.failures or connection.health != CrmConnection.Health.OK or connection.last_error
    if not troubled and connection.last_ok_at is not None and now - connection.last_ok_at < _SEEN_EVERY:
        return
    calm = connection.last_error_at is None or now - connection.last_error_at >= _CALM
    connection.failures, connection.health, connection.last_ok_at = 0, CrmConnection.Health.OK, now
    connection.last_error = "" if calm else connection.last_error
    with transaction.atomic():
        CrmConnection.objects.filter(pk=connection.pk).update(
            failures=0, health=connection.health, last_error=connection.last_error, last_ok_at=now
        )
        if troubled:
            _close(
                connection,
                kinds.AUTH_LOST,
                kinds.SETUP,
                kinds.CALLS_USED_UP,
                *([kinds.UNAVAILABLE] if calm else []),
                now=now,
            )


def settle(connection: CrmConnection, *, now: datetime) -> None:
    """Close the item of a CRM that has answered since its last failure, when that was a while ago."""
    failed_at, ok_at = connection.last_error_at, connection.last_ok_at
    if not connection.last_error or connection.failures or failed_at is None or ok_at is None:
        return
    if failed_at < ok_at and now - failed_at >= _CALM:
        with transaction.atomic():
            CrmConnection.objects.filter(pk=connection.pk, failures=0).update(last_error="")
            _close(connection, kinds.UNAVAILABLE, now=now)


def failed(connection: CrmConnection, error: RemoteError | SetupProblem, *, now: datetime) -> None:
    """Book why the connection could not be used, and when it is tried again.

    Throttled: at the time told; that a day's calls are used up is news. Transient: with backoff, longer each time. AuthLost:
    when a person says so, or one cheap
    call finds that we are let in again (`connection.login`).
    """
    words = str(error)
    with transaction.atomic():
        row = CrmConnection.objects.filter(pk=connection.pk)
        there = row.select_for_update(no_key=True).get()
        booked: dict[str, Any] = {"last_error": words, "last_error_at": now}
        match error:
            case DayUsedUp():
                row.update(not_before=error.retry_at, **booked)
                _report(connection, kind=kinds.CALLS_USED_UP, words=words, now=now)
            case Throttled():
                row.update(not_before=error.retry_at)
            case AuthLost():
                known = is_open(kind=kinds.AUTH_LOST, subject=subject_of(connection))
                waits = there.not_before is not None and there.not_before > now
                if known and waits and there.health == CrmConnection.Health.AUTH_LOST:
                    return  # A call that was under way when the pause began makes it no longer.
                failures = there.failures + 1 if known else 1
                row.update(
                    health=CrmConnection.Health.AUTH_LOST,
                    failures=failures,
                    not_before=now + _LOGIN_PAUSES[min(failures, len(_LOGIN_PAUSES)) - 1],
                    **booked,
                )
                # That we still are not let in is no news, unless somebody has just said that we should be.
                if not known or there.health == CrmConnection.Health.OK:
                    _report(connection, kind=kinds.AUTH_LOST, words=words, now=now)
            case SetupProblem():
                row.update(not_before=now + _SETUP_PAUSE, **booked)
                _report(connection, kind=kinds.SETUP, words=words, now=now)
            case _:
                failures = connection.failures + 1
                row.update(
                    failures=failures,
                    not_before=now + _RETRIES.delay_after(failures),
                    health=CrmConnection.Health.DOWN,
                    **booked,
                )
                # While its item is open somebody may wait for the answer to a retry: every failure counts.
                if failures >= _NEWS_AFTER or is_open(kind=kinds.UNAVAILABLE, subject=subject_of(connection)):
                    _report(connection, kind=kinds.UNAVAILABLE, words=words, now=now)


def resume(subject_ids: Collection[str], *, by: str, now: datetime) -> Attempt:
    """The retry handler for connections, by key: forget what went wrong and ask at once, with or without leads
    that wait.
    """
    active = CrmConnection.objects.filter(key__in=list(subject_ids), active=True)
    keys = list(active.order_by("pk").values_list("key", flat=True))
    active.update(
        health=CrmConnection.Health.OK,
        failures=0,
        not_before=None,
        last_error_at=None,
        prepared_at=None,
        owners_read_at=None,
    )
    for row in active.only("budget"):
        budget = Budget(row.budget)
        budget.forget_pause()
        CrmConnection.objects.filter(pk=row.pk).update(budget=budget.state)
    nudges.nudge(DRAIN)
    nudges.nudge(REFRESH)
    return Attempt(pending=keys)


def has_calls_again(connection: CrmConnection, *, now: datetime) -> None:
    """A call was answered, of whatever kind: that none were left is over."""
    if is_open(kind=kinds.CALLS_USED_UP, subject=subject_of(connection)):
        with transaction.atomic():
            CrmConnection.objects.filter(pk=connection.pk, failures=0).update(last_error="")
            _close(connection, kinds.CALLS_USED_UP, now=now)


def resume_now(connection: CrmConnection, *, now: datetime) -> None:
    """The CRM lets us in again, as we found out ourselves."""
    resume([connection.key], by="leadops", now=now)
    connection.refresh_from_db()
    answered(connection, now=now)


def let_in(connection: CrmConnection, *, now: datetime) -> None:
    """One cheap call was answered. Where something waits, one row of it finds out whether that holds for writing too."""
    if has_pending(connection.pk):
        CrmConnection.objects.filter(pk=connection.pk).update(
            health=CrmConnection.Health.DOWN, not_before=None
        )
        nudges.nudge(DRAIN)
    else:
        resume_now(connection, now=now)


def _close(connection: CrmConnection, *closed: str, now: datetime) -> None:
    for kind in closed:
        close_items(
            kind=kind,
            subject_type=SUBJECT,
            subject_ids=[connection.key],
            reason="The CRM answers again.",
            now=now,
        )


def _report(connection: CrmConnection, *, kind: str, words: str, now: datetime) -> None:
    open_items([ExceptionReport(kind=kind, subject=subject_of(connection), cause=words)], now=now)


def subject_of(connection: CrmConnection) -> Subject:
    return Subject(type=SUBJECT, id=connection.key, label=connection.key)
