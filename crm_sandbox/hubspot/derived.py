"""What HubSpot works out itself from the values that are written to one record."""

from __future__ import annotations

import sqlite3

from crm_sandbox.hubspot import pipelines
from crm_sandbox.hubspot.errors import BadValue, bad_values
from crm_sandbox.hubspot.kinds import ObjectKind
from crm_sandbox.records import Record
from crm_sandbox.wire import iso


def added(kind: ObjectKind, *, values: dict[str, str], current: dict[str, str]) -> dict[str, str]:
    """`values` and what goes with them unasked.

    A deal with a stage is in a pipeline, the first one if none is named; a meeting is when it starts.
    """
    if kind.name == "deals" and values.get("dealstage") and not (current | values).get("pipeline"):
        return values | {"pipeline": pipelines.DEFAULT}
    if kind.name == "meetings" and values.get("hs_meeting_start_time") and "hs_timestamp" not in values:
        return values | {"hs_timestamp": values["hs_meeting_start_time"]}
    return values


def values_of(
    db: sqlite3.Connection, *, record: Record, kind: ObjectKind, values: dict[str, str], at: int
) -> dict[str, str]:
    """Raises HubSpotError 400: a deal's stage is not one of its pipeline."""
    derived: dict[str, str] = {}
    if "hubspot_owner_id" in values:
        derived["hubspot_owner_assigneddate"] = iso(at) if values["hubspot_owner_id"] else ""
    if kind.name == "contacts" and "email" in values:
        derived["hs_email_domain"] = values["email"].partition("@")[2]
    if kind.name == "tasks" and "hs_task_status" in values:
        done = values["hs_task_status"] == "COMPLETED"
        derived["hs_task_completion_date"] = iso(at) if done else ""
    if kind.name == "deals" and ("dealstage" in values or "pipeline" in values):
        derived |= _of_deal(db, before=record.properties, values=values, at=at)
    return derived


def _of_deal(
    db: sqlite3.Connection, *, before: dict[str, str], values: dict[str, str], at: int
) -> dict[str, str]:
    after = before | values
    name, stage_name = after.get("pipeline", ""), after.get("dealstage", "")
    if not name or not stage_name:
        return {}
    pipeline = pipelines.one(db, name)
    stage = pipelines.stage_of(pipeline, stage_name)
    if stage is None:
        words = f"{stage_name} was not one of the allowed options of the pipeline {pipeline['label']}"
        raise bad_values([BadValue("dealstage", "INVALID_OPTION", words)])
    closed, probability = stage["metadata"]["isClosed"], stage["metadata"]["probability"]
    derived = {
        "hs_is_closed": closed,
        "hs_is_closed_won": str(closed == "true" and float(probability) == 1).lower(),
        "hs_deal_stage_probability": probability,
    }
    if closed == "true" and before.get("hs_is_closed") != "true" and "closedate" not in values:
        derived["closedate"] = iso(at)
    return derived
