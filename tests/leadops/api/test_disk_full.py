"""No room: leads are refused in words before the disk is full, and people are told long before."""

import os
import shutil
import subprocess
from pathlib import Path

import psycopg
import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from intake.models import Submission
from leadops import disk
from leadops.console.home import wellbeing
from leadops.launcher import checkup
from tests import make
from tests.leadops.api import forms
from tests.leadops.api.calling import refused
from tests.leadops.console.conftest import EVERYTHING

pytestmark = pytest.mark.django_db
SIZE = 64


@pytest.fixture
def small_disk(tmp_path, settings):
    """A file system of 64 MiB where the database would lie, with marks of 32 and 16 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a file system can be mounted only by root, and not in every container")
    settings.LEADOPS_DATABASE_FOLDER = str(folder)
    settings.LEADOPS_LITTLE_SPACE, settings.LEADOPS_NO_SPACE = 32, 16
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path, *, leaving: int) -> None:
    free = shutil.disk_usage(folder).free
    (folder / "full").write_bytes(b"x" * (free - leaving * disk.MIB))


def ready():
    return Client(headers={"host": "127.0.0.1"}).get("/readyz").json()["disk"]


def test_while_there_is_room_nobody_is_told(small_disk, acme):
    assert ready() == "ok"
    assert "Disk" not in {line.name for line in wellbeing.lines(EVERYTHING, now=timezone.now())}
    assert [finding.level for finding in checkup.check_disk()] == ["ok"]
    assert forms.post(make.person()).status_code == 202


def test_below_the_first_mark_people_are_told_and_leads_are_taken(small_disk, acme):
    fill(small_disk, leaving=24)
    assert ready() == "24 MiB are free for the database. Leads are refused below 16 MiB."
    assert {line.name: line.ok for line in wellbeing.lines(EVERYTHING, now=timezone.now())}["Disk"] is False
    assert [finding.level for finding in checkup.check_disk()] == ["warn"]
    assert forms.post(make.person()).status_code == 202


def test_below_the_second_mark_leads_are_refused_in_words(small_disk, acme):
    fill(small_disk, leaving=8)
    answer = forms.post(make.person())
    assert "no room left" in refused(answer, 507)["detail"]
    assert answer["Retry-After"] == "60"
    refused(forms.browser().post("/api/v1/webhooks/hubspot", "[]", content_type="application/json"), 507)
    assert not Submission.objects.exists()
    assert [finding.level for finding in checkup.check_disk()] == ["fail"]
    assert Client(headers={"host": "127.0.0.1"}).get("/healthz").status_code == 200
    (small_disk / "full").unlink()
    assert forms.post(make.person()).status_code == 202


def test_a_database_that_has_no_room_is_no_database_that_is_away(acme):
    def full(execute, sql, params, many, context):
        try:
            raise psycopg.errors.DiskFull("could not extend file: No space left on device")
        except psycopg.Error as error:
            raise OperationalError(str(error)) from error

    with connection.execute_wrapper(full):
        answer = forms.post(make.person())
    assert "no room left" in refused(answer, 507)["detail"]


def test_of_a_postgres_that_is_not_ours_nothing_is_claimed(settings):
    settings.LEADOPS_DATABASE_FOLDER = ""
    assert disk.room() is None
    assert "watch it where it runs" in [finding.title for finding in checkup.check_disk()][-1]
