"""The properties that are there are read, kept with their age, and read again when somebody asks."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from crm_sync.models import CrmProperty
from crm_sync.schema import reading
from leadops.sweeps import SWEEPS
from tests.leadops.console.permission_rows import SURE
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_first_sender_reads_them(connection, crm):
    make.lead()
    make.drain(connection)
    there = reading.known(connection.pk)
    assert there["hs_lead_status"].options[0] == ("NEW", "New")
    assert there["createdate"].read_only
    assert there["leadops_score"].type == "number"


def test_every_hour_all_connections_are_read(connection, crm):
    assert (SWEEPS["Refresh: CRM properties"]["task"], SWEEPS["Refresh: CRM properties"]["schedule"]) == (
        reading.READ,
        3600.0,
    )
    reading.read_all()
    before = reading.read_at(connection.pk)
    assert timezone.now() - before < timedelta(minutes=1)
    crm.make_property("favourite_color")
    reading.read_all()
    assert "favourite_color" in reading.known(connection.pk)
    assert reading.read_at(connection.pk) > before


def test_what_is_gone_there_is_kept_as_gone(connection, crm):
    crm.make_property("favourite_color")
    reading.read_now(connection)
    crm.call("DELETE", "/hubspot/crm/v3/properties/contacts/favourite_color")
    reading.read_now(connection)
    assert reading.known(connection.pk, ["favourite_color"])["favourite_color"].archived
    again = {"label": "Again", "type": "string", "fieldType": "text", "groupName": "own"}
    crm.call("POST", "/hubspot/crm/v3/properties/contacts", again | {"name": "favourite_color"})
    reading.read_now(connection)
    assert not reading.known(connection.pk, ["favourite_color"])["favourite_color"].archived


def test_a_crm_that_is_down_leaves_what_was_read_before(connection, crm):
    reading.read_now(connection)
    before = reading.known(connection.pk)
    crm.fault("status", status=503)
    reading.read_all()
    assert reading.known(connection.pk) == before
    connection.refresh_from_db()
    assert connection.failures == 1


def test_a_person_reads_them_at_once_and_sees_their_age(connection, crm, admin_client):
    page = reverse("admin:crm_sync_crmconnection_change", args=(connection.pk,))
    assert "properties there, not read yet" in admin_client.get(page).content.decode()
    url = reverse("admin:crm_sync_crmconnection_read_properties", args=(connection.pk,))
    assert admin_client.post(url, SURE).headers["HX-Redirect"] == page
    shown = admin_client.get(page).content.decode()
    assert f"{CrmProperty.objects.count()} properties read." in shown
    assert "properties there, read" in shown
    crm.fault("status", status=503)
    admin_client.post(url, SURE)
    assert "could not be read" in admin_client.get(page).content.decode()


def test_they_are_listed_with_what_they_take(connection, crm, admin_client):
    reading.read_now(connection)
    shown = admin_client.get(reverse("admin:crm_sync_crmproperty_changelist") + "?q=hs_lead").content.decode()
    assert "Lead Status" in shown
    assert "Bad Timing" in shown
