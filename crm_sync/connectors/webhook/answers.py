"""What a receiver's answer means for the lead, and for the connection."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from crm_sync.connectors.base import Refusal, SetupProblem
from crm_sync.connectors.budget import RateLimits
from plumbing.http import Answer, AuthLost, Permanent, RemoteError, Transient

# As long as an id is kept here.
LONGEST_ID = 200
# Not about what was told, but about whether and where we tell it at all.
_NOT_LET_IN = frozenset({403})
_WRONG_PLACE = frozenset({300, 301, 302, 303, 304, 305, 307, 308, 404, 405, 410, 501, 505})
_GONE = 410
_MOST_SECONDS = 900.0


def accepted(error: RemoteError) -> Answer | None:
    """The answer of a receiver that took the message and said so with a web page, or with JSON that is none; else None."""
    if isinstance(error, Transient) and error.answer is not None and 200 <= error.answer.status < 300:
        return error.answer
    return None


def judged(error: Permanent) -> Refusal | RemoteError | SetupProblem:
    """A refusal of the one message, in the receiver's words, or what stops the connection."""
    if error.status in _NOT_LET_IN:
        return AuthLost(error.message, answer=error.answer)
    if error.status == _GONE:
        return SetupProblem(
            f"{error.message} The receiver wants no more messages: correct the address, or switch the connection off."
        )
    if error.status in _WRONG_PLACE or error.status == 0:
        return SetupProblem(f"{error.message} Correct the address of the connection.")
    return Refusal(error.message)


def record_id(answer: Answer, *, key: str) -> str:
    """The receiver's own id of the lead, where it says one; else ours."""
    said = answer.body.get("id") if isinstance(answer.body, Mapping) else None
    if isinstance(said, int) and not isinstance(said, bool):
        said = str(said)
    found = said.strip() if isinstance(said, str) else ""
    return found if 0 < len(found) <= LONGEST_ID and "\x00" not in found else key


def read_limits(headers: Mapping[str, str]) -> RateLimits | None:
    """RateLimit-Limit, -Remaining and -Reset (seconds), as the IETF's draft has them, or the same with X- before."""
    lowered = {name.lower(): value for name, value in headers.items()}

    def number(name: str) -> int | None:
        found = re.match(
            r"\d{1,12}", lowered.get(f"ratelimit-{name}") or lowered.get(f"x-ratelimit-{name}") or ""
        )
        return int(found[0]) if found else None

    left = number("remaining")
    if left is None:
        return None
    reset = float(number("reset") or 1)
    if reset > _MOST_SECONDS:
        # Some write the moment instead, in seconds since 1970.
        reset = min(max(reset - datetime.now(UTC).timestamp(), 1.0), _MOST_SECONDS)
    return RateLimits(most=number("limit"), remaining=left, interval=timedelta(seconds=reset))
