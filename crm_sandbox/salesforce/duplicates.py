"""Duplicate rules: records that are too like another, of the same object or across objects."""

from __future__ import annotations

import itertools
import sqlite3

from crm_sandbox import portal_settings
from crm_sandbox.salesforce import rows
from crm_sandbox.salesforce.callers import OrgCaller
from crm_sandbox.salesforce.errors import OrgError
from crm_sandbox.salesforce.rows import OrgRecord
from crm_sandbox.wire import Json

_RULES = "org_duplicate_rules"
ALERT, BLOCK = "alert", "block"
WORDS = "Use one of these records?"


def known(db: sqlite3.Connection) -> list[Json]:
    found: list[Json] = portal_settings.read(db, _RULES, [])
    return found


def add(db: sqlite3.Connection, rule: Json) -> Json:
    """`object`, `name`, `action`, `on`, `message`, and `match`: objects with the fields that must all be equal."""
    there = known(db)
    used = {each["id"] for each in there}
    made = {"id": next(number for number in itertools.count(1) if number not in used)} | rule
    portal_settings.write(db, _RULES, [*there, made])
    return made


def end(db: sqlite3.Connection, *, number: int | None) -> None:
    kept = [each for each in known(db) if number is not None and each["id"] != number]
    portal_settings.write(db, _RULES, kept or None)


def check(
    db: sqlite3.Connection, *, caller: OrgCaller, row: OrgRecord | None, type: str, fields: Json, given: Json
) -> None:
    """`row` is the record that is changed: only values that matter for the rule make it run then.

    Raises OrgError DUPLICATES_DETECTED; what it matched goes with the answer to a call for one record.
    """
    for rule in known(db):
        if rule["object"] != type or ("create" if row is None else "update") not in rule["on"]:
            continue
        compared = {name for each in rule["match"] for name in each["fields"]}
        if row is not None and not any(
            name in compared and row.fields.get(name) != given[name] for name in given
        ):
            continue
        if rule["action"] == ALERT and caller.allow_save:
            continue
        results = [
            _result(caller, name=f"{each['object']}_Matching_Rule", entity=each["object"], found=found)
            for each in rule["match"]
            if (found := _matches(db, caller=caller, match=each, fields=fields, but=row.id if row else ""))
        ]
        if results:
            raise _detected(rule, results)


def _matches(
    db: sqlite3.Connection, *, caller: OrgCaller, match: Json, fields: Json, but: str
) -> list[OrgRecord]:
    """Records with the same values, none of them empty."""
    values = {name: fields.get(name) for name in match["fields"]}
    if not values or not all(values.values()):
        return []
    first, *others = values.items()
    return [
        row
        for row in rows.holding(db, type=match["object"], name=first[0], value=str(first[1]))
        if row.id != but
        and not row.fields.get("IsConverted")
        and all(str(row.fields.get(name, "")).casefold() == str(value).casefold() for name, value in others)
        and (not caller.as_user or caller.sees_row(row))
    ]


def _result(caller: OrgCaller, *, name: str, entity: str, found: list[OrgRecord]) -> Json:
    return {
        "entityType": entity,
        "errors": [],
        "matchEngine": "ExactMatchEngine",
        "matchRecords": [
            {
                "additionalInformation": [],
                "fieldDiffs": [],
                "matchConfidence": 100.0,
                "record": _record(caller, row),
            }
            for row in found
        ],
        "rule": name,
        "size": len(found),
        "success": True,
    }


def _record(caller: OrgCaller, row: OrgRecord) -> Json:
    base = f"/services/data/v{caller.version}/sobjects/{row.type}/{row.id}"
    record: Json = {"attributes": {"type": row.type, "url": base}, "Id": row.id}
    if caller.details:
        shown = {name: value for name, value in row.fields.items() if caller.sees(row.type, name)}
        record |= shown
    return record


def _detected(rule: Json, results: list[Json]) -> OrgError:
    return OrgError(
        400,
        "DUPLICATES_DETECTED",
        rule["message"],
        # The key is spelled so in recorded answers.
        extra={
            "duplicateResut": {
                "allowSave": rule["action"] == ALERT,
                "duplicateRule": rule["name"].replace(" ", "_"),
                "duplicateRuleEntityType": rule["object"],
                "errorMessage": rule["message"],
                "matchResults": results,
            }
        },
    )
