"""Writes docs/exceptions.md from the code: the runbook of everything that can need a person."""

from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand

from exception_queue.kinds import ExceptionKind, all_kinds

INTRODUCTION = """\
# Exceptions: what can need a person, and what to do

<!-- Written from the code by `make docs`. -->

Whatever cannot go on is one open item per kind and subject in the exception queue, counted up when it happens again. The
console groups items by cause. Many close by themselves when the cause goes away; **Retry** really resumes the work: the item
shows as being tried until the answer is there. It closes in the name of who tried, or stays, with its age, and counts up.

| kind | severity | retry |
|---|---|---|
"""


class Command(BaseCommand):
    help = "Print every kind of exception with what to do about it, as Markdown (docs/exceptions.md)."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(guide(all_kinds()), ending="")


def guide(kinds: Iterable[ExceptionKind]) -> str:
    """The page, with a table to find a kind in and a section for each."""
    listed = list(kinds)
    rows = [
        f"| [`{kind.key}`](#{_anchor(kind)}) {kind.title} | {kind.severity} | {'yes' if kind.retry else 'no'} |"
        for kind in listed
    ]
    sections = [f"## {kind.title}\n\n`{kind.key}`, {kind.severity}\n\n{kind.what_to_do}\n" for kind in listed]
    return INTRODUCTION + "\n".join(rows) + "\n\n" + "\n".join(sections)


def _anchor(kind: ExceptionKind) -> str:
    """As renderers of Markdown make them from headings."""
    words = "".join(letter for letter in kind.title.lower() if letter.isalnum() or letter in " -")
    return words.replace(" ", "-")
