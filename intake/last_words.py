"""What leads said last that no column of theirs holds: consents, and what came with their newest submission."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime

from intake.models import ConsentRecord, Submission

CONSENT_FIELDS = frozenset({"marketing_consent", "privacy_consent", "privacy_policy_version"})


@dataclass(frozen=True, slots=True)
class NewestSubmission:
    """`submitted_at` is by the form's own word, else when we received it; `values` are the submission's canonical ones."""

    submitted_at: datetime
    values: Mapping[str, Any]


def consents(lead_ids: Sequence[UUID]) -> Mapping[UUID, Mapping[str, Any]]:
    """By canonical field: the newest word on each kind of consent, and the policy version under which privacy was given.

    One query.
    """
    newest = (
        ConsentRecord.objects.filter(lead__in=lead_ids)
        .order_by("lead_id", "kind", "-at", "-pk")
        .distinct("lead_id", "kind")
    )
    found: dict[UUID, dict[str, Any]] = defaultdict(dict)
    for record in newest:
        found[record.lead_id][f"{record.kind}_consent"] = record.granted
        if record.kind == "privacy" and record.policy_version:
            found[record.lead_id]["privacy_policy_version"] = record.policy_version
    return found


def newest_submissions(lead_ids: Sequence[UUID]) -> Mapping[UUID, NewestSubmission]:
    """One query."""
    rows = (
        Submission.objects.filter(lead__in=lead_ids)
        .order_by("lead_id", "-received_at", "-pk")
        .distinct("lead_id")
        .values_list("lead_id", "received_at", "values")
    )
    found = {}
    for lead_id, received, values in rows:
        said = values.get("submitted_at")
        submitted_at = (parse_datetime(said) if isinstance(said, str) else None) or received
        if lead_id is not None:
            found[lead_id] = NewestSubmission(submitted_at, values)
    return found
