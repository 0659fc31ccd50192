"""Follow-up tasks of leads and contacts. The reference in the description is how a task is known again after a lost answer.

A task is due on a day, which is that of whoever has it; the reminder says the minute.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crm_sync.connectors.base import RemoteTask, TaskReport, TaskToChange, TaskToCreate
from crm_sync.connectors.salesforce import errors
from crm_sync.connectors.salesforce.client import OrgClient
from crm_sync.connectors.salesforce.formats import encode, listed, long_id, quoted
from crm_sync.connectors.salesforce.soql import Asking, Question, some, text
from plumbing.http import Permanent, RemoteError

MOST_TASKS = 200
_REFERENCE = re.compile(r"Reference: ([0-9a-z-]+)")
# As every org has them; of another word the org says that it does not know it.
_DONE = "Completed"

Each = TypeVar("Each", TaskToCreate, TaskToChange)


class Tasks:
    def __init__(self, client: OrgClient, asking: Asking) -> None:
        self.client, self.asking = client, asking
        self._zones: dict[str, ZoneInfo] = {}

    def create(self, tasks: Sequence[TaskToCreate]) -> TaskReport:
        return self._write("POST", tasks, self._creation, made=True)

    def change(self, tasks: Sequence[TaskToChange]) -> TaskReport:
        return self._write("PATCH", tasks, self._change, made=False)

    def of_contacts(self, contact_ids: Collection[str]) -> dict[str, list[RemoteTask]]:
        """One call for two hundred people."""
        found: dict[str, list[RemoteTask]] = {}
        for ids in some(contact_ids):
            mine = (
                f"WHERE WhoId IN {listed(ids)} AND CreatedById = {quoted(self.client.login.us)} ORDER BY Id"
            )
            for row in self.asking.all(Question("Task", ("Id", "WhoId", "Description", "IsClosed"), mine)):
                if reference := _REFERENCE.search(text(row, "Description")):
                    task = RemoteTask(long_id(text(row, "Id")), reference[1], open=not row.get("IsClosed"))
                    found.setdefault(long_id(text(row, "WhoId")), []).append(task)
        return found

    def _write(
        self, method: str, tasks: Sequence[Each], body: Callable[[Each], Mapping[str, Any]], *, made: bool
    ) -> TaskReport:
        report = TaskReport()
        try:
            for chunk in _chunks(tasks):
                self._know_zones({each.owner_id for each in chunk if each.owner_id})
                self._send(method, chunk, body, made=made, report=report)
        except RemoteError as error:
            report.stopped = error
        return report

    def _send(
        self,
        method: str,
        tasks: Sequence[Each],
        body: Callable[[Each], Mapping[str, Any]],
        *,
        made: bool,
        report: TaskReport,
    ) -> None:
        asked = {
            "allOrNone": False,
            "records": [{"attributes": {"type": "Task"}, **body(each)} for each in tasks],
        }
        try:
            answer = self.client.write(method, "/composite/sobjects", asked)
        except Permanent as error:
            if len(tasks) == 1:
                report.refused[tasks[0].reference] = errors.of_call(error).refusal
                return
            middle = len(tasks) // 2
            self._send(method, tasks[:middle], body, made=made, report=report)
            self._send(method, tasks[middle:], body, made=made, report=report)
            return
        items = answer.body if isinstance(answer.body, list) else []
        for each, item in zip(tasks, items, strict=False):
            _book(each, item, made=made, report=report)
        for each in tasks[len(items) :]:
            report.again[each.reference] = "Salesforce did not say what became of it."

    def _creation(self, task: TaskToCreate) -> dict[str, Any]:
        return {
            "WhoId": task.contact_id,
            "Subject": task.subject[:255],
            "Description": f"Made by leadops. Reference: {task.reference}",
            "Priority": "High" if task.urgent else "Normal",
            "OwnerId": task.owner_id or self.client.login.us,
            **self._due(task.due_at, task.owner_id),
        }

    def _change(self, task: TaskToChange) -> dict[str, Any]:
        values: dict[str, Any] = {"id": task.task_id}
        if task.subject is not None:
            values["Subject"] = task.subject[:255]
        if task.due_at is not None:
            values |= self._due(task.due_at, task.owner_id or "")
        if task.owner_id is not None:
            values["OwnerId"] = task.owner_id or self.client.login.us
        if task.done:
            values["Status"] = _DONE
        return values

    def _due(self, at: datetime, owner_id: str) -> dict[str, Any]:
        zone = self._zones.get(owner_id)
        day = at.astimezone(zone) if zone else at
        return {
            "ActivityDate": day.date().isoformat(),
            "IsReminderSet": True,
            "ReminderDateTime": encode(at),
        }

    def _know_zones(self, user_ids: set[str]) -> None:
        """Once for each user of a sender's turn."""
        for ids in some(user_ids - self._zones.keys()):
            rows = self.asking.all(Question("User", ("Id", "TimeZoneSidKey"), f"WHERE Id IN {listed(ids)}"))
            for row in rows:
                try:
                    self._zones[long_id(text(row, "Id"))] = ZoneInfo(text(row, "TimeZoneSidKey"))
                except (ZoneInfoNotFoundError, ValueError):
                    continue


def _book(
    task: TaskToCreate | TaskToChange, item: Mapping[str, Any], *, made: bool, report: TaskReport
) -> None:
    if item.get("success"):
        report.done[task.reference] = long_id(str(item.get("id") or getattr(task, "task_id", "")))
        return
    error = errors.item_error(item)
    if error.is_gone and not made:
        report.gone.add(task.reference)
    elif error.is_passing:
        report.again[task.reference] = error.message
    else:
        report.refused[task.reference] = error.refusal


def _chunks(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), MOST_TASKS):
        yield items[start : start + MOST_TASKS]
