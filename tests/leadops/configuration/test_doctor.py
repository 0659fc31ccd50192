import pytest

from crm_sync.models import CrmConnection
from intake.models import IntakeForm
from leadops.configuration.doctor import check_unused_settings
from routing.models import SlaPolicy

pytestmark = pytest.mark.django_db


def titles() -> list[str]:
    return [finding.title for finding in check_unused_settings()]


def test_it_names_the_confirmation_mail_that_nobody_sends():
    IntakeForm.objects.create(key="web", name="Web", confirmation_email={"subject": "Thanks"})

    assert titles() == ["Form web: the confirmation e-mail is stored, and none is sent yet."]


def test_it_names_a_connection_that_nothing_is_written_to():
    CrmConnection.objects.create(key="sf", kind="salesforce", base_url="https://acme.my.salesforce.test")

    assert titles() == ["Connection sf: nothing is written to salesforce yet."]


def test_it_names_a_vendor_that_cannot_be_read():
    IntakeForm.objects.create(key="web", name="Web", vendor="paper")

    assert titles() == ["Form web: bodies of “paper” cannot be read yet."]


def test_it_names_steps_that_nobody_carries_out():
    SlaPolicy.objects.create(name="Hot", first_response="30m", steps=[{"at": "100%", "do": "crm_task"}])

    assert titles() == ["SLA policy Hot: its step crm_task does nothing yet."]


def test_it_is_silent_about_what_works_and_about_what_is_switched_off():
    IntakeForm.objects.create(key="web", name="Web", vendor="typeform")
    IntakeForm.objects.create(key="old", name="Old", confirmation_email={"subject": "Thanks"}, active=False)
    CrmConnection.objects.create(key="hubspot", kind="hubspot", primary=True)
    SlaPolicy.objects.create(name="Hot", first_response="30m", steps=[{"at": "100%", "do": "notify_manager"}])

    assert titles() == []
