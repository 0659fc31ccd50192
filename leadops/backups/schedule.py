"""When a backup is due, who makes it, how many are kept, and what is said when it fails."""

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from exception_queue import queue
from leadops.backups import BackupProblem, BackupUnderWay, database, taking
from leadops.backups.archive import Say
from leadops.exception_kinds import BACKUP_FAILED
from leadops.models import BackupRun
from plumbing.nudges import nudge

TASK = "leadops.back_up"
AGAIN_AFTER = timedelta(hours=1)
"""A failed backup is tried again then."""
SUBJECT = queue.Subject("backup", "scheduled", "Backup")
_LOCK = 0x6C656164  # any number, the same for all who make backups
_NAME = re.compile(r"leadops-\d{8}T\d{6}Z\.zip")
_LEFT = timedelta(days=1)


def name_of(now: datetime) -> str:
    return f"leadops-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.zip"


def take(target: Path, *, by: str, now: datetime, say: Say) -> str:
    """Make one now and remember that; its size in words. Raises BackupProblem, and remembers that too."""
    with _alone() as ours:
        if not ours:
            raise BackupUnderWay("Another backup is being made at this moment: wait until it is done.")
        run = BackupRun(started_at=now, file=str(target), by=f"{by} on {socket.gethostname()}"[:200])
        try:
            address = database.address_of(connection.get_connection_params())
            manifest = taking.back_up(
                target,
                address=address,
                data_dir=Path(settings.LEADOPS_DATA_DIR),
                keys=settings.LEADOPS_ENCRYPTION_KEYS,
                now=now,
                say=say,
            )
        except BackupProblem as problem:
            run.error, run.next_try_at = str(problem)[:1000], now + AGAIN_AFTER
            _remember(run)
            raise
        run.bytes = target.stat().st_size
        _remember(run)
    return f"{run.bytes / 1024**2:,.1f} MB, {database.in_words(manifest.counts) or 'an empty installation'}"


def sweep(*, now: datetime) -> bool:
    """Make the scheduled one if it is due, and remove what is too many; whether one was made."""
    if not is_due(now=now):
        return False
    folder = Path(settings.LEADOPS_BACKUP_DIR)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        take(folder / name_of(now), by="beat", now=now, say=lambda text: None)
    except BackupUnderWay:
        return False
    except BackupProblem as problem:
        _report(str(problem), now=now)
        return False
    except OSError as error:
        problem_words = f"The folder {folder} cannot be used: {error.strerror}."
        _remember(
            BackupRun(
                started_at=now,
                file=str(folder),
                by="beat",
                error=problem_words,
                next_try_at=now + AGAIN_AFTER,
            )
        )
        _report(problem_words, now=now)
        return False
    remove_old(folder, keep=settings.LEADOPS_BACKUP_KEEP, now=now)
    return True


def is_due(*, now: datetime) -> bool:
    planned = last_planned(now=now)
    if planned is None:
        return False
    last = BackupRun.objects.order_by("-started_at", "-pk").first()
    if last is None:
        return (installed_at() or now) < planned
    if last.next_try_at is not None:
        return now >= last.next_try_at
    return last.started_at < planned


def last_planned(*, now: datetime) -> datetime | None:
    """The newest instant that LEADOPS_BACKUP_AT names; None where it names none. Raises ValueError for what is no time."""
    if not settings.LEADOPS_BACKUP_AT:
        return None
    today = datetime.combine(now.astimezone(UTC), time.fromisoformat(settings.LEADOPS_BACKUP_AT), tzinfo=UTC)
    return today if today <= now else today - timedelta(days=1)


def installed_at() -> datetime | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(applied) FROM django_migrations")
        row = cursor.fetchone()
    return row[0] if row else None


def remove_old(folder: Path, *, keep: int, now: datetime) -> list[Path]:
    """Scheduled ones beyond the newest `keep` go, and what a killed worker has left unfinished."""
    ours = sorted((path for path in folder.iterdir() if _NAME.fullmatch(path.name)), reverse=True)
    begun = [
        path for path in folder.glob(".leadops-*.partial") if path.stat().st_mtime < (now - _LEFT).timestamp()
    ]
    gone = [*ours[max(1, keep) :], *begun]
    for path in gone:
        path.unlink(missing_ok=True)
    return gone


def retry(subject_ids: list[str], *, by: str, now: datetime) -> queue.Attempt:
    """Retry handler: the next sweep makes one."""
    last = BackupRun.objects.order_by("-started_at", "-pk").first()
    if last is None or last.next_try_at is None:
        return queue.Attempt()
    BackupRun.objects.filter(pk=last.pk).update(next_try_at=now)
    nudge(TASK)
    return queue.Attempt(pending=subject_ids)


def _remember(run: BackupRun) -> None:
    run.finished_at = timezone.now()
    with transaction.atomic():
        run.save()
        if not run.error:
            queue.close_items(
                kind=BACKUP_FAILED,
                subject_type=SUBJECT.type,
                subject_ids=[SUBJECT.id],
                reason="A backup was made.",
            )


def _report(problem: str, *, now: datetime) -> None:
    queue.open_items([queue.ExceptionReport(BACKUP_FAILED, SUBJECT, problem)], now=now)


@contextmanager
def _alone() -> Iterator[bool]:
    """One at a time in the whole installation."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        (ours,) = cursor.fetchone()
        try:
            yield bool(ours)
        finally:
            if ours:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
