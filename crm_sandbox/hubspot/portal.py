"""One HubSpot account: its memory, its property definitions, and whom it tells of changes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from crm_sandbox.hubspot import default_properties, pipelines
from crm_sandbox.hubspot.property_definitions import options
from crm_sandbox.store import Store
from crm_sandbox.webhooks import Webhooks
from crm_sandbox.wire import Json

_MOST_COUNTS = 100


class Portal:
    """Shared by all threads; whatever it reads or writes, it does under the store's lock."""

    def __init__(self, *, store: Store, webhooks: Webhooks) -> None:
        self.store = store
        self.webhooks = webhooks
        self._definitions: dict[str, dict[str, Json]] = {}
        self._counts: dict[tuple[object, ...], int] = {}
        self._counted_at = -1

    def definitions(self, db: sqlite3.Connection, *, kind: str) -> dict[str, Json]:
        """Live property definitions of an object type by name, vendor's and custom ones."""
        known = self._definitions.get(kind)
        if known is None:
            known = {name: dict(made) for name, made in default_properties.PROPERTIES[kind].items()}
            for row in db.execute("SELECT name, definition FROM properties WHERE kind = ?", (kind,)):
                definition: Json = json.loads(row["definition"])
                known.pop(row["name"], None)
                if not definition["archived"]:
                    known[row["name"]] = definition
            if kind == "deals":
                known |= _of_pipelines(known, pipelines.known(db))
            self._definitions[kind] = known
        return known

    def counted(self, db: sqlite3.Connection, *, where: str, values: Sequence[object]) -> int:
        """How many records there are, counted anew only after something was written: 200,000 take 10 ms."""
        key = (where, *values)
        if self._counted_at != db.total_changes or len(self._counts) > _MOST_COUNTS:
            self._counts, self._counted_at = {}, db.total_changes
        if key not in self._counts:
            (found,) = db.execute(f"SELECT COUNT(*) FROM records WHERE {where}", values).fetchone()
            self._counts[key] = int(found)
        return self._counts[key]

    def forget_definitions(self) -> None:
        self._definitions = {}


def _of_pipelines(known: dict[str, Json], found: list[Json]) -> dict[str, Json]:
    """What a deal can have as its pipeline and as its stage."""
    stages = [stage for each in found for stage in each["stages"]]
    return {
        name: known[name] | {"options": options(tuple((each["id"], each["label"]) for each in choices))}
        for name, choices in (("pipeline", found), ("dealstage", stages))
    }
