"""How old the newest backup is, for Home and doctor."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from leadops.backups import schedule
from leadops.models import BackupRun
from plumbing.findings import Finding

HINT = "Run `manage.py backup FILE`, or set LEADOPS_BACKUP_AT (docs/howto/backup.md)."


def newest(*, now: datetime) -> Finding:
    """Ill when it is older than LEADOPS_BACKUP_WARN_AFTER; an installation that is younger than that needs none yet."""
    last = BackupRun.objects.filter(error="").order_by("-started_at").first()
    failed = BackupRun.objects.order_by("-started_at", "-pk").first()
    why = f" The last try failed: {failed.error}" if failed is not None and failed.error else ""
    mark = timedelta(hours=settings.LEADOPS_BACKUP_WARN_AFTER)
    if last is None:
        young = now - (schedule.installed_at() or now) < mark
        return Finding("ok" if young and not why else "warn", f"No backup has been made yet.{why}", HINT)
    age = now - last.started_at
    title = f"The last backup is {_in_words(age)} old."
    return Finding("ok" if age < mark else "warn", f"{title}{why}", HINT)


def check_backups() -> Iterator[Finding]:
    """For doctor."""
    yield newest(now=timezone.now())


def _in_words(age: timedelta) -> str:
    hours = int(age.total_seconds() // 3600)
    if hours < 1:
        return "less than an hour"
    if hours < 48:
        return "1 hour" if hours == 1 else f"{hours} hours"
    return f"{hours // 24} days"
