"""Calls, e-mails and meetings with people, as somebody logged them: closed tasks and events.

A logged call or e-mail is a task that is closed and says its subtype. An event counts from when it was booked.
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Literal

from crm_sync.connectors.records import RemoteTouch
from crm_sync.connectors.salesforce.formats import at, listed, long_id, moment
from crm_sync.connectors.salesforce.soql import Asking, Question, Row, some, text

_TASK_FIELDS = ("Id", "WhoId", "OwnerId", "TaskSubtype", "CompletedDateTime", "CreatedDate")
_EVENT_FIELDS = ("Id", "WhoId", "OwnerId", "StartDateTime", "CreatedDate")
# What is sent to many at once has another subtype: nobody was talked to.
_SUBTYPES: dict[str, Literal["call", "email"]] = {"Call": "call", "Email": "email"}


def of_people(asking: Asking, ids: Collection[str], *, since: datetime) -> list[RemoteTouch]:
    """The earliest first; one call for two hundred people."""
    found: list[RemoteTouch] = []
    for chunk in some(ids):
        theirs = f"WhoId IN {listed(chunk)}"
        tasks, events = asking.together(
            [
                Question(
                    "Task",
                    _TASK_FIELDS,
                    f"WHERE {theirs} AND IsClosed = true AND LastModifiedDate >= {at(since)}",
                ),
                Question(
                    "Event",
                    _EVENT_FIELDS,
                    f"WHERE {theirs} AND LastModifiedDate >= {at(since)}",
                    optional=True,
                ),
            ]
        )
        found += _of_tasks(tasks)
        found += _of_events(events)
    return sorted((touch for touch in found if touch.at >= since), key=lambda touch: touch.at)


def questions(since: datetime) -> list[Question]:
    """What was logged since, with whomever; the newest last."""
    logged = f"TaskSubtype IN {listed(_SUBTYPES)}"
    return [
        Question(
            "Task",
            _TASK_FIELDS,
            f"WHERE IsClosed = true AND {logged} AND SystemModstamp >= {at(since)} ORDER BY SystemModstamp",
            optional=True,
        ),
        Question(
            "Event",
            _EVENT_FIELDS,
            f"WHERE SystemModstamp >= {at(since)} ORDER BY SystemModstamp",
            optional=True,
        ),
    ]


def newest(answers: Collection[Collection[Row]]) -> dict[str, datetime]:
    """By somebody's id, when they were talked to last, from the answers to `questions`."""
    tasks, events = answers
    found: dict[str, datetime] = {}
    for touch in sorted([*_of_tasks(tasks), *_of_events(events)], key=lambda touch: touch.at):
        found[touch.contact_id] = touch.at
    return found


def _of_tasks(rows: Collection[Row]) -> Iterator[RemoteTouch]:
    for row in rows:
        subtype = text(row, "TaskSubtype")
        when = moment(row.get("CompletedDateTime") or row.get("CreatedDate"))
        if subtype in _SUBTYPES and when is not None:
            yield RemoteTouch(
                long_id(text(row, "WhoId")), _SUBTYPES[subtype], when, long_id(text(row, "OwnerId"))
            )


def _of_events(rows: Collection[Row]) -> Iterator[RemoteTouch]:
    for row in rows:
        starts, made = moment(row.get("StartDateTime")), moment(row.get("CreatedDate"))
        when = min(starts, made) if starts and made else starts or made
        if when is not None:
            yield RemoteTouch(long_id(text(row, "WhoId")), "meeting", when, long_id(text(row, "OwnerId")))
