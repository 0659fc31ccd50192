"""What people do with exceptions, and the sentence that says what happened."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from exception_queue import queue
from exception_queue.models import ExceptionItem
from leadops.console.exceptions.screen import Items

VERBS = ("claim", "release", "retry", "resolve", "dismiss", "snooze")
# What settles or hides something asks first.
ASKING = ("resolve", "dismiss", "snooze")
MORE_THAN_A_FEW = 25

SNOOZES: Mapping[str, tuple[str, timedelta]] = {
    "1h": ("1 hour", timedelta(hours=1)),
    "4h": ("4 hours", timedelta(hours=4)),
    "1d": ("1 day", timedelta(days=1)),
    "3d": ("3 days", timedelta(days=3)),
    "7d": ("1 week", timedelta(days=7)),
}

QUESTIONS: Mapping[str, tuple[str, str]] = {
    "resolve": ("Resolve", "The cause is fixed. If it happens again, it is a new exception."),
    "dismiss": ("Dismiss", "Nothing has to be done. What was held stays where it is."),
    "snooze": ("Snooze", "Out of sight until then, or until it has happened ten times as often."),
    "retry": ("Retry", "Everything that waits here is tried again at once."),
}


@dataclass(frozen=True, slots=True)
class Said:
    """`refusals` is one sentence per kind that could not be tried again."""

    done: str
    refusals: list[str]


def asks(verb: str, *, count: int) -> bool:
    return verb in ASKING or (verb == "retry" and count > MORE_THAN_A_FEW)


def act(verb: str, items: Items, *, by: str, note: str, snooze_for: str, now: datetime) -> Said:
    """Raises KeyError for a verb or a time that nobody offered."""
    match verb:
        case "claim":
            wanted = items.count()
            mine = queue.claim(items, by=by, note=note)
            taken = wanted - len(mine)
            refusals = (
                [f"{_many(taken)} belong{'s' if taken == 1 else ''} to somebody else."] if taken else []
            )
            return Said(f"{_many(len(mine))} {_is(mine)} yours." if mine else "", refusals)
        case "release":
            given = queue.release(items, by=by, note=note)
            return Said(f"{_many(len(given))} {_is(given)} free for others.", [])
        case "retry":
            tried = queue.retry(items, by=by, note=note)
            done = f"{_many(len(tried.items))} {_is(tried.items)} being tried again." if tried.items else ""
            return Said(done, tried.refusals)
        case "resolve":
            return Said(f"{_many(len(queue.resolve(items, by=by, note=note)))} resolved.", [])
        case "dismiss":
            return Said(f"{_many(len(queue.dismiss(items, by=by, note=note)))} dismissed.", [])
        case "snooze":
            words, length = SNOOZES[snooze_for]
            asleep = queue.snooze(items, by=by, note=note, until=now + length)
            return Said(f"{_many(len(asleep))} snoozed for {words}.", [])
    raise KeyError(verb)


def _many(count: int) -> str:
    return "1 exception" if count == 1 else f"{count} exceptions"


def _is(items: list[ExceptionItem]) -> str:
    return "is" if len(items) == 1 else "are"
