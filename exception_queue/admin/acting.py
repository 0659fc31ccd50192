"""What people do with exceptions, and the sentence that says what happened."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from exception_queue import kinds, queue
from exception_queue.admin.screen import Items
from exception_queue.models import ExceptionItem
from plumbing.counting import counted

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
    "snooze": ("Snooze", "Out of sight until then, or until it has happened ten times as often."),
}


@dataclass(frozen=True, slots=True)
class Said:
    """`refusals` is one sentence per kind that could not be tried again."""

    done: str
    refusals: list[str]


def asks(verb: str, *, count: int) -> bool:
    return verb in ASKING or (verb == "retry" and count > MORE_THAN_A_FEW)


def question(verb: str, items: Items) -> tuple[str, list[str]]:
    """The label of the button, and what pressing it means: by kind where kinds have words of their own."""
    if verb in QUESTIONS:
        label, meaning = QUESTIONS[verb]
        return label, [meaning]
    chosen = kinds_of(items)
    words = [kind.retry_words if verb == "retry" else kind.dismiss_words for kind in chosen]
    labels = {one.one for one in words}
    usual = kinds.RETRY if verb == "retry" else kinds.DISMISS
    if len(chosen) == 1:
        return words[0].one, [words[0].means]
    means = [
        one.means if one == usual else f"{kind.title}: {one.means}"
        for kind, one in zip(chosen, words, strict=True)
    ]
    return labels.pop() if len(labels) == 1 else usual.one, list(dict.fromkeys(means))


def title(label: str, *, count: int) -> str:
    """ "Dismiss 3 exceptions?", but "Spam: 3 exceptions?" where the label is an answer and no verb."""
    is_verb = label in {usual for usual, _meaning in QUESTIONS.values()} | {
        kinds.RETRY.one,
        kinds.DISMISS.one,
    }
    return f"{label}{'' if is_verb else ':'} {counted(count, 'exception')}?"


def options(verb: str, items: Items) -> Mapping[str, str]:
    """What can be had with it: key -> words."""
    if verb != "dismiss":
        return {}
    return {key: words for kind in kinds_of(items) for key, words in kind.dismiss_options.items()}


def kinds_of(items: Items) -> list[kinds.ExceptionKind]:
    """The kinds of what was chosen, each once."""
    keys = items.order_by("kind").values_list("kind", flat=True).distinct()
    return [kinds.described(key) for key in keys]


def act(
    verb: str,
    items: Items,
    *,
    by: str,
    note: str,
    snooze_for: str,
    now: datetime,
    chosen_options: Collection[str] = (),
) -> Said:
    """Raises KeyError for a verb or a time that nobody offered."""
    match verb:
        case "claim":
            wanted = items.count()
            mine = queue.claim(items, by=by, note=note, now=now)
            taken = wanted - len(mine)
            belong = counted(taken, "exception belongs", "exceptions belong")
            refusals = [f"{belong} to somebody else."] if taken else []
            return Said(f"{_are(mine)} yours." if mine else "", refusals)
        case "release":
            given = queue.release(items, by=by, note=note, now=now)
            return Said(f"{_are(given)} free for others.", [])
        case "retry":
            tried = queue.retry(items, by=by, note=note, now=now)
            came = [
                f"{_are(tried.trying)} being tried again." if tried.trying else "",
                f"{counted(len(tried.done), 'exception')} resolved." if tried.done else "",
            ]
            return Said(" ".join(filter(None, came)), tried.refusals)
        case "resolve":
            open_questions = [kind for kind in kinds_of(items) if kind.is_question]
            if open_questions:
                return Said("", [kind.how_to_answer for kind in open_questions])
            resolved = queue.resolve(items, by=by, note=note, now=now)
            return Said(f"{counted(len(resolved), 'exception')} resolved.", [])
        case "dismiss":
            dismissed = queue.dismiss(items, by=by, note=note, options=chosen_options, now=now)
            return Said(f"{counted(len(dismissed), 'exception')} dismissed.", [])
        case "snooze":
            words, length = SNOOZES[snooze_for]
            asleep = queue.snooze(items, by=by, note=note, until=now + length, now=now)
            return Said(f"{counted(len(asleep), 'exception')} snoozed for {words}.", [])
    raise KeyError(verb)


def _are(items: list[ExceptionItem]) -> str:
    return counted(len(items), "exception is", "exceptions are")
