"""Whatever can be mapped has its value in the CRM, for a lead that has it."""

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from crm_sandbox.server import SandboxServer
from crm_sync.models import CrmConnection, FieldMapping
from crm_sync.outbound import lead_changes
from crm_sync.outbound.crm_fields import CRM_FIELDS, OWNER
from intake.canonical import CANONICAL_FIELDS
from routing.handover import actions
from routing.models import Assignment, Queue
from tests import make
from tests.make import crm_sync
from tests.make.sandbox import Crm

ALL = {*CANONICAL_FIELDS, *(field.name for field in CRM_FIELDS), "extra.partner"}
SAID = {
    "email": "tom.small@bigcorp.example",
    "phone": "+1 212 555 0123",
    "first_name": "Tom",
    "last_name": "Small",
    "full_name": "Tom Small",
    "job_title": "Head of Sales",
    "company": "Bigcorp",
    "website": "https://bigcorp.example",
    "country": "US",
    "state": "New York",
    "city": "New York",
    "postal_code": "10001",
    "industry": "Software",
    "employee_count": "900",
    "annual_revenue": "5000000",
    "product_interest": "Routing",
    "intent": "demo",
    "message": "We want a demo.",
    "budget": "50k",
    "timeline": "this quarter",
    "language": "en",
    "existing_customer": "no",
    "utm_source": "google",
    "utm_medium": "cpc",
    "utm_campaign": "spring",
    "utm_term": "lead routing",
    "utm_content": "b",
    "gclid": "g1",
    "fbclid": "f1",
    "msclkid": "m1",
    "li_fat_id": "l1",
    "landing_page": "https://www.acme.test/demo",
    "referrer": "https://www.google.com/",
    "source_page": "https://www.acme.test/demo",
    "marketing_consent": "no",
    "privacy_consent": "yes",
    "privacy_policy_version": "2026-05",
    "submitted_at": "2026-11-20T09:30:00Z",
    "timezone": "America/New_York",
    "partner": "p-7",
}


def property_of(name):
    return {"email": "email", OWNER: "hubspot_owner_id"}.get(name, f"leadops_{name.replace('.', '_')}")


class Mapped:
    """A connection that has a mapping for everything."""

    def __init__(self, crm):
        self.crm = crm
        CrmConnection.objects.all().delete()
        ours = {"owner": "leadops", "lifecycle": "leadops", "default": "leadops"}
        self.connection = crm_sync.connection(crm.url, system_of_record=ours)
        self.connection.mappings.all().delete()
        FieldMapping.objects.bulk_create(
            FieldMapping(connection=self.connection, canonical=name, property=property_of(name))
            for name in sorted(ALL)
        )

    def shown(self, lead):
        """What stands there of a lead, by the name of our field."""
        lead_changes.queue_changes()
        crm_sync.drain(self.connection)
        names = ",".join(map(property_of, sorted(ALL)))
        number = crm_sync.link_of(lead).remote_id
        path = f"/hubspot/crm/v3/objects/contacts/{number}?properties={names}"
        values = self.crm.call("GET", path)["properties"]
        return {name: values[property_of(name)] for name in ALL if values.get(property_of(name))}


@pytest.fixture
def mapped(committed_acme, tmp_path):
    with SandboxServer(data_dir=tmp_path) as sandbox:
        yield Mapped(Crm(sandbox.url))


def test_every_field_that_can_be_mapped_is_written(mapped):
    lead = make.handed_off(SAID)
    said = mapped.shown(lead)
    expected = {
        "marketing_consent": "false",
        "privacy_consent": "true",
        "privacy_policy_version": "2026-05",
        "submitted_at": "2026-11-20T09:30:00.000Z",
        "source": "demo-request",
        "first_form": "demo-request",
        "channel": "Paid social",
        "first_touch": "google / cpc / spring",
        "last_touch": "google / cpc / spring",
        "gclid": "g1",
        "extra.partner": "p-7",
    }
    assert {name: said.get(name) for name in expected} == expected
    assert datetime.fromisoformat(said["routed_at"]) <= datetime.now(UTC)

    now = timezone.now()
    owner = Assignment.objects.get(lead=lead).owner
    actions.mark_contacted(
        lead_id=lead.pk, at=now, by=owner.email, evidence="claimed", source="console", actor="m", now=now
    )
    contacted = mapped.shown(lead)
    assert datetime.fromisoformat(contacted["contacted_at"]).date() == now.date()

    actions.reassign(
        lead_id=lead.pk, queue_id=Queue.objects.first().pk, reason="r", source="console", actor="m", now=now
    )
    waiting = mapped.shown(lead)
    assert waiting["queue"] == Queue.objects.first().name

    actions.disqualify(lead_id=lead.pk, reason="A student", source="console", actor="m", now=timezone.now())
    out = mapped.shown(lead)
    assert (out["disqualify_reason"], out["status"]) == ("A student", "disqualified")
    assert ALL - {*said, *contacted, *waiting, *out} == set()


def test_the_newest_word_on_a_consent_and_the_last_touch_follow_the_lead(mapped):
    make.handed_off(SAID)
    changes = {"marketing_consent": "yes", "utm_source": "newsletter", "utm_medium": "email"}
    lead = make.handed_off(SAID | changes | {"submitted_at": "2026-11-21T08:00:00Z", "utm_campaign": ""})
    said = mapped.shown(lead)
    assert said["marketing_consent"] == "true"
    assert (said["first_touch"], said["last_touch"]) == ("google / cpc / spring", "newsletter / email")
    assert said["submitted_at"].startswith("2026-11-21T08:00")


def test_a_policy_version_as_long_as_the_field_is_kept(mapped):
    version = "v" * CANONICAL_FIELDS["privacy_policy_version"].max_length
    assert (
        mapped.shown(make.handed_off(SAID | {"privacy_policy_version": version}))["privacy_policy_version"]
        == version
    )
