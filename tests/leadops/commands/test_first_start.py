"""What the first start of the demo leaves behind, and what doctor says of it."""

from io import StringIO

import pytest
from django.core.management import call_command

from crm_sync.models import CrmConnection
from exception_queue.doctor import check_alerts
from exception_queue.models import AlertRule
from intake.doctor import check_variables
from intake.models import IntakeForm
from tests.leadops.commands.running import run

pytestmark = pytest.mark.django_db


@pytest.fixture
def prepare(settings, tmp_path):
    settings.LEADOPS_DATA_DIR = tmp_path
    settings.LEADOPS_DEMO = True
    return lambda: call_command("prepare", stdout=StringIO())


def test_the_manager_of_the_fallback_queues_team_hears_of_exceptions(prepare):
    prepare()
    rule = AlertRule.objects.get()
    assert (rule.name, rule.min_severity, rule.notify) == (
        "Tell the manager",
        "medium",
        ["mailto:maria@acme.test"],
    )
    rule.full_clean()
    assert [finding.level for finding in check_alerts()] == ["ok"]


def test_a_later_start_brings_back_no_alert_that_somebody_deleted(prepare):
    prepare()
    AlertRule.objects.all().delete()
    prepare()
    assert not AlertRule.objects.exists()


def test_doctor_names_variables_of_forms_that_are_not_set(prepare, settings):
    prepare()
    settings.LEADOPS_ENVIRONMENT = {}
    (found,) = check_variables()
    assert found.title == (
        "Form typeform-quote: the variable TYPEFORM_SECRET is not set, so its webhooks are refused (401)."
    )
    settings.LEADOPS_ENVIRONMENT = {"TYPEFORM_SECRET": "s3cret"}
    assert list(check_variables()) == []
    settings.LEADOPS_ENVIRONMENT = {}
    IntakeForm.objects.filter(key="typeform-quote").update(active=False)
    assert list(check_variables()) == []


def test_doctor_names_variables_of_connections_that_are_not_set(prepare, settings):
    prepare()
    settings.LEADOPS_ENVIRONMENT = {}
    connection = CrmConnection.objects.get()
    connection.base_url = "http://127.0.0.1:9/hubspot"
    connection.save()
    shown = run("doctor")[1]
    assert "The variable HUBSPOT_TOKEN is empty" in shown
    assert "the variable HUBSPOT_WEBHOOK_SECRET is not set" in shown
    assert "the variable TYPEFORM_SECRET is not set" in shown
