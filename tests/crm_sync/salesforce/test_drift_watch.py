"""One conditional call an hour tells what an admin has changed, fields and permissions alike, before a lead fails on it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm_sync import exception_kinds as kinds
from crm_sync.models import CrmConnection, CrmProperty, FieldMapping, OutboxEntry
from crm_sync.schema import reading
from crm_sync.tasks import read_properties
from exception_queue.models import ExceptionItem
from tests.crm_sync.salesforce.test_whole_way import Org
from tests.make import crm_sync as make
from tests.make import salesforce

pytestmark = pytest.mark.django_db(transaction=True)

DESCRIBE = "/sobjects/Lead/describe"


@pytest.fixture
def org(crm, connection):
    return Org(crm, connection)


@pytest.fixture
def lead(org, connection):
    """It has come through every line of the mapping."""
    made = make.lead(phone="+493090182001", job_title="Head of Sales", to=make.owner())
    make.drain(connection)
    read_properties()
    assert not ExceptionItem.objects.exists()
    return made


def describes(org):
    """The statuses of all descriptions that were asked for."""
    calls = org.crm.call("GET", "/control/calls?target=salesforce")
    return [each["status"] for each in calls if each["path"].endswith(DESCRIBE)]


def hide(org, *names):
    org.control("permissions", {"hidden": {"Lead": list(names)}})


def the_item():
    return ExceptionItem.objects.get(kind=kinds.DRIFT)


def test_what_has_not_changed_costs_one_call_and_counts_as_read(org, connection, lead):
    known, before = reading.known(connection.pk), len(org.calls())
    read_at = reading.read_at(connection.pk)
    reading.read_all()
    assert org.calls()[before:] == [("GET", DESCRIBE)]
    assert describes(org)[-1] == 304
    assert reading.known(connection.pk) == known
    assert reading.read_at(connection.pk) > read_at
    assert set(CrmProperty.objects.values_list("archived", flat=True)) == {False}


def test_a_permission_that_is_taken_away_is_seen_and_told_before_a_lead_lacks_it(org, connection, lead):
    hide(org, "Phone")
    read_properties()
    assert describes(org)[-1] == 200
    item = the_item()
    assert "“Phone” is there no more" in item.cause
    assert "may not see: look at the field-level security" in item.cause
    assert "1 lead has a value for it." in item.cause
    assert not OutboxEntry.objects.filter(status="dead").exists()
    # Another hour says nothing twice, and is not read again.
    read_properties()
    assert (the_item().count, describes(org)[-1]) == (1, 304)
    hide(org)
    read_properties()
    assert the_item().status == "resolved"


def test_a_field_that_was_renamed_is_told_with_the_one_that_has_its_label(org, connection, lead):
    org.control("fields/Lead/Region__c", {"type": "string", "label": "Region", "length": 80})
    FieldMapping.objects.create(connection=connection, canonical="city", property="Region__c", position=90)
    read_properties()
    assert not ExceptionItem.objects.exists()
    org.control("fields/Lead/Region__c", method="DELETE")
    org.control("fields/Lead/Sales_Region__c", {"type": "string", "label": "Region", "length": 80})
    read_properties()
    assert "“Sales_Region__c” is called “Region” too: it may have taken its place." in the_item().cause
    FieldMapping.objects.filter(property="Region__c").update(property="Sales_Region__c")
    read_properties()
    assert the_item().status == "resolved"


def test_without_the_field_of_our_key_leads_wait_instead_of_being_refused(org, connection, lead):
    hide(org, "leadops_id__c")
    read_properties()
    assert (the_item().subject_id, the_item().status) == ("salesforce leadops_id__c", "open")
    make.lead(email="otto@globex.example")
    make.drain(connection)
    assert OutboxEntry.objects.get().status == "pending"
    (setup,) = ExceptionItem.objects.filter(kind=kinds.SETUP)
    assert "leadops_id__c" in setup.cause
    # What waits tells by itself by now.
    read_properties()
    assert the_item().status == "resolved"
    hide(org)
    make.make_due(connection)
    make.drain(connection)
    assert not OutboxEntry.objects.exists()
    assert "otto@globex.example" in [each["Email"] for each in org.leads()]


def test_another_user_or_version_is_shown_what_it_sees_itself(org, connection, lead):
    CrmConnection.objects.update(api_version="v62.0")
    reading.read_all()
    assert describes(org)[-1] == 200
    reading.read_all()
    assert describes(org)[-1] == 304


def test_once_a_day_and_when_somebody_asks_everything_is_read(org, connection, lead):
    CrmConnection.objects.update(schema_read_at=timezone.now() - timedelta(days=1, minutes=1))
    reading.read_all()
    assert describes(org)[-1] == 200
    reading.read_all()
    assert describes(org)[-1] == 304
    reading.read_now(connection)
    assert describes(org)[-1] == 200


def test_each_connection_has_a_moment_of_its_own(org, connection, lead):
    other = salesforce.connection(org.crm.url, key="other", primary=False)
    reading.read_all()
    assert sorted(describes(org)[-2:]) == [200, 304]
    CrmConnection.objects.filter(pk=other.pk).update(schema_stamp="")
    reading.read_all()
    assert sorted(describes(org)[-2:]) == [200, 304]
