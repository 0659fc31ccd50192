import pytest

from crm_sync.models import CrmConnection
from intake.models import IntakeForm
from leadops.configuration.doctor import check_idle_settings
from routing.models import SlaPolicy

pytestmark = pytest.mark.django_db


def titles() -> list[str]:
    return [finding.title for finding in check_idle_settings()]


def test_it_names_the_confirmation_mail_that_nobody_sends():
    IntakeForm.objects.create(key="web", name="Web", confirmation_email={"subject": "Thanks"})
    IntakeForm.objects.create(key="shop", name="Shop", confirmation_email={"subject": "Thanks"})

    assert titles() == ["Not active yet: confirmation_email (web, shop): no thank-you mail is sent."]


def test_it_names_a_connection_that_nothing_is_written_to():
    CrmConnection.objects.create(key="sf", kind="pipedrive", base_url="https://acme.pipedrive.test")

    assert titles() == [
        "Not active yet: kind: pipedrive (sf): there is no connector for it, so what is to be written waits."
    ]


def test_it_names_a_vendor_that_cannot_be_read():
    IntakeForm.objects.create(key="web", name="Web", vendor="paper")

    assert titles() == ["Not active yet: vendor: paper (web): such bodies cannot be read."]


def test_it_names_steps_that_nobody_carries_out():
    twice = [{"at": "100%", "do": "crm_task"}, {"at": "150%", "do": "crm_task"}]
    SlaPolicy.objects.create(name="Hot", first_response="30m", steps=twice)

    assert titles() == ["Not active yet: do: crm_task (Hot): No task is made in the CRM by a step yet."]


def test_it_is_silent_about_what_works_and_about_what_is_switched_off():
    IntakeForm.objects.create(key="web", name="Web", vendor="typeform")
    IntakeForm.objects.create(key="old", name="Old", confirmation_email={"subject": "Thanks"}, active=False)
    CrmConnection.objects.create(key="hubspot", kind="hubspot", primary=True)
    SlaPolicy.objects.create(name="Hot", first_response="30m", steps=[{"at": "100%", "do": "notify_manager"}])

    assert titles() == []
