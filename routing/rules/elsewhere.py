"""What other systems have against what is published here, asked before it is.

This layer does not know them: settings.LEADOPS_BEFORE_PUBLISHING names functions, called as `function(user, ask=..., now=...)`,
which answer with a list of `Heard`, as far as `user` may see it (None: whoever runs a command sees everything). With `ask` they
may call the other system, so it is never done in a transaction. Nothing that they say stops a publication: the leads of the
version in force meet the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from plumbing import dotted


@dataclass(frozen=True, slots=True)
class Objection:
    """`name` is the thing that is meant, `url` its page, "" for none."""

    name: str
    message: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """`as_of`: when the other system was read last, None for never. `is_old`: that is a while ago. `trouble`: why it could not be
    read just now."""

    source: str
    as_of: datetime | None
    is_old: bool
    trouble: str
    objections: Sequence[Objection]


def ask_all(user: Any, *, ask: bool, now: datetime) -> list[Heard]:
    """Of every other system."""
    return [
        one
        for path in settings.LEADOPS_BEFORE_PUBLISHING
        for one in dotted.resolve(path)(user, ask=ask, now=now)
    ]
