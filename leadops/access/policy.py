"""Whose rows are whose, over all layers (settings.LEADOPS_ACCESS): routing knows people and leads, the rest is joined to them."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    Exists,
    F,
    Field,
    Model,
    OuterRef,
    Q,
    QuerySet,
    UUIDField,
    When,
)
from django.db.models.functions import Cast, Lower

from crm_sync.models import (
    Account,
    BornContact,
    CrmDifference,
    InboundEvent,
    KnownContact,
    OpenDeal,
    OutboxEntry,
)
from exception_queue.models import ExceptionItem
from intake.models import Lead, Submission
from plumbing.access import To
from routing import access
from routing.models import Owner, OwnerNotice, Rotation

Rows = QuerySet[Any]


def rows_for(user: Any, rows: Rows, to: To) -> Rows:
    """As `plumbing.access` asks. Models of which nothing is anybody's own (forms, calendars, scoring) come back as they are."""
    if access.sees_everybody(user):
        return rows
    limit = _LIMITS.get(rows.model)
    return access.rows_for(user, rows, to) if limit is None else limit(user, rows)


def _leads(user: Any, rows: Rows) -> Rows:
    return access.of_leads(user, rows)


def _with_lead(user: Any, rows: Rows) -> Rows:
    return access.of_leads(user, rows, lead="lead")


def _nothing(user: Any, rows: Rows) -> Rows:
    return rows.none()


def _exceptions(user: Any, rows: Rows) -> Rows:
    """What is about a lead of theirs, its submissions and notices, or about people and rotations that they look after."""
    rows = rows.alias(
        about_uuid=_id_of(("lead", "submission"), "^[0-9a-f-]{36}$", UUIDField()),
        about_number=_id_of(("notice", "rotation"), "^[0-9]{1,18}$", BigIntegerField()),
    )
    submissions = access.of_leads(user, Submission.objects.all(), lead="lead")
    notices = access.of_leads(user, OwnerNotice.objects.all(), lead="lead")
    owners = access.rows_for(user, Owner.objects.all(), "act").annotate(address=Lower("email"))
    rotations = access.rows_for(user, Rotation.objects.all(), "act")
    return rows.filter(
        Q(Exists(access.held(user, lead="about_uuid")), subject_type="lead")
        | Q(Exists(submissions.filter(pk=OuterRef("about_uuid"))), subject_type="submission")
        | Q(Exists(notices.filter(pk=OuterRef("about_number"))), subject_type="notice")
        | Q(subject_type="rotation", about_number__in=rotations.values("pk"))
        | Q(subject_type="owner", subject_id__in=owners.values("address"))
    )


def _id_of(types: tuple[str, ...], looks_like: str, field: "Field[Any, Any]") -> Case:
    """The subject's id as a key of its table: only for these types, since another one's would not be one."""
    is_key = Q(subject_type__in=types, subject_id__regex=looks_like)
    return Case(When(is_key, then=Cast(F("subject_id"), field)), default=None, output_field=field)


_LIMITS: Mapping[type[Model], Callable[[Any, Rows], Rows]] = {
    Lead: _leads,
    Submission: _with_lead,
    OutboxEntry: _with_lead,
    CrmDifference: _with_lead,
    # What a CRM says is not yet about a lead of ours.
    BornContact: _nothing,
    InboundEvent: _nothing,
    KnownContact: _nothing,
    Account: _nothing,
    OpenDeal: _nothing,
    ExceptionItem: _exceptions,
}
