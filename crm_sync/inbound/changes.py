"""One record of the CRM, as it stands there now, against what we know: take over, change back, or leave.

| who changed it | owner                  | a field that the CRM or the latest keeps | a value that we keep |
|----------------|------------------------|------------------------------------------|----------------------|
| we             | nothing                | nothing                                  | nothing              |
| a person       | accepted reassign      | taken over, counts as typed              | changed back once    |
| an automation  | changed back once (*)  | taken over                               | changed back once    |

(*) unless the CRM is the system of record for owners. A second change back within a day stops the writing (I5), and so do
automations of two CRMs that undo each other (`back_and_forth`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from crm_sync import exception_kinds as kinds
from crm_sync import lost_records, outbox
from crm_sync.connection import owners
from crm_sync.connectors import events as told_events
from crm_sync.connectors.base import Present
from crm_sync.connectors.writes import Author
from crm_sync.crm_state import owner_shown
from crm_sync.inbound import back_and_forth, told
from crm_sync.inbound.outcomes import Known, Outcome, Result, Status
from crm_sync.inbound.values import NotTaken, take_over
from crm_sync.models import CrmLink, FieldMapping, InboundEvent, OwnerLink
from crm_sync.outbound.crm_fields import OWNER
from crm_sync.outbound.record_results import story_line
from exception_queue.queue import ExceptionReport, Subject
from intake.models import Lead, TimelineEntry
from intake.subjects import lead_subject
from intake.timeline import record
from routing.handover.actions import Refused, reassign
from routing.models import Assignment, Owner, Queue

SOURCE = "crm"
# So often such an event waits for a push of ours, which is about to write down what it wrote.
_WAITS_FOR_US = 4
_TRAIL_LENGTH = 20
_UNKNOWN = datetime.min.replace(tzinfo=UTC)


def apply(known: Known, events: Sequence[InboundEvent], *, now: datetime) -> Outcome:
    """Inside the caller's transaction, which holds the events. Locks the link, then the lead."""
    outcome = Outcome()
    if not events:
        return outcome
    links = CrmLink.objects.filter(connection=known.connection, remote_id=events[0].remote_id)
    link, before = links.select_for_update(no_key=True).first(), ""
    if link is not None and known.written.get(link.remote_id, _UNKNOWN) != link.pushed_at:
        # What was read may be what stood there before our write.
        return _all(outcome, events, (Status.WAITING, "We wrote it while it was read"))
    if link is not None:
        link.connection, before = known.connection, link.remote_id
        erased = any(event.erased for event in events)
        outcome.problems += lost_records.compare(link, known.present, erased=erased, now=now)
        if link.gone_how == CrmLink.Gone.MOVED:
            return _all(outcome, events, (Status.IGNORED, link.get_gone_how_display()))
        if link.gone_at is not None:
            return _all(outcome, events, (Status.DONE, f"{link.get_gone_how_display()} in the CRM"))
    if known.present is None:
        return _all(outcome, events, (Status.IGNORED, "The record does not exist in the CRM any more"))
    if link is None:
        if _is_on_its_way(known.present):
            return _all(
                outcome, events, (Status.WAITING, "The record is ours, but its number is not booked yet")
            )
        return _all(outcome, events, (Status.IGNORED, "Not a record of ours"))
    is_new_to_us = link.remote_id != before and not known.present.lead_id
    record_change = _Record(known, link, outcome, known.present, is_new_to_us=is_new_to_us, now=now)
    newest: dict[str, InboundEvent] = {}
    for event in sorted(events, key=lambda event: event.occurred_at or event.received_at):
        newest[event.property_name] = event
    for name, event in newest.items():
        outcome.results[event.pk] = record_change.result_of(name, event)
    for event in events:
        outcome.results.setdefault(event.pk, (Status.IGNORED, "A newer event says the same"))
    link.save(update_fields=["sent", "shown_owner", "trail", "stopped"])
    return outcome


def refused(subject: Subject, *, words: str) -> ExceptionReport:
    return ExceptionReport(kind=kinds.CHANGE_REFUSED, subject=subject, cause=words)


@dataclass(slots=True)
class _Record:
    """The changes of one record, property by property. `is_new_to_us`: another than before, without our key."""

    known: Known
    link: CrmLink
    outcome: Outcome
    present: Present
    is_new_to_us: bool
    now: datetime

    def result_of(self, name: str, event: InboundEvent) -> Result:
        match name:
            case told_events.WHOLE_RECORD:
                return self.whole(event)
            case told_events.TOUCHED:
                return told.contact(self.known, self.link, event, now=self.now)
        if not self.known.connector.can.reads and told.is_late(event):
            return Status.IGNORED, "A later change has come in already"
        return self.changed(name, event)

    def whole(self, event: InboundEvent) -> Result:
        """Every mapped property in turn, where somebody may have changed it; the result that matters most."""
        waiting = outbox.to_be_sent().filter(connection=self.known.connection, lead=self.link.lead_id)
        if event.attempts < _WAITS_FOR_US and not self._is_by_a_person() and waiting.exists():
            return Status.WAITING, "Something of ours is being written there"
        results = [self.changed(name, event) for name in self.known.plan.lines if self._may_be_news(name)]
        for status in (Status.FAILED, Status.DONE):
            if words := [said for found, said in results if found == status]:
                return status, "; ".join(dict.fromkeys(words))
        return Status.IGNORED, "It stands there as we know it"

    def _is_by_a_person(self) -> bool:
        """The record as it stands, where the CRM says that: it is not what we have just written, and our next write waits for
        us (`outbound.people_first`)."""
        connector = self.known.connector
        author = self.present.authors.get(connector.names.owner)
        return connector.authors_of_records and author is not None and connector.is_person(author)

    def _may_be_news(self, name: str) -> bool:
        """A value that we never wrote may have stood there before us: then only its history says that it is news. What stands in
        a record that has just become ours is written over, but for its owner."""
        if self.is_new_to_us:
            return name == self.known.plan.names.owner
        if name in self.link.sent:
            return True
        at = self.present.changed_at.get(name)
        return at is not None and (self.link.pushed_at is None or at > self.link.pushed_at)

    def changed(self, name: str, event: InboundEvent) -> Result:
        plan = self.known.plan
        mapping = next(iter(plan.lines.get(name, ())), None)
        if mapping is None:
            return Status.IGNORED, f"{name or 'This kind of event'} is not mapped"
        if name in self.present.lacks:
            return Status.IGNORED, "Such a record has no such property, or does not show it"
        value = self.present.properties.get(name, "")
        author = self.present.authors.get(name) or event.author
        if value == self.link.sent.get(name, ""):
            if mapping.canonical == OWNER:
                # Somebody whom we have refused may have stood there in between.
                self.link.shown_owner = owners.shown_as(self.known.connection.pk, value)
            return Status.IGNORED, "It stands there as we know it"
        if name in self.link.kept and value == self.link.kept[name]:
            return Status.IGNORED, "It stood there before us, and is left"
        if self.known.connector.is_us(author, recipient=event.recipient):
            return Status.IGNORED, "Our own change"
        by_person = self.known.connector.is_person(author)
        goes_there_only = plan.goes_there_only(name)
        if mapping.canonical == OWNER and not goes_there_only:
            return self._owner(mapping, value, author=author, by_person=by_person)
        if goes_there_only and not plan.is_ours(name):
            return Status.IGNORED, "It goes there only: what was changed there is left"
        if mapping.canonical == OWNER:
            return self._change_back(
                name, value, author=author, email=owners.shown_as(self.known.connection.pk, value)
            )
        if plan.is_ours(name):
            return self._change_back(name, value, author=author)
        at = min(event.occurred_at or event.received_at, self.now)
        return self._field(mapping, value, author=author, by_person=by_person, at=at)

    def _owner(self, mapping: FieldMapping, value: str, *, author: Author, by_person: bool) -> Result:
        name = mapping.property
        assignment = Assignment.objects.select_related("owner", "queue__crm_owner").get(
            lead_id=self.link.lead_id
        )
        people = OwnerLink.objects.filter(connection=self.known.connection, remote_id=value)
        email = people.values_list("email", flat=True).first() or ""
        if email and email == owner_shown(assignment):
            return self._shows(name, value, email=email, words="The owner here already")
        if not by_person and self.known.plan.system_of_record_for(OWNER) == "leadops":
            return self._change_back(name, value, author=author, email=email)
        if not by_person and (left := self._back_and_forth(mapping, value, author=author)):
            self.link.shown_owner = email
            return left
        try:
            self._reassign(value, email=email, author=author, by_person=by_person)
        except Refused as refusal:
            self.link.shown_owner = email or value
            return self._refuse(str(refusal))
        self._remember(name, value, by="person" if by_person else "automation")
        self._written_again(name)
        return self._shows(name, value, email=email, words="Taken over as a reassign")

    def _reassign(self, value: str, *, email: str, author: Author, by_person: bool) -> None:
        """Raises Refused."""
        crm = self.known.connection.crm_name
        owner_id = queue_id = None
        if not value:
            queue_id = Queue.objects.filter(fallback=True, active=True).values_list("pk", flat=True).first()
        else:
            owner_id = Owner.objects.filter(email__iexact=email).values_list("pk", flat=True).first()
        if value and owner_id is None:
            raise Refused(f"{email or f'Owner {value}'} owns it in {crm}, but is no owner here.")
        what = "Owner changed" if value else "Owner removed"
        reassign(
            lead_id=self.link.lead_id,
            owner_id=owner_id,
            queue_id=queue_id,
            reason=f"{what} in {crm}",
            source=SOURCE,
            actor=self._actor(author, by_person=by_person),
            now=self.now,
        )

    def _shows(self, name: str, value: str, *, email: str, words: str) -> Result:
        """The CRM shows the owner that we have: no push brings that back there."""
        if email and not self.link.shown_owner:
            line = story_line(self.link, "crm_sync.owner_shown", owner=email, owner_shown=True, now=self.now)
            record([line])
        self.link.sent = self.link.sent | {name: value} | self._named(email)
        self.link.shown_owner = email
        self.outcome.shown.append(self.link.lead_id)
        return Status.DONE, words

    def _named(self, email: str) -> dict[str, str]:
        """Whoever told us of an owner need not be told their address."""
        if self.known.connector.can.reads:
            return {}
        return {each.property: email for each in self.known.plan.mappings if each.canonical == "owner_email"}

    def _field(
        self, mapping: FieldMapping, value: str, *, author: Author, by_person: bool, at: datetime
    ) -> Result:
        if not by_person and (left := self._back_and_forth(mapping, value, author=author)):
            return left
        lead = Lead.objects.get(pk=self.link.lead_id)
        actor = self._actor(author, by_person=by_person)
        try:
            words = take_over(lead, mapping, value, typed=by_person, actor=actor, at=at, now=self.now)
        except (NotTaken, Refused) as refusal:
            return self._refuse(str(refusal))
        if not words:
            return Status.IGNORED, f"{value} means nothing here"
        self.link.sent = self.link.sent | {mapping.property: value}
        if not by_person:
            self._remember(mapping.property, value, by="automation")
        self._written_again(mapping.property)
        return Status.DONE, words

    def _change_back(self, name: str, value: str, *, author: Author, email: str = "") -> Result:
        """What stands there is not what we know any more, so the next push writes ours again: once a day."""
        before = any(back_and_forth.of_automations(self.link, name, self.now - back_and_forth.WINDOW))
        self.link.sent = self.link.sent | {name: value}
        if name == self.known.plan.names.owner:
            self.link.shown_owner = email
        self._remember(name, value, by="automation")
        crm = self.known.connection.crm_name
        if name in self.link.stopped:
            return Status.DONE, "Left as it is: we have stopped writing it"
        if not before:
            outbox.queue_for(self.known.connection.pk, [self.link.lead_id], now=self.now)
            self.outcome.push = True
            self._note("crm_sync.changed_back", {"property": name, "value": value, "source": author.source})
            return Status.DONE, "Changed back"
        words = f"{crm} ({author.source or 'somebody'}) keeps changing “{name}” back."
        return self._stop_writing(name, value, author=author, words=words)

    def _back_and_forth(self, mapping: FieldMapping, value: str, *, author: Author) -> Result | None:
        """Something there and something in another CRM undo each other, so what stands there is left; None where they do not."""
        name = mapping.property
        stopped = name in self.link.stopped
        other = None if stopped else back_and_forth.with_another(self.link, mapping, value, now=self.now)
        if not stopped and other is None:
            return None
        self.link.sent = self.link.sent | {name: value}
        if other is None:
            return Status.DONE, "Left as it is: we have stopped writing it"
        crm, theirs = self.known.connection.crm_name, other.connection.crm_name
        words = f"{crm} ({author.source or 'somebody'}) and an automation in {theirs} change “{name}” back and forth."
        return self._stop_writing(name, value, author=author, words=words)

    def _stop_writing(self, name: str, value: str, *, author: Author, words: str) -> Result:
        self.link.stopped = sorted({*self.link.stopped, name})
        self._note("crm_sync.stopped_writing", {"property": name, "source": author.source})
        self.outcome.problems.append(
            ExceptionReport(
                kind=kinds.PING_PONG,
                subject=lead_subject(Lead.objects.get(pk=self.link.lead_id)),
                cause=words,
                detail={"connection": self.known.connection.key, "property": name, "value": value},
                cause_key=f"{self.known.connection.key} {name} {author.source}",
            )
        )
        return Status.DONE, "Stopped writing it"

    def _refuse(self, words: str) -> Result:
        # `sent` stays as it is, so nothing of ours goes over what they typed until ours changes.
        subject = lead_subject(Lead.objects.get(pk=self.link.lead_id))
        self.outcome.problems.append(refused(subject, words=words))
        return Status.FAILED, words

    def _remember(self, name: str, value: str, *, by: str) -> None:
        change = {"at": self.now.isoformat(), "by": by, "property": name, "value": value}
        self.link.trail = [*self.link.trail, change][-_TRAIL_LENGTH:]

    def _written_again(self, name: str) -> None:
        """A change that was taken over is a fresh start."""
        self.outcome.taken_over = self.link.lead_id
        self.link.stopped = [each for each in self.link.stopped if each != name]

    def _note(self, verb: str, data: dict[str, Any]) -> None:
        entry = TimelineEntry(
            lead_id=self.link.lead_id, at=self.now, verb=verb, source=self.known.connection.key, data=data
        )
        record([entry])

    def _actor(self, author: Author, *, by_person: bool) -> str:
        crm = self.known.connection.crm_name
        if not by_person:
            return f"{crm} automation"
        user_id = self.known.connector.user_id_of(author)
        people = OwnerLink.objects.filter(connection=self.known.connection, user_id=user_id).exclude(
            user_id=""
        )
        person = people.first()
        return person.email if person is not None else f"{crm} user {user_id}".strip()


def _is_on_its_way(present: Present) -> bool:
    try:
        return Lead.objects.filter(pk=UUID(present.lead_id)).exists()
    except ValueError:
        return False


def _all(outcome: Outcome, events: Sequence[InboundEvent], result: Result) -> Outcome:
    outcome.results = {event.pk: result for event in events}
    return outcome
