"""A retry of a backup that fails keeps its item, one that works closes it in the name of who tried."""

from datetime import timedelta

import pytest
from django.utils import timezone

from leadops.backups import schedule
from leadops.models import BackupRun
from tests.exception_queue.trying import fails_again, only, works_now

pytestmark = pytest.mark.django_db


def sweep():
    return schedule.sweep(now=timezone.now())


def test_a_backup_that_cannot_be_made(settings, tmp_path):
    settings.LEADOPS_BACKUP_AT = "03:00"
    settings.LEADOPS_BACKUP_DIR = tmp_path / "backups"
    settings.LEADOPS_DATA_DIR = tmp_path
    settings.LEADOPS_BACKUP_DIR.write_text("a file where the folder should be")
    long_ago = timezone.now() - timedelta(days=2)
    BackupRun.objects.create(started_at=long_ago, finished_at=long_ago, file="before.zip", by="beat")
    sweep()
    item = only("leadops.backup_failed")
    fails_again(item, sweep)
    settings.LEADOPS_BACKUP_DIR.unlink()
    works_now(item, sweep)
