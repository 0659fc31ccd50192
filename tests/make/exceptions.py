"""Builders."""

from django.utils import timezone

from exception_queue import queue
from exception_queue.models import AlertRule, ExceptionItem


def problem(kind="dead_letter", id="1", cause="The CRM refuses the field", **more):
    subject = queue.Subject(type=more.pop("type", "lead"), id=str(id), label=f"Lead {id}")
    return queue.ExceptionReport(kind=f"test.{kind}", subject=subject, cause=cause, **more)


def opened(*problems, now=None) -> list[ExceptionItem]:
    return queue.open_items(problems or [problem()], now=now or timezone.now())


def rule(name="Ops", **fields) -> AlertRule:
    fields = {"notify": ["mailto:ops@acme.test"], **fields}
    made = AlertRule(name=name, **fields)
    made.full_clean()
    made.save()
    return made


def verbs(item) -> list[str]:
    return list(item.notes.order_by("at", "id").values_list("verb", flat=True))
