"""Changing the encryption key, as docs/settings.md tells it."""

import pytest
from cryptography.fernet import Fernet
from django.apps import apps  # noqa: TID251  to look at every model there is
from django.core.management import CommandError, call_command

from crm_sync.models import CrmConnection
from exception_queue.models import AlertNotice, AlertRule
from intake.models import IntakeForm
from leadops.stored_secrets import check_stored_secrets, places
from plumbing import secrets
from plumbing.notify_addresses import whole
from plumbing.stored_secrets import secret_fields
from routing.models import Team

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))
HOOK = "json://bot:S3cretT0ken@chat.example.com/crm"

pytestmark = pytest.mark.django_db


@pytest.fixture
def stored(settings):
    """Something in every place, with the old key; a team has a history of three versions."""
    settings.LEADOPS_ENCRYPTION_KEYS = [OLD]
    sealed = secrets.encrypt("hush")
    form = IntakeForm.objects.create(key="web", name="Web", secret=sealed, token=sealed)
    connection = CrmConnection.objects.create(key="crm", token=sealed, webhook_secret=sealed)
    team = Team.objects.create(name="Ops", notify=[HOOK, "mailto:ops@acme.test"])
    for name in ("Ops 1", "Ops 2"):
        team.name = name
        team.save()
    rule = AlertRule.objects.create(name="All", notify=[HOOK])
    moment = "2026-01-01T00:00Z"
    AlertNotice.objects.create(
        rule=rule, created_at=moment, due_at=moment, title="T", body="B", to=rule.notify
    )
    settings.LEADOPS_ENCRYPTION_KEYS = [NEW, OLD]
    return form, connection, team


def rotate(capsys) -> str:
    call_command("rotate_secrets")
    return capsys.readouterr().out.strip()


def test_everything_is_read_with_the_new_key_alone_once_it_has_run(stored, settings, capsys):
    form, connection, team = stored
    history = list(team.history.order_by("history_id").values_list("history_id", "name", "history_date"))
    assert rotate(capsys) == "10 secrets have the newest key now, 0 had it."
    assert rotate(capsys) == "0 secrets have the newest key now, 10 had it."

    settings.LEADOPS_ENCRYPTION_KEYS = [NEW]
    for row in (form, connection, team):
        row.refresh_from_db()
    kept = [form.secret, form.token, connection.token, connection.webhook_secret]
    assert [secrets.decrypt(token) for token in kept] == ["hush"] * 4
    for rows in (Team.objects, team.history, AlertRule.objects):
        assert {whole(row.notify[0]) for row in rows.all()} == {HOOK}
    assert whole(AlertNotice.objects.get().to[0]) == HOOK
    # It is no change of the configuration.
    assert (
        list(team.history.order_by("history_id").values_list("history_id", "name", "history_date")) == history
    )


def test_the_doctor_names_what_needs_an_old_key_and_what_nobody_can_read(stored, settings, capsys):
    (found,) = check_stored_secrets()
    assert found.level == "warn"
    assert "form Web (secret)" in found.title and "need an old key" in found.title
    assert "rotate_secrets" in found.hint
    IntakeForm.objects.update(secret=Fernet(Fernet.generate_key()).encrypt(b"hush").decode())
    with pytest.raises(CommandError, match=r"enter them again: form Web \(secret\)"):
        rotate(capsys)
    (found,) = check_stored_secrets()
    assert (found.level, found.title) == (
        "fail",
        "Stored secrets: form Web (secret) cannot be read with the present LEADOPS_ENCRYPTION_KEYS.",
    )
    settings.LEADOPS_ENCRYPTION_KEYS = [NEW]
    assert [found.level for found in check_stored_secrets()] == ["fail"]


def test_no_model_with_a_secret_is_left_out():
    with_secrets = {model for model in apps.get_models() if secret_fields(model)}
    assert with_secrets == {model for model, _ in places()}
    assert len(with_secrets) == 7
