"""Backups that are made by themselves: when, how many stay, and who hears of one that fails."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from exception_queue.models import ExceptionItem
from leadops.backups import age, schedule
from leadops.console.home import wellbeing
from leadops.models import BackupRun

pytestmark = pytest.mark.django_db

NOW = datetime(2030, 5, 6, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def nightly(settings, tmp_path):
    settings.LEADOPS_BACKUP_AT = "03:00"
    settings.LEADOPS_BACKUP_DIR = tmp_path / "backups"
    settings.LEADOPS_BACKUP_KEEP = 2
    settings.LEADOPS_DATA_DIR = tmp_path


def files(tmp_path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "backups").iterdir())


def test_one_is_made_after_its_time_and_none_until_the_next(tmp_path):
    assert schedule.sweep(now=NOW)
    assert not schedule.sweep(now=NOW + timedelta(hours=14))
    assert schedule.sweep(now=NOW + timedelta(hours=15))
    assert files(tmp_path) == ["leadops-20300506T120000Z.zip", "leadops-20300507T030000Z.zip"]


def test_an_installation_of_today_is_not_backed_up_before_its_first_night():
    assert not schedule.is_due(now=timezone.now())


def test_without_a_time_none_is_made(settings):
    settings.LEADOPS_BACKUP_AT = ""
    assert not schedule.sweep(now=NOW)
    assert wellbeing._backups(NOW) == []


def test_so_many_are_kept_and_files_of_other_names_stay(tmp_path):
    (tmp_path / "backups").mkdir()
    for name in ("mine.zip", "leadops-20300101T030000Z.zip", "leadops-20300102T030000Z.zip"):
        (tmp_path / "backups" / name).touch()
    schedule.sweep(now=NOW)
    assert files(tmp_path) == ["leadops-20300102T030000Z.zip", "leadops-20300506T120000Z.zip", "mine.zip"]


def test_what_a_killed_worker_has_left_unfinished_is_removed_a_day_later(tmp_path):
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups" / ".leadops-20300101T030000Z.zip.77.partial").touch()
    schedule.sweep(now=NOW)
    assert files(tmp_path) == ["leadops-20300506T120000Z.zip"]


def test_a_backup_that_fails_is_an_exception_is_tried_again_and_closes_by_itself(tmp_path):
    (tmp_path / "backups").write_text("a file where the folder should be")
    assert not schedule.sweep(now=NOW)
    item = ExceptionItem.objects.get(kind="leadops.backup_failed")
    assert item.status == "open" and "cannot be used" in item.cause
    assert not schedule.is_due(now=NOW + timedelta(minutes=59))
    assert "The last try failed" in age.newest(now=NOW).title
    (tmp_path / "backups").unlink()
    assert schedule.sweep(now=NOW + timedelta(hours=1))
    item.refresh_from_db()
    assert item.status == "resolved"


def test_two_workers_do_not_make_one_at_once(tmp_path):
    import psycopg
    from django.db import connection

    from leadops.backups import database

    with psycopg.connect(database.address_of(connection.get_connection_params()), autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [schedule._LOCK])
        assert not schedule.sweep(now=NOW)
    assert not ExceptionItem.objects.exists()
    assert schedule.sweep(now=NOW)


def test_home_and_doctor_warn_when_the_last_one_is_older_than_the_mark():
    assert age.newest(now=timezone.now()).level == "ok"
    schedule.sweep(now=NOW)
    assert next(iter(wellbeing._backups(NOW + timedelta(hours=47)))).ok
    late = next(iter(wellbeing._backups(NOW + timedelta(hours=49))))
    assert not late.ok and late.says == "The last backup is 2 days old."
    assert BackupRun.objects.get().bytes > 1000
