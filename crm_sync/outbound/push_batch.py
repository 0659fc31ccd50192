"""One batch on its way into the CRM."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from django.utils import timezone

from crm_sync import belonging, outbox
from crm_sync.connection import owners
from crm_sync.connectors.base import Outgoing, Present, Refusal, Report, TaskReport
from crm_sync.looking import learning
from crm_sync.mirror.writing import mark_gone
from crm_sync.models import CrmLink, LeftOutValue, OutboxEntry
from crm_sync.outbound import (
    alike_records,
    follow_up,
    known_records,
    lead_push,
    moving,
    payload,
    people_first,
    record_results,
    row_results,
    strayed_tasks,
    task_results,
)
from crm_sync.outbound.lead_push import Push
from crm_sync.outbound.session import ConnectionSession, read_properties_again
from plumbing.http import RemoteError, Transient
from routing.notices import sending

# How often a lead is sent again without what the CRM has just refused of it.
_MOST_TRIES = 4


class PushBatch:
    """Rows that are sent together, each a `Push`. `run` is the order.

    Nothing here is in a transaction except the saving. Whatever happens, a row ends up done, later or dead, and what
    the CRM has confirmed is saved before an error goes on.
    """

    def __init__(self, session: ConnectionSession, entries: Sequence[OutboxEntry]) -> None:
        self.session = session
        self.connector = session.connector
        self.plan = session.plan
        self.entries = entries
        self.open: dict[str, Push] = {}
        # Records there of people whom the mirror knows, by the key of a lead that is new to us.
        self.known: dict[str, Present] = {}
        # Who has a record that was not ours, and keeps it: their ids there, by lead.
        self.kept: dict[UUID, str] = {}
        # The CRM has refused what fits by the properties that were read.
        self.outdated = False

    def run(self) -> None:
        """Raises RemoteError, SetupProblem, LeaseLost."""
        self._load()  # 1. the newest of every lead
        try:
            self._let_go()  # 2. leads that belong into another CRM now
            people_first.put_off(self.session, self.open)  # 3. whom people gave leads to is taken in first
            self._find_owners()  # 4. their ids in the CRM
            self._look()  # 5. what stands there, where writing blindly would be wrong
            reports = self._write()  # 6. create, update, adopt
            shown = self._save(reports)  # 7. links, dead letters, exceptions: one transaction
            self._release_notices(shown)  # 8. owners can be told: they will find their leads
            self._learn()  # 9. records that turned out to be somebody's, who keep them
            self._raise_what_stopped(reports)
            self._follow_up()  # 10. tasks
            if self.outdated:
                read_properties_again(self.session)
        except Transient as error:
            if (alone := self._alone()) and self._answers():
                row_results.put_off_one(self.session, alone, words=str(error), ambiguous=error.ambiguous)
                return
            row_results.put_off_all(
                self.session, self.open.values(), words=str(error), ambiguous=error.ambiguous
            )
            raise

    def _load(self) -> None:
        address, asked = self.plan.names.email, self.plan.fields | self.session.task_plan.fields
        pushes = lead_push.load(
            self.entries, connection_id=self.session.pk, email_property=address, fields=asked
        )
        gone = [push for push in pushes if push.link and push.link.gone_how not in ("", CrmLink.Gone.MOVED)]
        row_results.drop_all(self.session, gone, reason="Its record does not stand in the CRM any more.")
        away = belonging.outside(self.session.connection, [push.lead for push in pushes if push.link is None])
        elsewhere = [push for push in pushes if push.lead.pk in away]
        row_results.drop_all(self.session, elsewhere, reason="It does not belong into that CRM.")
        self._release_notices(away)  # Nobody will find them there.
        self.open = {push.key: push for push in pushes if push not in gone and push not in elsewhere}

    def _let_go(self) -> None:
        over = moving.settle(self.session, list(self.open.values()))
        for push in over:
            del self.open[push.key]
        self._release_notices([push.lead.pk for push in over])

    def _find_owners(self) -> None:
        emails = {push.owner for push in self.open.values() if push.owner}
        ids = owners.ids_of(self.session.pk, emails)
        now = timezone.now()
        if emails - set(ids) and owners.may_ask(self.session.connection, now=now):
            owners.refresh(self.session.connection, self.connector, now=now)
            ids = owners.ids_of(self.session.pk, emails)
        for push in self.open.values():
            push.owner_id = ids.get(push.owner, "")

    def _look(self) -> None:
        """After a failure there may be a record that we never heard of; and some modes ask what stands there."""
        if not self.connector.can.reads:
            return
        names = list(self.plan.lines)
        lost = [push for push in self.open.values() if push.link is None and push.entry.attempts]
        found = self.connector.read([push.key for push in lost], by="lead", properties=names)
        for push in lost:
            push.present = found.get(push.key)
        unsure = {
            push.link.remote_id: push
            for push in self.open.values()
            if push.link is not None and payload.needs_reading(push, self.plan)
        }
        for number, present in self.connector.read(list(unsure), by="id", properties=names).items():
            unsure[number].present = present
        new = [push for push in self.open.values() if push.link is None and push.present is None]
        records = known_records.of_leads(self.session.connection, new)
        named = {push.key for push in records.values()}
        records |= self._search([push for push in new if push.key not in named])
        there = self.connector.read(list(records), by="id", properties=names)
        # Whoever deleted one there told nobody else.
        mark_gone(self.session.connection, "contacts", sorted(set(records) - set(there)), now=timezone.now())
        self.known = {records[number].key: present for number, present in there.items() if number in records}

    def _search(self, new: Sequence[Push]) -> dict[str, Push]:
        """By the record's id, those whose address it has."""
        asked = known_records.to_be_found(
            self.session.connection, new, names=self.plan.names, now=timezone.now()
        )
        found = self.connector.find_contacts(list(asked)) if asked else {}
        return {one.remote_id: asked[email] for email, one in found.items()}

    def _write(self) -> list[Report]:
        reports = [self._send([push for push in self.open.values() if push.key not in self.known])]
        taken = reports[0].taken if reports[0].stopped else reports[0].taken | self.known
        taken |= alike_records.to_link(self.session, self.open, reports[0])
        if taken:
            reports += self._resolve_taken(taken)
        answers = list(reports)
        for _ in range(_MOST_TRIES):
            refused = {key: said for report in answers for key, said in report.refused.items()}
            self._leave_out_unknown(answers)
            mended = [self.open[key] for key, said in refused.items() if self._mend(self.open[key], said)]
            mended += alike_records.to_save_anyway(self.session.connection, self.open, answers)
            if not mended:
                break
            answers = [self._send_again(mended)]
            reports += answers
        if gone := {key for report in reports for key in report.gone}:
            reports.append(self._resolve_gone([self.open[key] for key in sorted(gone)]))
        return reports

    def _raise_what_stopped(self, reports: Sequence[Report]) -> None:
        for report in reports:
            if report.stopped is not None:
                raise report.stopped

    def _send(self, pushes: Collection[Push]) -> Report:
        for push in pushes:
            payload.fill(push, self.plan)
        return self.connector.write([push.outgoing for push in pushes if push.sending or push.link is None])

    def _resolve_taken(self, taken: Mapping[str, Present]) -> list[Report]:
        """Somebody there has the e-mail address: ours from now on, unless it is another lead's record."""
        theirs = known_records.of_other_leads(taken)
        adopting: dict[str, Push] = {}
        sharing: list[Push] = []
        for key, present in taken.items():
            push = self.open[key]
            if key in theirs or present.remote_id in adopting:
                push.shares_email = True
                sharing.append(push)
            else:
                push.present, push.adopting = present, True
                push.kept_owner = known_records.kept_owner(push, present, self.session)
                payload.fill(push, self.plan)
                adopting[present.remote_id] = push
        reports = [self.connector.adopt([push.outgoing_to(one) for one, push in adopting.items()])]
        if sharing and reports[0].stopped is None:
            reports.append(self._send(sharing))
        return reports

    def _resolve_gone(self, pushes: Sequence[Push]) -> Report:
        """Our key is on no record: it was deleted, merged into another, or somebody took the key off it."""
        names = list(self.plan.lines)
        linked = {push.link.remote_id: push for push in pushes if push.link is not None}
        try:
            found = self.connector.read(list(linked), by="id", properties=names)
        except RemoteError as error:
            return Report(stopped=error)
        theirs = known_records.of_other_leads(
            {linked[number].key: present for number, present in found.items()}
        )
        adopting = list[Outgoing]()
        for number, push in linked.items():
            present = found.get(number)
            if present is not None and push.key in theirs:
                push.gone = CrmLink.Gone.MERGED
            elif present is None or not self._is_still_ours(push, present):
                push.gone = CrmLink.Gone.DELETED
            else:
                adopting.append(push.outgoing_to(present.remote_id))
        return self.connector.adopt(adopting)

    def _is_still_ours(self, push: Push, present: Present) -> bool:
        """The CRM says itself what a record was merged into; a number may have been given again, an address says who it is."""
        assert push.link is not None
        address = push.link.sent.get(self.plan.names.email, "").lower()
        same = bool(address) and address == present.properties.get(self.plan.names.email, "").lower()
        return present.remote_id != push.link.remote_id or same

    def _mend(self, push: Push, said: Refusal) -> bool:
        """Leave out what the CRM does not take, so that the lead need not wait for that; whether anything was.

        An address that is refused is the lead's trouble, and no mapping's.
        """
        names = self.plan.names
        owner = names.owner in said.properties and bool(push.owner_id)
        if owner:
            owners.expire_owner_list(self.session.connection)
            push.owner_id = ""
        values = (set(said.properties) & set(push.sending)) - {names.owner, names.email, names.shared_email}
        push.refused_values |= dict.fromkeys(values, said.message)
        self.outdated = self.outdated or bool(values)
        return owner or bool(values)

    def _leave_out_unknown(self, reports: Sequence[Report]) -> None:
        """The connector has left out properties that do not exist, and written the rest."""
        for report in reports:
            for name, keys in report.unknown.items():
                for key in keys:
                    payload.leave_out(self.open[key], name, why=LeftOutValue.Why.MISSING)
                self.outdated = True

    def _send_again(self, pushes: Sequence[Push]) -> Report:
        adopting = [push for push in pushes if push.adopting]
        report = self._send([push for push in pushes if not push.adopting])
        if adopting and report.stopped is None:
            for push in adopting:
                payload.fill(push, self.plan)
            adopted = self.connector.adopt(
                [push.outgoing_to(push.present.remote_id) for push in adopting if push.present]
            )
            adopted.written |= report.written
            adopted.refused |= report.refused
            adopted.alike |= report.alike
            adopted.again |= report.again
            return adopted
        return report

    def _save(self, reports: Sequence[Report]) -> list[UUID]:
        """Leads whose right owner the CRM shows now. What needs no task leaves `open`."""
        merged = Report()
        for report in reports:
            # A later report is about fewer records and knows better.
            merged.refused |= report.refused | alike_records.refusals(self.open, report)
            merged.again = {**merged.again, **report.again}
            merged.written |= report.written
            merged.stopped = report.stopped or merged.stopped
        self._leave_out_unknown(reports)
        for key, written in merged.written.items():
            self.open[key].written = written
            merged.refused.pop(key, None)
            merged.again.pop(key, None)
        if merged.stopped is None:
            self._refuse_the_rest(merged, reports)
        finished = record_results.save(self.session, self.open.values(), merged)
        record_results.say(self.session.connection.key, self.open, merged)
        self.kept = {
            push.lead.pk: push.kept_owner for push in self.open.values() if push.written and push.kept_owner
        }
        for key in finished.over:
            del self.open[key]
        return finished.shown

    def _release_notices(self, shown: Collection[UUID]) -> None:
        if self.session.connection.primary and shown:
            sending.release(shown, now=timezone.now())

    def _learn(self) -> None:
        learning.adopted(self.session.connection, self.kept, now=timezone.now())

    def _refuse_the_rest(self, merged: Report, reports: Sequence[Report]) -> None:
        """An address that is still taken after we have made way is no lost answer."""
        for report in reports[1:]:
            for key, present in report.taken.items():
                merged.refused[key] = Refusal(f"The e-mail address belongs to record {present.remote_id}.")

    def _follow_up(self) -> None:
        """Tasks of the leads whose record stands. What is done with its tasks leaves `open`."""
        self._find_lost_tasks()
        changes = [
            each
            for push in self.open.values()
            if push.link and (each := follow_up.change(push, push.link, plan=self.session.task_plan))
        ]
        if changes:
            self._save_task_results(self.connector.change_tasks(changes))
        creations = task_results.save_intentions(self.session, self.open.values())
        if creations:
            self._save_task_results(self.connector.create_tasks(creations))
        row_results.finish_all(self.session, self.open.values())

    def _find_lost_tasks(self) -> None:
        unresolved = {
            push.link.remote_id: push
            for push in self.open.values()
            if push.link is not None and follow_up.is_unresolved(push.link) and not push.intends_task
        }
        if not unresolved:
            return
        found = self.connector.tasks_of(list(unresolved))
        task_results.save_found(
            self.session, {push: found.get(number, []) for number, push in unresolved.items()}
        )

    def _save_task_results(self, report: TaskReport) -> None:
        for key in strayed_tasks.settle(self.session, self.open.values(), report):
            del self.open[key]
        for key in task_results.save(self.session, self.open.values(), report):
            del self.open[key]
        if report.stopped is not None:
            raise report.stopped

    def _alone(self) -> Push | None:
        """The lead that is tried by itself because it has failed with others."""
        if len(self.entries) != 1 or not outbox.RETRIES.is_alone(self.entries[0].attempts):
            return None
        return next(iter(self.open.values()), None)

    def _answers(self) -> bool:
        """The CRM is there, so it is the lead that it has trouble with. Raises AuthLost, Throttled, LeaseLost."""
        try:
            self.connector.ping()
        except Transient:
            return False
        return True
