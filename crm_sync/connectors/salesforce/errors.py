"""Salesforce's refusals, read: which decision they carry and what they complain of.

A call as a whole is refused with `[{"errorCode", "message", "fields"}]`, one record of a collection with
`{"statusCode", "message", "fields"}`. https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from crm_sync.connectors.base import Refusal, SetupProblem
from crm_sync.connectors.budget import DayUsedUp
from plumbing.http import AuthLost, Permanent, RemoteError, Throttled, Transient

OWNER = "OwnerId"
# The token has run out, or the org has moved to another instance.
LOG_IN_AGAIN = frozenset({"INVALID_SESSION_ID", "URL_NOT_RESET"})
UNKNOWN_OBJECT = "INVALID_TYPE"
DUPLICATES = "DUPLICATES_DETECTED"
LOST_RACE = "DUPLICATE_VALUE"

_LONGEST_WORDS = 1000
# May pass by themselves.
_AGAIN = frozenset(
    {
        "UNABLE_TO_LOCK_ROW",
        "SERVER_UNAVAILABLE",
        "UNKNOWN_EXCEPTION",
        "QUERY_TIMEOUT",
        "REQUEST_RUNNING_TOO_LONG",
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "PROCESSING_HALTED",
        "ENTITY_IS_LOCKED",
        "STORAGE_LIMIT_EXCEEDED",
        # The org's own automation: often of this one batch.
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        "CANNOT_EXECUTE_FLOW_TRIGGER",
        "APEX_ERROR",
    }
)
# The record does not stand there as it did: deleted, merged, or made a contact of.
_GONE = frozenset(
    {"ENTITY_IS_DELETED", "NOT_FOUND", "INVALID_CROSS_REFERENCE_KEY", "CANNOT_UPDATE_CONVERTED_LEAD"}
)
_OF_OWNERS = frozenset(
    {
        "INACTIVE_OWNER_OR_USER",
        "TRANSFER_REQUIRES_READ",
        "OP_WITH_INVALID_USER_TYPE_EXCEPTION",
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
        "INVALID_CROSS_REFERENCE_KEY",
    }
)
_UNKNOWN_FIELD = frozenset({"INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE"})
_NOT_LET_IN = frozenset(
    {"API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED", "INVALID_LOGIN", "INSUFFICIENT_ACCESS"}
)
_SAME_PLACE = {"Country": "CountryCode", "State": "StateCode", "CountryCode": "Country", "StateCode": "State"}
_NO_COLUMN = re.compile(r"No such column '([^']+)'")
_NAMED = (
    re.compile(r"^([A-Za-z][A-Za-z0-9_]*): "),  # "LastName: data value too large: …"
    re.compile(r"missing: \[([A-Za-z0-9_, ]+)\]"),
    # "A country/territory must be specified before specifying a state value for field: State"
    re.compile(r"state value for field: ([A-Za-z]+)"),
    re.compile(r"restricted picklist field: .*?\(?([A-Za-z0-9_]+__c|[A-Z][A-Za-z]+)\)?$"),
)
# Of a whole day nobody says when it ends: the window rolls.
_DAILY_PAUSE, _MOMENT = timedelta(minutes=5), timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class ItemError:
    """Why one record was refused. `fields` as far as the answer or its words name them."""

    code: str
    message: str
    fields: tuple[str, ...]

    @property
    def is_passing(self) -> bool:
        return self.code in _AGAIN

    @property
    def is_gone(self) -> bool:
        return self.code in _GONE and OWNER not in self.fields

    @property
    def refusal(self) -> Refusal:
        named = self.fields or ((OWNER,) if self.code in _OF_OWNERS else ())
        # Of a place the org names the one, whichever was sent.
        named += tuple(_SAME_PLACE[name] for name in named if name in _SAME_PLACE)
        return Refusal(self.message, dict.fromkeys(named, self.code))


def item_error(item: Mapping[str, Any]) -> ItemError:
    """The first error of one record of a collection, of which there is one."""
    found = [each for each in item.get("errors") or () if isinstance(each, Mapping)]
    return _error(found[0] if found else {})


def of_call(error: Permanent) -> ItemError:
    """The error of a call as a whole."""
    return _error(next(_complaints(error.body), {"message": error.message}))


def of_part(status: int, body: Any) -> ItemError | None:
    """The error of one write among several that were one call, None where it was done."""
    return None if 200 <= status < 300 else _error(next(_complaints(body), {}))


def unknown_field(error: ItemError) -> str:
    """The field that does not exist, or that we may not see, which is the same; "" where it is about something else."""
    if error.code not in _UNKNOWN_FIELD:
        return ""
    found = _NO_COLUMN.search(error.message)
    return found[1] if found else next(iter(error.fields), "")


def code_of(error: RemoteError) -> str:
    body = error.answer.body if error.answer is not None else None
    return str(next(_complaints(body), {}).get("errorCode") or "")


def judged(error: RemoteError, *, version: str) -> RemoteError:
    """The error that the sender should act on: plumbing's, except where Salesforce's statuses mean something else.

    Raises SetupProblem where the version of the API is gone, or our key is not unique.
    """
    if not isinstance(error, Permanent):
        return error
    code = code_of(error)
    now = datetime.now(UTC)
    if code == "REQUEST_LIMIT_EXCEEDED":
        if "concurrent" in error.message.lower():
            return Throttled(error.message, retry_at=now + _MOMENT, answer=error.answer)
        return DayUsedUp(error.message, retry_at=now + _DAILY_PAUSE, answer=error.answer)
    if code in _NOT_LET_IN:
        return AuthLost(error.message, answer=error.answer)
    if code in _AGAIN:
        return Transient(error.message, ambiguous=False, answer=error.answer)
    if error.status == 410:
        raise SetupProblem(
            f"Salesforce does not serve version {version} of its API any more: choose a newer one."
        )
    if error.status == 300:
        raise SetupProblem(
            "Several records in Salesforce have one and the same leadops id: the field leadops_id__c must be an external id "
            "and unique."
        )
    # Not Salesforce at the other end: a wrong address refuses every lead alike.
    elsewhere = error.status in (0, 404, 405, 501, 505) or 300 <= error.status < 400
    if elsewhere and not code:
        return Transient(f"{error.message} Is the address right?", ambiguous=False, answer=error.answer)
    return error


def _error(said: Mapping[str, Any]) -> ItemError:
    message = str(said.get("message") or "Salesforce gave no reason.")[:_LONGEST_WORDS]
    fields = [str(each) for each in said.get("fields") or ()] or list(_fields_in(message))
    return ItemError(str(said.get("statusCode") or said.get("errorCode") or ""), message, tuple(fields))


def _fields_in(message: str) -> Iterator[str]:
    """`fields` is often empty although the words name them."""
    for pattern in _NAMED:
        if found := pattern.search(message):
            yield from (each.strip() for each in found[1].split(","))
            return


def _complaints(body: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(body, Sequence) and not isinstance(body, str):
        yield from (each for each in body if isinstance(each, Mapping))


def said_in(body: Any) -> str:
    """The words of a refusal that came as part of an answer."""
    return str(next(_complaints(body), {}).get("message") or "Salesforce gave no reason.")[:_LONGEST_WORDS]
