"""The baseline for the pipeline: one lead per transaction, a save per row, as a Django project is written at first.

It writes the rows that leadops writes for a lead, apart from the ledger of turns, the stored decision, the steps of the clock
and the blocks for finding duplicates: lead, e-mail identity, four timeline entries, score, assignment with its history, clock,
notice, outbox row, and the submission's outcome. It decides nothing: the owner is the next of a list.
"""

import itertools
import json
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from crm_sync.models import CrmConnection, OutboxEntry
from intake.models import Lead, LeadIdentity, Submission, TimelineEntry
from routing.models import Assignment, LeadScore, Owner, OwnerNotice, SlaClock


def drain() -> int:
    """Work what is due, one by one; how many."""
    owners = itertools.cycle(Owner.objects.filter(active=True))
    connection = CrmConnection.objects.get()
    for worked in itertools.count():
        if not _one(next(owners), connection):
            return worked
    return 0


@transaction.atomic
def _one(owner: Owner, connection: CrmConnection) -> bool:
    now = timezone.now()
    due = Submission.objects.select_for_update(skip_locked=True).filter(due_at__lte=now)
    submission = due.order_by("due_at").first()
    if submission is None:
        return False
    values = json.loads(bytes(submission.body))
    first, _, last = values["full_name"].partition(" ")
    lead = Lead.objects.create(
        email=values["email"],
        full_name=values["full_name"],
        first_name=first,
        last_name=last,
        company=values["company"],
        job_title=values["job_title"],
        employee_count=values["employee_count"],
        created_at=now,
        updated_at=now,
    )
    LeadIdentity.objects.create(lead=lead, kind="email", value=values["email"], exclusive=True)
    _notify(lead, "intake.submitted", submission=str(submission.pk))
    LeadScore.objects.create(
        lead=lead, points=75, segment="hot", reasons=[], ruleset_version=1, scored_at=now
    )
    _notify(lead, "routing.scored", points=75)
    Assignment.objects.create(
        lead=lead, owner=owner, reason="DACH", rule_name="DACH", source="pipeline", assigned_at=now
    )
    _notify(lead, "routing.assigned", to=owner.email)
    due_at = now + timedelta(minutes=30)
    SlaClock.objects.create(
        lead=lead,
        policy_name="Hot leads",
        ruleset_version=1,
        kind="wall",
        first_response="30m",
        started_at=now,
        due_at=due_at,
    )
    _notify(lead, "routing.clock_started", due_at=due_at.isoformat())
    OwnerNotice.objects.create(
        lead=lead,
        owner=owner,
        kind="assigned",
        cause=f"submission:{submission.pk}",
        due_at=now,
        created_at=now,
    )
    OutboxEntry.objects.create(lead=lead, connection=connection, due_at=now, created_at=now)
    submission.status, submission.due_at, submission.lead = Submission.Status.HANDED_OFF, None, lead
    submission.handed_off_at = now
    submission.save()
    return True


def _notify(lead: Lead, verb: str, **data: object) -> None:
    TimelineEntry.objects.create(lead=lead, at=timezone.now(), verb=verb, source="pipeline", data=data)
