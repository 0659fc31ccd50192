"""Commands that show or prepare things; the others are tested with what they command."""

import re
import subprocess
import sys
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone

from leadops.access import tokens
from leadops.models import ApiToken
from leadops.pipeline import LEAD_PIPELINE
from tests.structure.repository import BASE


def test_show_pipeline_says_where_each_stage_is_and_what_it_does():
    shown = StringIO()
    call_command("show_pipeline", stdout=shown)
    lines = shown.getvalue().splitlines()
    assert len(lines) == len(LEAD_PIPELINE)
    for stage, line in zip(LEAD_PIPELINE, lines, strict=True):
        if stage == "TRANSACTION":
            assert "one database transaction" in line
            continue
        path, stage_name, place, words = (*re.match(r"(\S+\.(\w+))\s+(\S+)\s+(\S.*)", line).groups(),)
        assert path == stage and words
        file, number = place.split(":")
        assert (
            (BASE / file)
            .read_text()
            .splitlines()[int(number) - 1]
            .startswith(f"def {stage_name}(batch: Batch)")
        )


def test_a_command_publishes_its_nudges_with_our_app():
    asked = "from celery import current_app; print(current_app.main)"
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", asked],
        cwd=BASE,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "leadops"


@pytest.mark.django_db
def test_prepare_makes_the_first_admin_and_token_once(settings):
    settings.LEADOPS_DEMO = False
    settings.LEADOPS_ADMIN_PASSWORD = "correct horse battery"
    settings.LEADOPS_API_TOKEN = "0123456789abcdef0123"
    call_command("prepare", stdout=StringIO())
    settings.LEADOPS_ADMIN_PASSWORD = "another good one"
    settings.LEADOPS_API_TOKEN = "fedcba9876543210fedc"
    call_command("prepare", stdout=StringIO())
    assert User.objects.get().check_password("correct horse battery")
    first = ApiToken.objects.get()
    assert tokens.find("0123456789abcdef0123", now=timezone.now()) == first
    assert (first.name, first.start, first.expires_at) == ("First token", "01234", None)
