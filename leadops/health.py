"""Health for load balancers and launchers: /healthz (the process) and /readyz (what it needs)."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.models import Min, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from crm_sync import outbox
from crm_sync.models import InboundEvent
from exception_queue.models import AlertNotice, ExceptionItem
from intake.models import LeadChange, Submission
from leadops import clocks, disk
from leadops.monitoring import may_look
from leadops.schema import applied
from plumbing.nudges import broker_answers
from routing.handover import deactivation
from routing.models import Owner, OwnerNotice, SlaStep

HEARTBEAT = "leadops:heartbeat"
# Beat writes a heartbeat through a worker every 5 s.
HEARTBEAT_AGE = timedelta(seconds=30)


def beat() -> None:
    """Beat and a worker are alive."""
    cache.set(HEARTBEAT, timezone.now().isoformat(), timeout=3600)
    clocks.report()


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """200 when database, its migrations, broker and beat are there, else 503. Whoever may look reads which, how much room the
    database has, and the age in seconds of the oldest due row of each sweep."""
    found: dict[str, Any] = {}
    for name, check in (("database", _database), ("schema", _schema), ("broker", _broker), ("beat", _beat)):
        try:
            found[name] = check()
        except Exception as error:
            found[name] = f"failed: {type(error).__name__}: {error}"
    ready = all(found[name] == "ok" for name in ("database", "schema", "broker", "beat"))
    if not may_look(request):
        found = {}
    else:
        if found["database"] == "ok":
            try:
                found["oldest_due_seconds"] = oldest_due()
            except DatabaseError as error:
                # It was there a moment ago.
                found["database"], ready = f"failed: {type(error).__name__}: {error}", False
        room = disk.room()
        if room is not None:
            found["disk"] = room.words if room.is_little else "ok"
    return JsonResponse({"ready": ready, **found}, status=200 if ready else 503)


def oldest_due() -> dict[str, float]:
    """How long the oldest due row of each sweep has been waiting, in seconds (0: nothing waits)."""
    now = timezone.now()
    ages = {}
    for name, (rows, column) in _due().items():
        oldest = rows.filter(**{f"{column}__lte": now}).aggregate(oldest=Min(column))["oldest"]
        ages[name] = round((now - oldest).total_seconds(), 1) if oldest else 0.0
    return ages


def _due() -> dict[str, tuple[QuerySet[Any], str]]:
    """Of each sweep: the rows that it looks for, and the column that says since when."""
    return {
        "submissions": (Submission.objects.all(), "due_at"),
        "notices": (OwnerNotice.objects.filter(status="waiting"), "due_at"),
        "sla_steps": (SlaStep.objects.filter(status="pending", clock__status="running"), "due_at"),
        "leads_of_people_who_left": (Owner.objects.filter(deactivation.LEAVES), "leads_leave_at"),
        "lead_changes": (LeadChange.objects.all(), "changed_at"),
        "outbox": (outbox.to_be_sent(), "due_at"),
        "crm_events": (InboundEvent.objects.filter(status="waiting"), "due_at"),
        "alerts": (AlertNotice.objects.filter(status="pending"), "due_at"),
        "snoozed_exceptions": (ExceptionItem.objects.filter(status="snoozed"), "snoozed_until"),
    }


def last_heartbeat() -> datetime | None:
    """When beat and a worker last showed that they live."""
    seen = cache.get(HEARTBEAT)
    return datetime.fromisoformat(seen).astimezone(UTC) if seen else None


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _schema() -> str:
    """Only what this version lacks is in its way. A newer version only adds, so that both run side by side while machines are
    replaced one by one (docs/howto/upgrade.md)."""
    missing = applied.missing(applied.of_the_database())
    return f"not applied: {', '.join('.'.join(name) for name in missing)}" if missing else "ok"


def _broker() -> str:
    broker_answers()
    return "ok"


def _beat() -> str:
    seen = last_heartbeat()
    if seen is None:
        return "no heartbeat yet"
    age = timezone.now() - seen
    return "ok" if age < HEARTBEAT_AGE else f"last heartbeat {age.total_seconds():.0f} s ago"
