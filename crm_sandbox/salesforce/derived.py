"""What the org works out from what is written: names, what a status or a stage means, places of the lists."""

from __future__ import annotations

import sqlite3

from crm_sandbox.salesforce import ids, moments, rows, settings, staff
from crm_sandbox.salesforce.definitions import ADDRESSES, COUNTRIES, STATES
from crm_sandbox.salesforce.errors import refused
from crm_sandbox.salesforce.rows import OrgRecord
from crm_sandbox.wire import Json


def values_of(db: sqlite3.Connection, *, type: str, before: Json, given: Json) -> Json:
    """Beside what is given. Raises OrgError for places that the lists do not have."""
    after = before | given
    if type in ("Lead", "Contact"):
        made: Json = {"Name": f"{after.get('FirstName') or ''} {after.get('LastName') or ''}".strip()}
    elif type == "Task":
        made = _task(db, after=after)
    elif type == "Event":
        made = {"AccountId": _account(db, after)}
    elif type == "Opportunity":
        made = _opportunity(db, after=after, given=given)
    else:
        made = {}
    if settings.one(db, "state_country_picklists"):
        for place in ADDRESSES.get(type, ()):
            made |= _place(place, before=before, given=given)
    return made


def _task(db: sqlite3.Connection, *, after: Json) -> Json:
    closed = bool(staff.status_values(db, "TaskStatus").get(after.get("Status") or "", {}).get("IsClosed"))
    who, what = after.get("WhoId"), after.get("WhatId")
    if who and what and ids.type_of(who) == "Lead":
        raise refused(
            "FIELD_INTEGRITY_EXCEPTION",
            "Related To ID: a task of a lead is related to nothing else",
            fields=["WhatId"],
        )
    return {
        "IsClosed": closed,
        "IsHighPriority": after.get("Priority") == "High",
        "AccountId": _account(db, after),
        "CompletedDateTime": (after.get("CompletedDateTime") or moments.now()) if closed else None,
        "TaskSubtype": after.get("TaskSubtype") or "Task",
    }


def _account(db: sqlite3.Connection, activity: Json) -> str | None:
    """Of what an activity is related to, or else of whom."""
    for each in (activity.get("WhatId"), activity.get("WhoId")):
        row = rows.get(db, each) if each else None
        if row is not None:
            return row.id if row.type == "Account" else row.fields.get("AccountId")
    return None


def note_activity(db: sqlite3.Connection, task: OrgRecord) -> None:
    """A completed task with a day, and a meeting that was, is the last activity of whom it is about.

    That is no change of theirs.
    """
    if task.type == "Event":
        start = task.get("StartDateTime")
        day = start[:10] if start <= moments.now() else ""
    else:
        day = task.get("ActivityDate") if task.type == "Task" and task.fields.get("IsClosed") else ""
    if not day:
        return
    for name in ("WhoId", "AccountId"):
        row = rows.get(db, task.get(name))
        if row is not None and row.get("LastActivityDate") < day:
            row.fields["LastActivityDate"] = day
            rows.save(db, row)


def _opportunity(db: sqlite3.Connection, *, after: Json, given: Json) -> Json:
    stage = staff.status_values(db, "OpportunityStage").get(after.get("StageName") or "", {})
    made: Json = {"IsClosed": bool(stage.get("IsClosed")), "IsWon": bool(stage.get("IsWon"))}
    if stage and "StageName" in given:
        made["ForecastCategoryName"] = stage["ForecastCategoryName"]
        if "Probability" not in given:
            made["Probability"] = stage["DefaultProbability"]
    return made


def _place(place: str, *, before: Json, given: Json) -> Json:
    """Code and name of country and state follow each other; a code counts where both are given."""
    names = {key: f"{place}{key}" for key in ("Country", "CountryCode", "State", "StateCode")}
    if not any(name in given for name in names.values()):
        return {}
    country = _code(given, names["CountryCode"], names["Country"], choices=COUNTRIES, what="country")
    country = before.get(names["CountryCode"]) if country == "" else country
    states = STATES.get(country or "", {})
    if country is None and (given.get(names["State"]) or given.get(names["StateCode"])):
        raise refused(
            "FIELD_INTEGRITY_EXCEPTION",
            f"A country/territory must be specified before specifying a state value for field: {names['State']}",
            fields=[names["State"]],
        )
    state = _code(given, names["StateCode"], names["State"], choices=states, what="state")
    if state == "":
        state = before.get(names["StateCode"])
        state = state if state in states else None
    return {
        names["CountryCode"]: country,
        names["Country"]: COUNTRIES.get(country or ""),
        names["StateCode"]: state,
        names["State"]: states.get(state or ""),
    }


def _code(given: Json, code: str, name: str, *, choices: dict[str, str], what: str) -> str | None:
    """ "" where nothing is given, None for none."""
    if code not in given and name not in given:
        return ""
    if given.get(code):
        if given[code] in choices:
            return str(given[code])
        raise _problem(code, what)
    written = given.get(name)
    if not written:
        return None
    for each, label in choices.items():
        if label.casefold() == str(written).casefold():
            return each
    raise _problem(name, what)


def _problem(field: str, what: str) -> Exception:
    return refused(
        "FIELD_INTEGRITY_EXCEPTION",
        f"There's a problem with this {what}, even though it may appear correct. "
        f"Please select a {'country/territory' if what == 'country' else what} from the list of valid "
        f"{'countries/territories' if what == 'country' else 'states'}.",
        fields=[field],
    )
