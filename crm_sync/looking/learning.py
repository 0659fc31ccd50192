"""What the CRM tells of leads that somebody has already: stored, and decided again where that is still possible."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from crm_sync import exception_kinds as kinds
from crm_sync.connectors import connector_class
from crm_sync.looking import backgrounds, finding
from crm_sync.looking.finding import NOBODY, wanted_of
from crm_sync.models import CrmConnection, CrmLink
from exception_queue.queue import Attempt, ExceptionReport, open_items
from intake.lead_values import values_of
from intake.subjects import lead_subject
from routing import background, late_facts
from routing.handover.actions import Refused, reassign
from routing.models import Assignment, LeadBackground, Owner
from routing.rules.publishing import NothingPublished, account_rules_in_force

# Those whom nobody could look up are looked up again for so long.
LOOKED_FOR = timedelta(days=1)
AGAIN_AFTER = timedelta(seconds=30)
BATCH = 100


def look_again(*, now: datetime) -> int:
    """Look up those for whom a CRM had no answer, a batch at a time; returns of how many all CRMs know by now."""
    connections = backgrounds.asked_connections()
    if not connections:
        return 0
    rows = LeadBackground.objects.exclude(missed="").filter(
        lead__created_at__gt=now - LOOKED_FOR, looked_up_at__lt=now - AGAIN_AFTER
    )
    told = 0
    while missed := list(rows.select_related("lead").order_by("looked_up_at")[:BATCH]):
        found = _ask_the_others(connections, missed, now=now)
        background.write_backgrounds(found, now=now)
        decide_again([one.lead_id for one, had in zip(found, missed, strict=True) if one is not had], now=now)
        answered = sum(not one.missed for one in found)
        if not answered:
            break
        told += answered
    return told


def _ask_the_others(
    connections: Sequence[CrmConnection], missed: Sequence[LeadBackground], *, now: datetime
) -> list[LeadBackground]:
    """What is known of each by now, which is the row itself where no CRM says more. One that had an answer is not asked again:
    its record is ours by now, and whose it was then is what counts."""
    told = {row.lead_id: [row] for row in missed}
    for connection in connections:
        rows = [row for row in missed if connection.key not in row.records]
        if not rows:
            continue
        wanted = [wanted_of(values_of(row.lead), extra=row.lead.extra) for row in rows]
        found = backgrounds.look_up([connection], wanted, rules=account_rules_in_force(), now=now)
        for row, one in zip(rows, found, strict=True):
            one.lead_id = row.lead_id
            told[row.lead_id].append(one)
    for row in missed:
        row.missed, row.looked_up_at = "", now
    return [backgrounds.of_most_weight(told[row.lead_id]) for row in missed]


def adopted(connection: CrmConnection, kept: Mapping[UUID, str], *, now: datetime) -> None:
    """Records turned out to be somebody's, who keep them: `kept` are their ids there by lead. The lead goes to them too, while
    nobody here has touched it; else a person decides whose it is."""
    if not kept:
        return
    people = finding.people(connection.pk, sorted(set(kept.values())))
    known = background.of_leads(kept)
    rows = []
    for lead_id, owner_id in kept.items():
        owner = people.get(owner_id, NOBODY)
        row = known.get(lead_id) or LeadBackground(lead_id=lead_id)
        if row.source not in ("", connection.key):
            if row.keeps_owner and row.crm_owner:
                continue  # Somebody has it in another CRM, and keeps it there.
            row.record = ""
        # Whoever could not be looked up still is: of their deals and their account a record says nothing.
        row.source, row.looked_up_at = connection.key, now
        row.is_known, row.keeps_owner = True, LeadBackground.Keeps.ALWAYS
        row.crm_owner, row.crm_owner_name = owner.email, owner.name
        rows.append(row)
    background.write_backgrounds(rows, now=now)
    decide_again(kept, now=now)
    still = Assignment.objects.filter(lead__in=kept).select_related("lead", "owner")
    problems = []
    for holder in still:
        theirs = people.get(kept[holder.lead_id], NOBODY)
        if holder.owner is not None and holder.owner.email.lower() != theirs.email.lower():
            problems.append(_two_owners(connection, holder, theirs))
    open_items(problems, now=now)


def give_to_theirs(subject_ids: Sequence[str], *, by: str, now: datetime) -> Attempt:
    """The retry handler: the lead goes to whoever has the record there."""
    failed: dict[str, str] = {}
    links = CrmLink.objects.filter(lead_id__in=[UUID(one) for one in subject_ids]).exclude(kept={})
    for link in links.select_related("connection"):
        made = connector_class(link.connection.kind)
        owner_id = link.kept.get(made.names.owner, "") if made is not None else ""
        there = finding.people(link.connection_id, [owner_id]).get(owner_id, NOBODY)
        owner = Owner.objects.filter(email__iexact=there.email).first() if there.email else None
        if owner is None:
            failed[str(link.lead_id)] = (
                f"{there.name or there.email or 'Whoever has it there'} is no owner here."
            )
            continue
        try:
            reassign(
                lead_id=link.lead_id,
                owner_id=owner.pk,
                reason=f"Has the record in {link.connection.crm_name}",
                source=Assignment.Source.CONSOLE,
                actor=by,
                now=now,
            )
        except Refused as refusal:
            if Assignment.objects.filter(lead=link.lead_id, owner=owner).exists():
                continue
            failed[str(link.lead_id)] = str(refusal)
    return Attempt(failed=failed)


def decide_again(lead_ids: Collection[UUID], *, now: datetime) -> None:
    """By what is known of them now, where something is published."""
    try:
        late_facts.learned(lead_ids, now=now)
    except NothingPublished:
        return  # Nothing was decided yet, and will be with these facts.


def _two_owners(connection: CrmConnection, row: Assignment, theirs: finding.Person) -> ExceptionReport:
    name, crm = theirs.name or theirs.email or "Somebody", connection.crm_name
    return ExceptionReport(
        kind=kinds.TWO_OWNERS,
        subject=lead_subject(row.lead),
        cause=f"{name} has the record in {crm}, {row.owner} has the lead here.",
        detail={
            "connection": connection.key,
            "owner there": theirs.email,
            "owner here": row.owner.email if row.owner else "",
        },
        cause_key=f"{connection.key} {theirs.email}",
    )
