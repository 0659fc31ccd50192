"""Follow-up tasks. Each is made together with its association, so that none hangs in the air.

The reference in the task's body is how a task is known again after an answer that was lost.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from crm_sync.connectors.base import RemoteTask, TaskReport, TaskToChange, TaskToCreate
from crm_sync.connectors.hubspot import errors
from crm_sync.connectors.hubspot.client import Client
from crm_sync.connectors.hubspot.formats import encode
from plumbing.http import Answer, Permanent, RemoteError

TASK_TO_CONTACT = 204
MOST_INPUTS = 100
_REFERENCE = re.compile(r"Reference: ([0-9a-z-]+)")
_DONE = frozenset({"COMPLETED"})

Each = TypeVar("Each", TaskToCreate, TaskToChange)


def create(client: Client, tasks: Sequence[TaskToCreate]) -> TaskReport:
    report = TaskReport()

    def send(some: Sequence[TaskToCreate]) -> None:
        answer = _batch(client, "create", {"inputs": [_creation(each) for each in some]})
        # The body comes back with the result, and the reference stands in it.
        _save_results({each.reference for each in some}, answer, report=report, by_id={})

    _send_all(tasks, send, report=report)
    return report


def change(client: Client, tasks: Sequence[TaskToChange]) -> TaskReport:
    report = TaskReport()

    def send(some: Sequence[TaskToChange]) -> None:
        answer = _batch(client, "update", {"inputs": [_change(each) for each in some]})
        references = {each.task_id: each.reference for each in some}
        _save_results(set(references.values()), answer, report=report, by_id=references)

    _send_all(tasks, send, report=report)
    return report


def of_contacts(client: Client, contact_ids: Collection[str]) -> dict[str, list[RemoteTask]]:
    """Two calls: which tasks hang on the contacts, and what stands in them."""
    if not contact_ids:
        return {}
    asked = {"inputs": [{"id": each} for each in contact_ids]}
    linked = client.call("POST", client.paths.tasks_of_contacts, json=asked)
    contacts: dict[str, list[str]] = {}
    for result in _results(linked):
        contact = str((result.get("from") or {}).get("id") or "")
        for end in result.get("to") or ():
            contacts.setdefault(str(end.get("toObjectId") or ""), []).append(contact)
    found: dict[str, list[RemoteTask]] = {}
    for some in _chunks(sorted(contacts)):
        inputs = [{"id": each} for each in some]
        names = ["hs_task_body", "hs_task_status"]
        answer = _batch(client, "read", {"inputs": inputs, "properties": names})
        for result in _results(answer):
            if reference := _reference(result):
                status = str((result.get("properties") or {}).get("hs_task_status") or "")
                task = RemoteTask(task_id=str(result["id"]), reference=reference, open=status not in _DONE)
                for contact in contacts[task.task_id]:
                    found.setdefault(contact, []).append(task)
    return found


def _batch(client: Client, verb: str, body: Mapping[str, Any]) -> Answer:
    return client.call("POST", f"{client.paths.tasks}/batch/{verb}", json=body)


def _send_all(tasks: Sequence[Each], send: Any, *, report: TaskReport) -> None:
    try:
        for some in _chunks(tasks):
            _in_halves(some, send, report=report)
    except RemoteError as error:
        report.stopped = error


def _in_halves(tasks: Sequence[Each], send: Any, *, report: TaskReport) -> None:
    try:
        send(tasks)
    except Permanent as error:
        if len(tasks) == 1:
            if isinstance(tasks[0], TaskToChange) and errors.is_missing(error):
                report.gone.add(tasks[0].reference)
            else:
                report.refused[tasks[0].reference] = errors.refusal_of(error)
            return
        middle = len(tasks) // 2
        _in_halves(tasks[:middle], send, report=report)
        _in_halves(tasks[middle:], send, report=report)


def _save_results(
    references: set[str], answer: Answer, *, report: TaskReport, by_id: Mapping[str, str]
) -> None:
    for result in _results(answer):
        task_id = str(result.get("id") or "")
        trace = str(result.get("objectWriteTraceId") or "")
        reference = trace if trace in references else by_id.get(task_id) or _reference(result)
        if reference in references and task_id:
            report.done[reference] = task_id
    for item in errors.item_errors(answer):
        ids = [*errors.named(item, "ids"), str(item.get("id") or "")]
        named = set(errors.named(item, "objectWriteTraceId")) | {
            by_id[task_id] for task_id in ids if task_id in by_id
        }
        for reference in (named & references) - set(report.done):
            if "NOT_FOUND" in str(item.get("category")) and by_id:
                report.gone.add(reference)
            elif errors.is_final(item):
                report.refused[reference] = errors.refusal(item)
            else:
                report.again[reference] = errors.refusal(item).message
    for reference in references - {*report.done, *report.gone, *report.refused, *report.again}:
        report.again[reference] = "HubSpot did not say what became of it."


def _creation(task: TaskToCreate) -> dict[str, Any]:
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": TASK_TO_CONTACT}]
    return {
        "properties": {
            "hs_timestamp": encode(task.due_at),
            "hs_task_subject": task.subject,
            "hs_task_body": f"Made by leadops. Reference: {task.reference}",
            "hs_task_status": "NOT_STARTED",
            "hs_task_priority": "HIGH" if task.urgent else "MEDIUM",
            "hs_task_type": "TODO",
        }
        | ({"hubspot_owner_id": task.owner_id} if task.owner_id else {}),
        "associations": [{"to": {"id": task.contact_id}, "types": types}],
        "objectWriteTraceId": task.reference,
    }


def _change(task: TaskToChange) -> dict[str, Any]:
    properties: dict[str, str] = {}
    if task.subject is not None:
        properties["hs_task_subject"] = task.subject
    if task.due_at is not None:
        properties["hs_timestamp"] = encode(task.due_at)
    if task.owner_id is not None:
        properties["hubspot_owner_id"] = task.owner_id
    if task.done:
        properties["hs_task_status"] = "COMPLETED"
    return {"id": task.task_id, "properties": properties, "objectWriteTraceId": task.reference}


def _reference(result: Mapping[str, Any]) -> str:
    found = _REFERENCE.search(str((result.get("properties") or {}).get("hs_task_body") or ""))
    return found[1] if found else ""


def _results(answer: Answer) -> list[Mapping[str, Any]]:
    body = answer.body if isinstance(answer.body, Mapping) else {}
    return [each for each in body.get("results") or () if isinstance(each, Mapping)]


def _chunks(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), MOST_INPUTS):
        yield items[start : start + MOST_INPUTS]
