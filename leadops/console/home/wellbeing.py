"""One line on the machine itself: workers, scheduler, what waits too long, and whether the CRMs answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from crm_sync import crm_state
from crm_sync.models import CrmConnection
from leadops import disk, health
from leadops.backups import age
from leadops.models import BackupRun
from plumbing.admin_kit.moments import seconds_in_words
from plumbing.counting import counted
from routing.access import EVERYBODY

# What is due is taken up within a second or so; from here on somebody should wonder.
TOO_LONG_SECONDS = 30.0
_SWEEPS = {
    "submissions": "submissions",
    "notices": "notices",
    "sla_steps": "response time steps",
    "leads_of_people_who_left": "leads of people who left",
    "lead_changes": "changes for the CRM",
    "outbox": "CRM writes",
    "crm_events": "changes from the CRM",
    "alerts": "alerts",
    "snoozed_exceptions": "snoozed exceptions",
}


@dataclass(frozen=True, slots=True)
class Line:
    """`ok` False asks for attention; `says` holds the reason, so that colour is never alone."""

    ok: bool
    name: str
    says: str
    url: str = ""


def lines(user: Any, *, now: datetime) -> list[Line]:
    """What this user may look at. Nine queries and one look into the cache."""
    runs = user.has_perms(("intake.view_submission", EVERYBODY))
    machine = [_workers(now), _oldest(), *_disk()] if runs else []
    crms = _connections() if user.has_perm("crm_sync.view_crmconnection") else ()
    return [*machine, *crms, *(_backups(now) if runs else ())]


def _disk() -> list[Line]:
    room = disk.room()
    return [Line(False, "Disk", room.words)] if room is not None and room.is_little else []


def _workers(now: datetime) -> Line:
    name = "Workers and scheduler"
    try:
        seen = health.last_heartbeat()
    except Exception:  # Whatever the cache's client raises: the page must not fall with it.
        return Line(False, name, "unknown, the cache does not answer")
    if seen is None:
        return Line(False, name, "not seen yet: is a worker and beat running?")
    age = now - seen
    words = f"seen {seconds_in_words(max(0.0, age.total_seconds()))} ago"
    return Line(age < health.HEARTBEAT_AGE, name, words)


def _oldest() -> Line:
    waiting = {name: age for name, age in health.oldest_due().items() if age >= 1}
    if not waiting:
        return Line(True, "Due work", "nothing waits")
    worst = max(waiting, key=lambda name: waiting[name])
    says = f"{_SWEEPS[worst]} wait for {seconds_in_words(waiting[worst])}"
    return Line(waiting[worst] < TOO_LONG_SECONDS, "Due work", says)


def _backups(now: datetime) -> list[Line]:
    """Nothing where backups are somebody else's business: none is scheduled, and none was ever made here."""
    if not settings.LEADOPS_BACKUP_AT and not BackupRun.objects.exists():
        return []
    found = age.newest(now=now)
    return [Line(found.level == "ok", "Backup", found.title)]


def _connections() -> list[Line]:
    found = []
    for row in CrmConnection.objects.filter(active=True).order_by("-primary", "key"):
        answers = row.health == CrmConnection.Health.OK
        says = row.get_health_display().lower() if answers or not row.last_error else row.last_error
        ownerless = crm_state.without_right_owner().filter(connection=row).count()
        if ownerless:
            lacking = f"{counted(ownerless, 'lead')} there without the right owner"
            says = lacking if answers else f"{says}; {lacking}"
        url = reverse("admin:crm_sync_crmconnection_change", args=(row.pk,))
        found.append(Line(answers and not ownerless, row.crm_name, says, url))
    return found
