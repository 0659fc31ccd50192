"""The stages that deals go through: which of them close a deal, and how likely each is to be won."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from crm_sandbox.hubspot.default_choices import BORN, DEAL_STAGE
from crm_sandbox.hubspot.errors import HubSpotError, not_found
from crm_sandbox.hubspot.kinds import kind_called
from crm_sandbox.wire import Json, iso, now_ms

DEFAULT = "default"
_PROBABILITIES = ("0.2", "0.4", "0.6", "0.8", "0.9", "1.0", "0.0")


def _stage(name: str, *, label: str, place: int, probability: str, closed: bool, at: str) -> Json:
    return {
        "id": name,
        "label": label,
        "displayOrder": place,
        "metadata": {"isClosed": str(closed).lower(), "probability": probability},
        "createdAt": at,
        "updatedAt": at,
        "archived": False,
        "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
    }


_SALES: Json = {
    "id": DEFAULT,
    "label": "Sales Pipeline",
    "displayOrder": 0,
    "createdAt": BORN,
    "updatedAt": BORN,
    "archived": False,
    "stages": [
        _stage(
            name,
            label=label,
            place=place,
            probability=probability,
            closed=name in ("closedwon", "closedlost"),
            at=BORN,
        )
        for place, ((name, label), probability) in enumerate(zip(DEAL_STAGE, _PROBABILITIES, strict=True))
    ],
}


def known(db: sqlite3.Connection, *, object_type: str = "deals") -> list[Json]:
    """Raises HubSpotError 400 for objects that have no pipelines."""
    if kind_called(object_type).name != "deals":
        raise HubSpotError(400, f"{object_type} does not support pipelines")
    rows = db.execute("SELECT definition FROM pipelines ORDER BY id").fetchall()
    return [_SALES, *(json.loads(row["definition"]) for row in rows)]


def one(db: sqlite3.Connection, name: str, *, object_type: str = "deals") -> Json:
    """Raises HubSpotError 404."""
    found = next((each for each in known(db, object_type=object_type) if each["id"] == name), None)
    if found is None:
        raise not_found(f"Pipeline {name} does not exist on {object_type}")
    return found


def stage_of(pipeline: Json, name: str) -> Json | None:
    return next((each for each in pipeline["stages"] if each["id"] == name), None)


def closing_stage(pipeline: Json, *, won: bool) -> str:
    """Raises HubSpotError 400 where the pipeline has none."""
    for stage in pipeline["stages"]:
        metadata = stage["metadata"]
        if metadata["isClosed"] == "true" and (float(metadata["probability"]) == 1) == won:
            return str(stage["id"])
    raise HubSpotError(400, f"The pipeline {pipeline['label']} has no stage for that")


def opening_stage(pipeline: Json) -> str:
    """Raises HubSpotError 400 where every stage closes a deal."""
    for stage in pipeline["stages"]:
        if stage["metadata"]["isClosed"] != "true":
            return str(stage["id"])
    raise HubSpotError(400, f"The pipeline {pipeline['label']} has no open stage")


def put(db: sqlite3.Connection, *, label: str, stages: list[Any]) -> Json:
    """A pipeline of one's own; its and its stages' ids are numbers, as HubSpot's are. Raises HubSpotError 400."""
    if not label or not stages:
        raise HubSpotError(400, "A pipeline needs a label and stages")
    (count,) = db.execute("SELECT COUNT(*) FROM pipelines").fetchone()
    number, at = 61_000 + 100 * (int(count) + 1), iso(now_ms())
    made: Json = {
        "id": str(number),
        "label": label,
        "displayOrder": int(count) + 1,
        "createdAt": at,
        "updatedAt": at,
        "archived": False,
        "stages": [
            _stage(
                str(number + place + 1),
                label=str(each["label"]),
                place=place,
                probability=str(_probability(each)),
                closed=each.get("closed") is True,
                at=at,
            )
            for place, each in enumerate(map(_labelled, stages))
        ],
    }
    db.execute("INSERT INTO pipelines VALUES (?, ?)", (made["id"], json.dumps(made)))
    return made


def _labelled(stage: Any) -> Json:
    if not isinstance(stage, dict) or not stage.get("label"):
        raise HubSpotError(400, "Each stage needs a label")
    return stage


def _probability(stage: Json) -> float:
    asked = stage.get("probability", 0.5)
    if isinstance(asked, bool) or not isinstance(asked, int | float) or not 0 <= asked <= 1:
        raise HubSpotError(400, "A stage's probability is a number from 0 to 1")
    return float(asked)
