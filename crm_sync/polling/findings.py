"""What `manage.py doctor` says about the ways in: how far each is, what is behind, and what to do about it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from crm_sync.models import CrmConnection
from crm_sync.polling import lag, trouble
from crm_sync.polling.lag import InboundPath
from plumbing.admin_kit.moments import seconds_in_words
from plumbing.findings import Finding

# What was refused longer ago is on the connection's page alone.
_REFUSED_LATELY = timedelta(days=1)
# An event that waits for a push of ours on its way there waits for moments only.
_EVENTS_LATE = timedelta(minutes=5)


def of_connection(connection: CrmConnection, *, now: datetime) -> Iterator[Finding]:
    """One line for all that is in order, one for each way that is behind."""
    about = f"Connection {connection.key}"
    found = lag.paths(connection, now=now, counted=False)
    fine = [_words(path) for path in found if not path.is_behind]
    if fine:
        yield Finding("ok", f"{about}: what comes in from there: {'; '.join(fine)}.")
    for path in found:
        if path.error:
            yield Finding(
                "warn",
                f"{about}: {path.label.lower()} there cannot be read: {path.error}",
                hint="Mostly the token lacks a scope: the connection's page tests each. It is asked again every minute, "
                "or now.",
                fix=lambda: _ask_again(connection, now=now),
            )
        elif path.is_late and path.lag is not None:
            yield Finding(
                "warn",
                f"{about}: {path.label.lower()} there were last read {seconds_in_words(path.lag.total_seconds())} ago; "
                f"it should be every {path.every.total_seconds():.0f} s.",
                hint="Are worker and beat running (manage.py up), and does the CRM answer?",
            )
    refused_at = connection.events_refused_at
    if refused_at is not None and now - refused_at < _REFUSED_LATELY:
        yield Finding(
            "warn",
            f"{about}: events with the right secret are refused, {connection.events_refused:,} so far. "
            f"{connection.events_refused_why}",
            hint="A copy of the CRM (its sandbox) still sends to this address: stop it there, or give the connection another "
            "webhook secret.",
        )
    waiting = lag.events(connection, now=now)
    if waiting > _EVENTS_LATE:
        yield Finding(
            "warn",
            f"{about}: an event from there has waited for {seconds_in_words(waiting.total_seconds())}.",
            hint="Is a worker running (manage.py up)? The list of inbound events says what it waits for.",
        )


def _words(path: InboundPath) -> str:
    what = path.label.lower()
    if path.is_loaded and path.lag is not None:
        return f"{what} {seconds_in_words(path.lag.total_seconds())} ago"
    if not path.read:
        return f"{what} not yet"
    return f"{what} {path.read:,}{f' of {path.total:,}' if path.total else ''} so far"


def _ask_again(connection: CrmConnection, *, now: datetime) -> str:
    trouble.ask_again([connection.key], by="doctor", now=now)
    return f"What {connection.key} refused is asked for again at once."
