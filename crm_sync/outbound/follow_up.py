"""The follow-up task of a lead: one per lead and clock, due when the clock is; pure.

A new clock makes a task, another owner moves it, and a clock that no longer runs closes it. An intention that was
written down but has no task id (we died, or the answer was lost) is looked up before anything is made.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from crm_sync.connectors import can
from crm_sync.connectors.base import TaskToChange, TaskToCreate
from crm_sync.models import CrmConnection, CrmLink
from crm_sync.outbound import crm_fields
from crm_sync.outbound.lead_push import Push

_NAME = re.compile(r"\{([a-z_.]+)\}")
_EMPTY_BRACKETS = re.compile(r"\s*(\(\s*\)|\[\s*\])")
_LONGEST_SUBJECT = 200
_DEFAULT_SUBJECT = "Call {full_name}"


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """`when`: the segments whose leads get a task; `subject` is filled in, `encode` is the connector's."""

    when: Collection[str]
    subject: str
    encode: Callable[[Any], str]

    @property
    def fields(self) -> frozenset[str]:
        """What the subject names."""
        return frozenset(_NAME.findall(self.subject))

    @classmethod
    def of(cls, connection: CrmConnection, *, encode: Callable[[Any], str]) -> Self:
        rule = connection.task
        when = rule.when if can(connection.kind).tasks else ()
        return cls(frozenset(when), rule.subject or _DEFAULT_SUBJECT, encode)


@dataclass(frozen=True, slots=True)
class WantedTask:
    clock_id: int
    subject: str
    due_at: datetime
    owner_id: str
    urgent: bool


def reference(lead_id: UUID, clock_id: int) -> str:
    return f"leadops-{lead_id}-{clock_id}"


def wanted(push: Push, plan: TaskPlan) -> WantedTask | None:
    """The task that should be open, None where none should."""
    if push.clock is None or push.score is None:
        return None
    if push.score.segment not in plan.when:
        return None
    return WantedTask(
        clock_id=push.clock.pk,
        subject=subject(push, plan),
        due_at=push.clock.due_at,
        owner_id=push.owner_id,
        urgent=push.score.segment == "hot",
    )


def is_unresolved(link: CrmLink) -> bool:
    return link.task_clock is not None and not link.task_id


def creation(push: Push, link: CrmLink, *, plan: TaskPlan) -> TaskToCreate | None:
    """The task to make now; None while another one is still open."""
    want = wanted(push, plan)
    if want is None or (link.task_open and link.task_clock != want.clock_id):
        return None
    if link.task_clock == want.clock_id and link.task_id:
        return None
    return TaskToCreate(
        reference=reference(push.lead.pk, want.clock_id),
        contact_id=link.remote_id,
        subject=want.subject,
        due_at=want.due_at,
        owner_id=want.owner_id,
        urgent=want.urgent,
    )


def change(push: Push, link: CrmLink, *, plan: TaskPlan) -> TaskToChange | None:
    """What to change about the task that is open: close it with its clock, or move it."""
    if not link.task_open or not link.task_id or link.task_clock is None:
        return None
    about = reference(push.lead.pk, link.task_clock)
    if push.clock is None or push.clock.pk != link.task_clock:
        return TaskToChange(reference=about, task_id=link.task_id, done=True)
    want = wanted(push, plan)
    if want is None:
        return None
    now, sent = sent_values(want, plan), link.task_sent
    owner_moved = now["owner"] != sent.get("owner") and not push.owner_unknown
    changed = TaskToChange(
        reference=about,
        task_id=link.task_id,
        subject=want.subject if now["subject"] != sent.get("subject") else None,
        due_at=want.due_at if now["due"] != sent.get("due") else None,
        owner_id=want.owner_id if owner_moved else None,
    )
    nothing = changed.subject is None and changed.due_at is None and changed.owner_id is None
    return None if nothing else changed


def sent_values(want: WantedTask, plan: TaskPlan) -> dict[str, str]:
    """What `CrmLink.task_sent` remembers."""
    return {"subject": want.subject, "due": plan.encode(want.due_at), "owner": want.owner_id}


def subject(push: Push, plan: TaskPlan) -> str:
    """`{full_name}` and other fields by name; brackets around nothing go away."""
    values = crm_fields.values_of(push) | {"full_name": str(push.lead)}
    filled = _NAME.sub(lambda name: plan.encode(values.get(name[1])), plan.subject)
    return " ".join(_EMPTY_BRACKETS.sub("", filled).split())[:_LONGEST_SUBJECT]
