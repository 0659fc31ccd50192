"""Kinds and retry handlers that belong to the tests."""

from datetime import datetime

from exception_queue.kinds import SUBJECT_PAGE, ExceptionKind
from exception_queue.models import AlertRule
from exception_queue.pages import Pages
from exception_queue.queue import Attempt, RetryRefused

HERE = "tests.exception_queue.kinds_for_tests"


def pages_of(items):
    """Everything has a page here."""
    return [Pages(subject=f"/{item.subject_type}s/{item.subject_id}/") for item in items]


asked: list[tuple[list[str], str]] = []


def take(subject_ids: list[str], *, by: str, now: datetime) -> Attempt:
    """A handler that takes the work: it leaves a row and remembers the call."""
    asked.append((subject_ids, by))
    AlertRule.objects.create(name=f"taken {subject_ids[0]} {now}", notify=["mailto:ops@acme.test"])
    return Attempt(pending=subject_ids)


def try_at_once(subject_ids: list[str], *, by: str, now: datetime) -> Attempt:
    """A handler that has its answer at once."""
    return Attempt(failed={id: "Still no place for it." for id in subject_ids if id == "stuck"})


def refuse(subject_ids: list[str], *, by: str, now: datetime) -> Attempt:
    """A handler that writes something and then finds that it cannot."""
    AlertRule.objects.create(name="half done", notify=["mailto:ops@acme.test"])
    raise RetryRefused("The connection is paused.")


def break_down(subject_ids: list[str], *, by: str, now: datetime) -> Attempt:
    """A handler with a bug."""
    AlertRule.objects.create(name="half done", notify=["mailto:ops@acme.test"])
    raise ZeroDivisionError


dismissed: list[tuple[list[str], str, list[str]]] = []


def let_go(subject_ids: list[str], *, by: str, options: list[str]) -> None:
    """What dismissing does besides: it leaves a row and remembers the call."""
    dismissed.append((subject_ids, by, options))
    AlertRule.objects.create(name=f"let go {subject_ids[0]}", notify=["mailto:ops@acme.test"])
    if "break" in options:
        raise ZeroDivisionError


def kind(key, severity="medium", retry=None, **more):
    return ExceptionKind(
        key=f"test.{key}",
        title=key.replace("_", " ").capitalize(),
        severity=severity,
        what_to_do="Look at it.",
        retry=f"{HERE}.{retry}" if retry else None,
        action_label="Open",
        action_page=SUBJECT_PAGE,
        **more,
    )


KINDS = [
    kind("dead_letter", "high", retry="take"),
    kind("paused", "high", retry="refuse"),
    kind("buggy", "medium", retry="break_down"),
    kind("no_rule", "medium"),
    kind("at_once", "medium", retry="try_at_once"),
    kind("spam", "low", retry="take"),
    kind(
        "suspect",
        "medium",
        on_dismiss=f"{HERE}.let_go",
        dismiss_options={"block": "Block the sender", "break": "Break down"},
    ),
]
