from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from leadops.launcher import checkup, runfile
from plumbing.findings import Finding

pytestmark = pytest.mark.django_db


def doctor(**options):
    """Exit code and output."""
    output = StringIO()
    try:
        call_command("doctor", stdout=output, no_color=True, **options)
    except SystemExit as end:
        return end.code, output.getvalue()
    return 0, output.getvalue()


def broken_check():
    raise LookupError("the moon is missing")


def mendable_check():
    fixed = []
    yield Finding(
        "fail", "The gate is open.", "Close it.", fix=lambda: fixed.append(1) or "It is closed now."
    )


def unmendable_check():
    def give_up():
        raise RuntimeError("it is stuck")

    yield Finding("fail", "The gate is open.", "Close it.", fix=give_up)


def test_it_says_what_works_and_how_to_mend_what_does_not(settings):
    settings.LEADOPS_DOCTOR_CHECKS = []
    code, text = doctor()
    assert code == 1
    assert "ok    PostgreSQL 18 answers." in text
    assert "ok    The shared cache answers." in text
    assert "ok    The broker answers." in text
    assert "fail  Nobody can administer leadops.\n      Run `manage.py createsuperuser`." in text
    User.objects.create_superuser("admin", "", "secret")
    assert "ok    There is an active admin." in doctor()[1]


def test_it_warns_when_mail_goes_nowhere(settings):
    settings.LEADOPS_DOCTOR_CHECKS = []
    settings.EMAIL_URL = ""
    assert "warn  EMAIL_URL is not set" in doctor()[1]
    settings.EMAIL_URL = "smtp://mail.example:25"
    assert "ok    Mail goes through smtp." in doctor()[1]


def test_it_names_a_broker_that_does_not_answer_without_its_password(settings):
    settings.LEADOPS_DOCTOR_CHECKS = []
    settings.CELERY_BROKER_URL = "redis://user:hidden@127.0.0.1:1/0"
    text = doctor()[1]
    assert "fail  The broker at 127.0.0.1:1/0 does not answer" in text
    assert "hidden" not in text


def test_a_check_that_breaks_is_a_finding_and_the_others_still_run(settings):
    settings.LEADOPS_DOCTOR_CHECKS = [f"{__name__}.broken_check", f"{__name__}.mendable_check"]
    code, text = doctor()
    assert code == 1
    assert "broken_check broke: the moon is missing." in text
    assert "fail  The gate is open.\n      Close it." in text


def test_a_check_that_does_not_exist_is_a_finding(settings):
    settings.LEADOPS_DOCTOR_CHECKS = ["intake.nowhere.check"]
    assert "Correct LEADOPS_DOCTOR_CHECKS." in doctor()[1]


def test_it_mends_what_can_be_mended_only_when_asked(settings):
    settings.LEADOPS_DOCTOR_CHECKS = [f"{__name__}.mendable_check"]
    assert "fixed" not in doctor()[1]
    assert "fixed The gate is open. It is closed now." in doctor(fix=True)[1]


def test_what_could_not_be_mended_still_fails(settings):
    settings.LEADOPS_DOCTOR_CHECKS = [f"{__name__}.unmendable_check"]
    code, text = doctor(fix=True)
    assert code == 1
    assert "Could not be fixed: it is stuck" in text
    assert "fail  The gate is open." in text


def test_it_closes_a_file_of_secrets_that_others_can_read(settings, tmp_path):
    settings.LEADOPS_DOCTOR_CHECKS = []
    settings.LEADOPS_DATA_DIR = tmp_path
    runfile.write_file(tmp_path / runfile.SECRETS, {"SECRET_KEY": "key"})
    assert "can be read by others" not in doctor()[1]
    (tmp_path / runfile.SECRETS).chmod(0o644)
    assert "warn  " + str(tmp_path / runfile.SECRETS) + " can be read by others." in doctor()[1]
    assert "can now be read by its owner alone" in doctor(fix=True)[1]
    assert (tmp_path / runfile.SECRETS).stat().st_mode & 0o777 == 0o600


def test_the_last_line_is_the_worst_finding_and_praises_only_without_one(settings, monkeypatch):
    found = [
        Finding("ok", "The broker answers."),
        Finding("warn", "Mail waits."),
        Finding("fail", "Nobody is there."),
    ]
    monkeypatch.setattr(checkup, "examine", lambda: found)
    assert doctor()[1].splitlines()[-1] == "In short: Nobody is there. (1 fail, 1 warn)"
    monkeypatch.setattr(checkup, "examine", lambda: found[:2])
    assert doctor()[1].splitlines()[-1] == "In short: Mail waits. (1 warn)"
    monkeypatch.setattr(checkup, "examine", lambda: found[:1])
    assert doctor()[1].splitlines()[-1] == "In short: nothing is wrong."
