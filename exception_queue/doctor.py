"""What `manage.py doctor` says about alerts (I7: a human hears of it)."""

from collections.abc import Iterator

from exception_queue import alerts
from plumbing.counting import counted
from plumbing.findings import Finding

_NAMED = 3


def check_alerts() -> Iterator[Finding]:
    """Kinds of exceptions that nobody would hear of, the worst first. Keeping quiet about low ones is a choice."""
    unheard = sorted(alerts.kinds_nobody_hears(), key=lambda kind: (kind.rank, kind.title))
    if not any(kind.severity != "low" for kind in unheard):
        quiet = ", except those of low severity" if unheard else ""
        yield Finding("ok", f"Somebody hears of every kind of exception{quiet}.")
        return
    named = ", ".join(f"“{kind.title}” ({kind.severity})" for kind in unheard[:_NAMED])
    more = f" and {len(unheard) - _NAMED} more" if len(unheard) > _NAMED else ""
    yield Finding(
        "warn",
        f"Nobody hears of {counted(len(unheard), 'kind')} of exceptions: {named}{more}.",
        hint="Add an alert in the console, under Alerts, with an address that somebody reads.",
    )
