"""Two leads side by side: are they one person?"""

from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from exception_queue import queue
from exception_queue.models import ExceptionItem
from intake.exception_kinds import AMBIGUOUS_DUPLICATE, KEYS_CONFLICT
from intake.lead_changes import LeadEdit, edit_leads
from intake.models import Lead

KINDS = (AMBIGUOUS_DUPLICATE, KEYS_CONFLICT)


def open_items(one: UUID, other: UUID) -> list[ExceptionItem]:
    """The exceptions that ask whether these two are one person, whichever of them came first."""
    first, second = str(one), str(other)
    pair = Q(subject_id=first, detail__candidate=second) | Q(subject_id=second, detail__candidate=first)
    return list(
        ExceptionItem.objects.filter(
            pair, kind__in=KINDS, subject_type="lead", status__in=ExceptionItem.UNRESOLVED
        )
    )


def keep_apart(one: UUID, other: UUID, *, by: str, source: str) -> int:
    """They are two people: the leads forget that they looked alike, and what asked about them is dismissed."""
    reason = "Not the same person"
    with transaction.atomic():
        linked = Lead.objects.filter(
            Q(pk=one, possible_duplicate_of=other) | Q(pk=other, possible_duplicate_of=one)
        ).values_list("pk", flat=True)
        edits = [LeadEdit(pk, {"possible_duplicate_of": None}, reason=reason) for pk in linked]
        edit_leads(edits, actor=by, source=source, now=timezone.now())
        return len(queue.dismiss(open_items(one, other), by=by, note=reason))
