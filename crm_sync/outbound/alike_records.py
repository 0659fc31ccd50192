"""A rule of the CRM says that a lead is there already: what the connection wants then, and what a person is asked.

Where it wants such records linked, those with the lead's own address are found before anything is written
(`known_records.to_be_found`), and no rule has a say.

| `on_duplicate` | what happens                                                                                             |
|----------------|----------------------------------------------------------------------------------------------------------|
| link           | one record, of nobody else here, with the lead's own address: the lead is linked to it; else it is asked |
| save_anyway    | a record of its own, where the rule lets that pass; else it is asked                                     |
| ask            | it is asked                                                                                              |

Whoever is asked sees both sides. Records of other leads of ours are no question: these are two people by what leadops knows, so
the second is saved anyway, where the rule lets it pass. A lead that has a record there already is never linked to another.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db.models import QuerySet

from crm_sync import exception_kinds as kinds
from crm_sync import outbox
from crm_sync.alike_there import AlikeSaid, AlikeThere
from crm_sync.connectors.base import AlikeRecords, Present, Refusal, Report
from crm_sync.connectors.definitions import PropertyNames
from crm_sync.looking import finding
from crm_sync.models import CrmConnection, OutboxEntry
from crm_sync.outbound import known_records
from crm_sync.outbound.lead_push import Push
from crm_sync.outbound.session import ConnectionSession
from exception_queue.queue import Attempt, ExceptionReport, RetryRefused
from intake.models import TimelineEntry
from intake.subjects import lead_subject
from intake.timeline import record
from plumbing.counting import counted

OnDuplicate = CrmConnection.OnDuplicate


def to_link(session: ConnectionSession, pushes: Mapping[str, Push], report: Report) -> dict[str, Present]:
    """The record of each lead that is linked without asking; these are no more among the `alike` of the report. One query."""
    if session.connection.on_duplicate != OnDuplicate.LINK:
        return {}
    found = {
        key: alike.records[0]
        for key, alike in report.alike.items()
        if len(alike.records) == 1
        and not alike.unseen
        and _is_same(pushes[key], alike.records[0], session.plan.names)
    }
    linked = {key: found[key] for key in found.keys() - known_records.of_other_leads(found)}
    for key in linked:
        del report.alike[key]
        pushes[key].anyway = True
    return linked


def to_save_anyway(
    connection: CrmConnection, pushes: Mapping[str, Push], reports: Sequence[Report]
) -> list[Push]:
    """Those who are sent once more, `anyway`; they are no more among the `alike` of the reports. One query."""
    alike = {key: said for report in reports for key, said in report.alike.items()}
    again = {key: said for key, said in alike.items() if said.passable and not pushes[key].anyway}
    if connection.on_duplicate != OnDuplicate.SAVE_ANYWAY:
        ours = known_records.leads_on(record for said in again.values() for record in said.records)
        again = {key: said for key, said in again.items() if _are_of_others(said, key, ours)}
    for report in reports:
        report.alike = {key: said for key, said in report.alike.items() if key not in again}
    for key in again:
        pushes[key].anyway = True
    return [pushes[key] for key in again]


def refusals(pushes: Mapping[str, Push], report: Report) -> dict[str, Refusal]:
    """Of those who wait for a person; each push knows what it is about."""
    for key in report.refused.keys() | report.again.keys() | report.written.keys():
        pushes[key].alike = None
    for key, said in report.alike.items():
        pushes[key].alike = said
    return {key: Refusal(said.message) for key, said in report.alike.items()}


def said_of(connection: CrmConnection, pushes: Sequence[Push], *, names: PropertyNames) -> list[AlikeSaid]:
    """What a person is shown, for each of these. Two queries."""
    records = [one for push in pushes if push.alike for one in push.alike.records]
    ours = known_records.leads_on(records)
    owner_ids = sorted({one.properties.get(names.owner, "") for one in records} - {""})
    people = finding.people(connection.pk, owner_ids)
    found = []
    for push in pushes:
        said = push.alike or AlikeRecords("")
        there = [
            AlikeThere(
                remote_id=one.remote_id,
                kind=one.kind,
                owner=_name(people.get(one.properties.get(names.owner, ""))),
                lead=one.lead_id if one.lead_id in ours else "",
                values=dict(one.properties),
            )
            for one in said.records
        ]
        found.append(
            AlikeSaid(
                words=said.message,
                made=said.made,
                ours=dict(push.sending),
                records=there,
                unseen=said.unseen,
                passable=said.passable,
                linked=push.link is not None,
            )
        )
    return found


def asked(connection: CrmConnection, push: Push) -> ExceptionReport:
    assert push.alike is not None
    crm = connection.crm_name
    return ExceptionReport(
        kind=kinds.DUPLICATE,
        subject=lead_subject(push.lead),
        cause=f"{crm} says: “{push.alike.message}” {_whom(push.alike, crm)}",
        detail={"connection": connection.key},
        cause_key=f"{connection.key} {push.alike.message}",
    )


def rows_of(subject_ids: Collection[str]) -> QuerySet[OutboxEntry]:
    """The rows of these leads that wait for an answer, the primary connection's first."""
    rows = OutboxEntry.objects.filter(
        lead_id__in=outbox.lead_ids(subject_ids), status=OutboxEntry.Status.DEAD
    ).exclude(alike={})
    return rows.select_related("connection", "lead").order_by("-connection__primary", "connection__key")


def save_anyway(subject_ids: Collection[str], *, by: str, now: datetime) -> Attempt:
    """The retry handler for leads. Raises RetryRefused where the rules of all of them let nothing pass, or nobody writes them."""
    rows = list(rows_of(subject_ids))
    blocked = [row for row in rows if not row.alike.passable]
    if rows and len(blocked) == len(rows):
        raise RetryRefused(
            f"The rule of {blocked[0].connection.crm_name} lets nothing pass: say which record it is, or have the rule changed "
            "there."
        )
    chosen = [row.pk for row in rows if row.alike.passable]
    answered = outbox.answer(chosen, anyway=True, now=now)
    _tell(answered, record_id="", by=by, now=now)
    failed = {
        str(row.lead_id): f"The rule of {row.connection.crm_name} lets nothing pass." for row in blocked
    }
    return Attempt(pending={str(row.lead_id) for row in answered}, failed=failed)


def same_as(entry_id: int, remote_id: str, *, by: str, now: datetime) -> bool:
    """A person says that the lead is this record; False where nobody is asked that any more. Raises RetryRefused."""
    row = OutboxEntry.objects.filter(pk=entry_id, status=OutboxEntry.Status.DEAD).first()
    if row is None or remote_id not in choices(row.alike):
        return False
    answered = outbox.answer([entry_id], same_as=remote_id, now=now)
    _tell(answered, record_id=remote_id, by=by, now=now)
    return bool(answered)


def choices(said: AlikeSaid) -> set[str]:
    """Ids of the records that the lead may be linked to."""
    return set() if said.linked else {one.remote_id for one in said.records if not one.lead}


def _tell(rows: Sequence[OutboxEntry], *, record_id: str, by: str, now: datetime) -> None:
    record(
        [
            TimelineEntry(
                lead_id=row.lead_id,
                at=now,
                verb="crm_sync.duplicate_decided",
                actor=by,
                source="console",
                data={"connection": row.connection.key, "record": record_id},
            )
            for row in rows
        ]
    )


def _is_same(push: Push, there: Present, names: PropertyNames) -> bool:
    """By what leadops itself goes by: one address is one person. Somebody who has a record there gets no other."""
    address = there.properties.get(names.email, "").lower()
    return push.link is None and bool(address) and address == push.lead.email.lower()


def _are_of_others(said: AlikeRecords, key: str, ours: Collection[str]) -> bool:
    theirs = [one.lead_id for one in said.records]
    return bool(theirs) and not said.unseen and key not in theirs and set(theirs) <= set(ours)


def _name(person: finding.Person | None) -> str:
    return (person.name or person.email) if person else ""


def _whom(said: AlikeRecords, crm: str) -> str:
    seen = [_kind(one.kind, said.made) for one in said.records]
    if said.unseen:
        hidden = counted(said.unseen, "record that leadops may not see", "records that leadops may not see")
        seen.append(f"{hidden} in {crm}")
    if not seen:
        return "It does not say who."
    return f"It means {' and '.join(seen)}."


def _kind(kind: str, made: str) -> str:
    """“a Contact, not a Lead”, in the CRM's own words for its records."""
    if not kind:
        return "a record"
    return f"a {kind}" + (f" (not a {made})" if made and kind != made else "")
