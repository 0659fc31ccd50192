"""The only writer through which leads are written (rule 2).

Every write bumps the version. Outside the pipeline it also leaves a LeadChange row, so that the layers above find out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from intake.canonical import CANONICAL_FIELDS, label_of
from intake.lead_draft import LeadDraft
from intake.models import ConsentRecord, Lead, LeadChange, LeadIdentity, TimelineEntry
from intake.pipeline import wake_ups
from intake.timeline import record
from plumbing.bulk import insert_rows, update_rows

# Columns of Lead that hold a canonical value each; attribution and consent live elsewhere.
VALUE_COLUMNS = tuple(
    name for name in CANONICAL_FIELDS if name in {f.name for f in Lead._meta.concrete_fields}
)
ATTRIBUTION = tuple(name for name, spec in CANONICAL_FIELDS.items() if spec.group == "attribution")
_OTHER_COLUMNS = (
    "status", "disqualify_reason", "attribution", "extra", "raw", "typed_fields", "has_open_deal", "last_form_key",
    "last_submitted_at", "contacted_at", "possible_duplicate_of", "merged_into", "version", "updated_at",
    "is_test",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LeadEdit:
    """New values for one lead, by column name. `typed`: a person typed them, so no form overwrites them later."""

    lead_id: UUID
    values: Mapping[str, Any]
    typed: bool = False
    reason: str = ""


def write_leads(rows: Sequence[LeadDraft], *, now: datetime) -> None:
    """Insert and update the pipeline's leads in bulk. The pipeline pushes them itself, so no LeadChange is left."""
    new = {row.lead.pk: row.lead for row in rows if row.is_new}
    touched = {row.lead.pk: row.lead for row in rows if row.lead.pk not in new}
    for lead in new.values():
        lead.created_at = lead.updated_at = now
    for lead in touched.values():
        lead.version += 1
        lead.updated_at = now
    insert_rows(list(new.values()))
    update_rows(sorted(touched.values(), key=lambda lead: lead.pk), fields=[*VALUE_COLUMNS, *_OTHER_COLUMNS])


def write_identities(rows: Sequence[LeadIdentity], *, now: datetime) -> None:
    """Add keys by which leads are known. The caller holds the locks of these keys."""
    insert_rows(rows)


def write_consents(rows: Sequence[ConsentRecord], *, now: datetime) -> None:
    """Append consent records."""
    insert_rows(rows)


def edit_leads(edits: Sequence[LeadEdit], *, actor: str, source: str, now: datetime) -> list[Lead]:
    """Change leads outside the pipeline, inside the caller's transaction; returns those that really changed.

    Locks the leads by id. Values that are already so change nothing. Raises ValueError for a name that is no column.
    """
    for edit in edits:
        if unknown := set(edit.values) - set(VALUE_COLUMNS) - set(_OTHER_COLUMNS):
            raise ValueError(f"A lead has no {', '.join(sorted(unknown))}.")
    by_lead = {edit.lead_id: edit for edit in edits}
    changed: list[Lead] = []
    entries: list[TimelineEntry] = []
    for lead in Lead.objects.select_for_update(no_key=True).filter(pk__in=by_lead).order_by("pk"):
        edit = by_lead[lead.pk]
        before = {name: getattr(lead, name) for name in edit.values}
        news = {name: value for name, value in edit.values.items() if before[name] != value}
        if not news:
            continue
        for name, value in news.items():
            setattr(lead, name, value)
        if edit.typed:
            lead.typed_fields = sorted(
                {*lead.typed_fields, *(name for name in news if name in VALUE_COLUMNS)}
            )
        lead.version += 1
        lead.updated_at = now
        changed.append(lead)
        entries.append(
            _entry(lead, news=news, before=before, reason=edit.reason, actor=actor, source=source, now=now)
        )
    update_rows(changed, fields=[*VALUE_COLUMNS, *_OTHER_COLUMNS])
    record(entries)
    announce([lead.pk for lead in changed], source=source, now=now)
    return changed


def announce(lead_ids: Sequence[UUID], *, source: str, now: datetime) -> None:
    """Leave one LeadChange per lead: something that others show about it has changed (its owner, say).

    The layers that wake after a batch are woken here too, once the caller's transaction has committed.
    """
    if not lead_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO {LeadChange._meta.db_table} (lead_id, version, changed_at, source)
            SELECT id, version, %s, %s FROM {Lead._meta.db_table} WHERE id = ANY(%s) ORDER BY id
            ON CONFLICT (lead_id) DO UPDATE SET version = EXCLUDED.version, changed_at = EXCLUDED.changed_at
            """,
            [now, source, sorted(set(lead_ids))],
        )
    for wake in wake_ups():
        wake()


def _entry(
    lead: Lead,
    *,
    news: Mapping[str, Any],
    before: Mapping[str, Any],
    reason: str,
    actor: str,
    source: str,
    now: datetime,
) -> TimelineEntry:
    if "status" in news:
        data: dict[str, Any] = {"from": before["status"], "to": news["status"]}
        verb = "intake.status_changed"
    elif "is_test" in news:
        data, verb = {"from": before["is_test"], "to": news["is_test"]}, "intake.test_changed"
    else:
        verb = "intake.edited"
        data = {
            "fields": [
                {"field": name, "label": label_of(name), "from": _plain(before[name]), "to": _plain(value)}
                for name, value in news.items()
            ]
        }
    if reason:
        data["reason"] = reason
    return TimelineEntry(lead=lead, at=now, verb=verb, actor=actor, source=source, data=data)


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | None) else str(value)
