"""What stands in the way of a write: validation rules, triggers and flows that fail, records that others hold.

All of one form: an error with a code, for the records that it is about.
"""

from __future__ import annotations

import itertools
import sqlite3

from crm_sandbox import portal_settings
from crm_sandbox.salesforce import ids
from crm_sandbox.salesforce.errors import OrgError
from crm_sandbox.wire import Json, now_ms

_RULES = "org_rules"
VALIDATION = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
_WORDS = {
    VALIDATION: "The admin of this org does not allow that.",
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": (
        "LeadIntake: execution of BeforeUpdate\n\ncaused by: System.NullPointerException: "
        "Attempt to de-reference a null object\n\nTrigger.LeadIntake: line 12, column 1"
    ),
    "CANNOT_EXECUTE_FLOW_TRIGGER": (
        "We can't save this record because the “Lead Intake” process failed. Give your Salesforce admin these details. "
        "An error occurred when executing a flow interview."
    ),
    "UNABLE_TO_LOCK_ROW": "unable to obtain exclusive access to this record or 1 records: {id}",
    "ENTITY_IS_LOCKED": "the entity is locked for editing",
    "TRANSFER_REQUIRES_READ": "The new owner must have read permission",
}


def known(db: sqlite3.Connection) -> list[Json]:
    found: list[Json] = portal_settings.read(db, _RULES, [])
    return [each for each in found if each["until"] is None or each["until"] > now_ms()]


def add(db: sqlite3.Connection, rule: Json) -> Json:
    """`object`, `on`, `when` (a field and values, or a record), `code`, `message`, `fields`, `batch_over`, `times`, `until`."""
    there = known(db)
    used = {each["id"] for each in there}
    made = {"id": next(number for number in itertools.count(1) if number not in used)} | rule
    portal_settings.write(db, _RULES, [*there, made])
    return made


def end(db: sqlite3.Connection, *, number: int | None) -> None:
    kept = [each for each in known(db) if number is not None and each["id"] != number]
    portal_settings.write(db, _RULES, kept or None)


def check(
    db: sqlite3.Connection,
    *,
    spent: dict[int, int],
    type: str,
    id: str,
    fields: Json,
    is_new: bool,
    records: int,
) -> None:
    """`fields` are those that the record would have; `spent`: how often each rule has held, by its id.

    Raises OrgError in the words of the rule.
    """
    for rule in known(db):
        if rule["object"] != type or ("create" if is_new else "update") not in rule["on"]:
            continue
        number = rule["id"]
        if rule["times"] is not None and spent.get(number, 0) >= rule["times"]:
            continue
        if records > rule["batch_over"] and _is_about(rule["when"], id=id, fields=fields):
            spent[number] = spent.get(number, 0) + 1
            words = str(rule["message"] or _WORDS.get(rule["code"], rule["code"].replace("_", " ").lower()))
            about = (rule["when"] or {}).get("record") or id
            raise OrgError(400, rule["code"], words.replace("{id}", about), fields=rule["fields"])


def _is_about(when: Json | None, *, id: str, fields: Json) -> bool:
    if not when:
        return True
    if when.get("record"):
        wanted = ids.read(str(when["record"]))
        return wanted == id or wanted in [value for name, value in fields.items() if name.endswith("Id")]
    return fields.get(when["field"]) in when["values"]
