"""One batch on its way into the CRM."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from django.utils import timezone

from crm_sync import outbox
from crm_sync.connection import owners
from crm_sync.connectors.base import Outgoing, Present, Refusal, Report, TaskReport
from crm_sync.models import OutboxEntry
from crm_sync.outbound import follow_up, lead_push, payload, push_results
from crm_sync.outbound.lead_push import Push
from crm_sync.outbound.session import Session
from intake.models import Lead
from plumbing.http import Transient
from routing.notices import sending


class Round:
    """1 read the newest, 2 look where we must not write blindly, 3 write, 4 book, 5 tell routing, 6 tasks.

    Nothing here is in a transaction except the booking. Whatever happens, a row ends up done, later or dead, and what
    the CRM has confirmed is booked before an error goes on.
    """

    def __init__(self, session: Session, entries: Sequence[OutboxEntry]) -> None:
        self.session = session
        self.connector = session.connector
        self.plan = session.plan
        self.entries = entries
        self.open: dict[str, Push] = {}

    def run(self) -> None:
        """Raises RemoteError, SetupProblem, LeaseLost."""
        pushes = lead_push.load(
            self.entries, connection_id=self.session.pk, email_property=self.connector.email_property
        )
        self.open = {push.key: push for push in pushes}
        try:
            self._know_owners()
            self._look()
            self._write()
            self._follow_up()
        except Transient as error:
            if self._fails_alone():
                push_results.give_up(self.session, list(self.open.values()), words=str(error))
                return
            push_results.put_off(
                self.session, self.open.values(), words=str(error), ambiguous=error.ambiguous
            )
            raise

    def _know_owners(self) -> None:
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
        names = [mapping.property for mapping in self.plan.mappings]
        lost = [push for push in self.open.values() if push.link is None and push.entry.attempts]
        found = self.connector.read([push.key for push in lost], by="lead", properties=names)
        for push in lost:
            push.present = found.get(push.key)
        unsure = {
            push.link.remote_id: push
            for push in self.open.values()
            if push.link is not None and payload.needs_reading(push, self.plan)
        }
        for remote_id, present in self.connector.read(list(unsure), by="id", properties=names).items():
            unsure[remote_id].present = present

    def _write(self) -> None:
        reports = [self._send(self.open.values())]
        if taken := reports[0].taken:
            reports += self._resolve_taken(taken)
        refused_owner = [
            self.open[key]
            for report in reports
            for key, said in report.refused.items()
            if self.plan.owner_property in said.properties and self.open[key].owner_id
        ]
        if refused_owner:
            reports.append(self._without_owner(refused_owner))
        self._save_results(reports)
        for report in reports:
            if report.stopped is not None:
                raise report.stopped

    def _send(self, pushes: Collection[Push]) -> Report:
        for push in pushes:
            payload.fill(push, self.plan)
        outgoing = [
            Outgoing(push.key, push.sending)
            for push in pushes
            if push.sending or (push.link is None and not push.is_merged_away)
        ]
        return self.connector.write(outgoing)

    def _resolve_taken(self, taken: Mapping[str, Present]) -> list[Report]:
        """Somebody there has the e-mail address: ours from now on, unless it is another lead's record."""
        theirs = self._of_other_leads(taken)
        adopting: dict[str, Push] = {}
        sharing: list[Push] = []
        for key, present in taken.items():
            push = self.open[key]
            if key in theirs or present.remote_id in adopting:
                push.shares_email = True
                sharing.append(push)
            else:
                push.present, push.adopting = present, True
                payload.fill(push, self.plan)
                adopting[present.remote_id] = push
        outgoing = [Outgoing(push.key, push.sending, remote_id) for remote_id, push in adopting.items()]
        reports = [self.connector.adopt(outgoing)]
        if sharing and reports[0].stopped is None:
            reports.append(self._send(sharing))
        return reports

    def _of_other_leads(self, taken: Mapping[str, Present]) -> set[str]:
        """Keys whose e-mail address is on the record of another lead that we know."""
        other: dict[str, UUID] = {}
        for key, present in taken.items():
            try:
                other[key] = UUID(present.lead_id)
            except ValueError:
                continue
        # A lead id that we do not know is from an installation that is gone.
        known = set(Lead.objects.filter(pk__in=other.values()).values_list("pk", flat=True))
        return {key for key, lead_id in other.items() if lead_id in known and str(lead_id) != key}

    def _without_owner(self, pushes: Sequence[Push]) -> Report:
        """The CRM does not take the owner's id (any more): the lead must not wait for that."""
        owners.expire_owner_list(self.session.connection)
        for push in pushes:
            push.owner_id = ""
        adopting = [push for push in pushes if push.adopting]
        report = self._send([push for push in pushes if not push.adopting])
        if adopting and report.stopped is None:
            for push in adopting:
                payload.fill(push, self.plan)
            outgoing = [
                Outgoing(push.key, push.sending, push.present.remote_id) for push in adopting if push.present
            ]
            adopted = self.connector.adopt(outgoing)
            adopted.written |= report.written
            adopted.refused |= report.refused
            adopted.again |= report.again
            return adopted
        return report

    def _save_results(self, reports: Sequence[Report]) -> None:
        merged = Report()
        for report in reports:
            # A later report is about fewer records and knows better.
            merged.refused = {**merged.refused, **report.refused}
            merged.again = {**merged.again, **report.again}
            merged.written |= report.written
            for name, keys in report.unknown.items():
                merged.unknown.setdefault(name, set()).update(keys)
            merged.stopped = report.stopped or merged.stopped
        for name, keys in merged.unknown.items():
            for key in keys:
                self.open[key].sending.pop(name, None)
        for key, written in merged.written.items():
            self.open[key].written = written
            merged.refused.pop(key, None)
            merged.again.pop(key, None)
        if merged.stopped is None:
            self._refuse_the_rest(merged, reports)
        finished = push_results.contacts(self.session, self.open.values(), merged)
        for key in finished.over:
            del self.open[key]
        if self.session.connection.primary and finished.shown:
            sending.release(finished.shown, now=timezone.now())

    def _refuse_the_rest(self, merged: Report, reports: Sequence[Report]) -> None:
        """An address that is still taken after we have made way is no lost answer."""
        for report in reports[1:]:
            for key, present in report.taken.items():
                merged.refused[key] = Refusal(f"The e-mail address belongs to record {present.remote_id}.")

    def _follow_up(self) -> None:
        """Tasks of the leads whose record stands. What is done with its tasks leaves `open`."""
        config = self.session.connection.task
        self._find_lost_tasks()
        changes = [
            each
            for push in self.open.values()
            if push.link and (each := follow_up.change(push, push.link, config=config))
        ]
        if changes:
            self._save_task_results(self.connector.change_tasks(changes))
        creations = push_results.intend_tasks(self.session, self.open.values())
        if creations:
            self._save_task_results(self.connector.create_tasks(creations))
        push_results.done(self.session, self.open.values())

    def _find_lost_tasks(self) -> None:
        unresolved = {
            push.link.remote_id: push
            for push in self.open.values()
            if push.link is not None and follow_up.is_unresolved(push.link) and not push.intends_task
        }
        if not unresolved:
            return
        found = self.connector.tasks_of(list(unresolved))
        push_results.found_tasks(
            self.session, {push: found.get(number, []) for number, push in unresolved.items()}
        )

    def _save_task_results(self, report: TaskReport) -> None:
        for key in push_results.tasks(self.session, self.open.values(), report):
            del self.open[key]
        if report.stopped is not None:
            raise report.stopped

    def _fails_alone(self) -> bool:
        """The CRM worked before and will not take this one, however often: it is the lead."""
        entries = [push.entry for push in self.open.values()]
        is_alone = len(entries) == 1 and len(self.entries) == 1
        return (
            is_alone
            and entries[0].attempts + 1 >= outbox.MOST_ATTEMPTS
            and not self.session.connection.failures
        )
