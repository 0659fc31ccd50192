"""A connection that is only observed is read, and nothing is written there."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.urls import reverse
from django.utils import timezone

from crm_sync import crm_state, outbox
from crm_sync.admin.modes import LiveForm
from crm_sync.connection import connection_status
from crm_sync.models import CrmConnection, FieldMapping, OutboxEntry
from routing.models import Assignment, OwnerNotice, Rotation, RotationMember
from routing.notices import sending
from tests import make
from tests.crm_sync import test_looking_up as looking_up
from tests.leadops.console.permission_rows import SURE
from tests.make import crm_sync

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def observed(crm, committed_acme) -> CrmConnection:
    connection = looking_up.connected(crm)
    CrmConnection.objects.update(mode="observe")
    connection.refresh_from_db()
    return connection


def writes(crm):
    return [
        call
        for call in crm.calls()
        if call["method"] != "GET" and not call["path"].endswith(("/read", "/search"))
    ]


def test_leads_are_looked_up_and_decided_and_nothing_is_written(crm, observed):
    looking_up.known(crm)
    before = len(writes(crm))
    lead = make.handed_off(make.american())
    assert looking_up.holder(lead) == looking_up.BOB
    crm_sync.drain(observed)
    crm_sync.push(lead)
    crm_sync.drain(observed)
    assert len(writes(crm)) == before
    assert not OutboxEntry.objects.exists()
    row = Assignment.objects.select_related("owner", "queue").get(lead=lead)
    (state,) = crm_state.of_leads([lead.pk], assignments={lead.pk: row})[lead.pk]
    assert (state.state, state.message) == ("observed", "not written: HubSpot is only observed")
    assert connection_status.of_connection(observed, now=timezone.now()).state == "observed"


def test_owners_are_told_without_waiting_for_it(crm, observed, settings):
    settings.EMAIL_URL = "memorymail://"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    lead = make.handed_off(make.american())
    notice = OwnerNotice.objects.get(lead=lead)
    assert notice.hold_until is None
    sending.send_due(now=timezone.now() + timedelta(seconds=1))
    notice.refresh_from_db()
    assert (notice.status, notice.record_behind) == ("sent", False)


def test_what_waited_stays_and_is_written_once_it_is_live_again(crm, committed_acme):
    connection = looking_up.connected(crm)
    lead = make.handed_off(make.american())
    CrmConnection.objects.update(mode="observe")
    crm_sync.drain(connection)
    assert OutboxEntry.objects.filter(lead=lead).exists()
    assert crm.contacts() == []
    CrmConnection.objects.update(mode="live")
    crm_sync.drain(connection)
    assert crm.contact()["leadops_lead_id"] == str(lead.pk)


@pytest.mark.parametrize("catch_up", [True, False])
def test_going_live_writes_what_came_meanwhile_if_somebody_says_so(crm, observed, admin_client, catch_up):
    lead = make.handed_off(make.american())
    assert list(outbox.missing(observed)) == [lead]
    page = reverse("admin:crm_sync_crmconnection_live", args=(observed.pk,))
    shown = admin_client.get(page).content.decode()
    assert "Also write 1 lead that has no record there yet" in shown
    assert "What would be written for the newest of them" in shown
    assert "hs_lead_status" in shown and lead.email in shown
    admin_client.post(page, SURE | ({"catch_up": "on"} if catch_up else {}))
    observed.refresh_from_db()
    assert observed.mode == "live"
    assert observed.history.first().mode == "live"
    crm_sync.drain(observed)
    assert len(crm.contacts()) == catch_up
    assert OwnerNotice.objects.filter(lead=lead).count() == 1


def test_what_going_live_shows_is_what_is_written_then(crm, observed):
    lead = make.handed_off(make.american())
    form = LiveForm(request=None, object_id=observed.pk)
    asked = SimpleNamespace(
        method="POST", user=SimpleNamespace(has_perm=lambda name: True, is_superuser=True, is_active=True)
    )
    ((shown, lines, message),) = form.get_after_template_context(asked)["records"]
    promised = {line.property: line.value for line in lines if line.value and not line.left_out}
    assert (shown, message) == (lead, None)
    assert {"email", "leadops_score", "hubspot_owner_id"} <= set(promised)
    CrmConnection.objects.update(mode="live")
    outbox.queue_for(observed.pk, [lead.pk], now=timezone.now())
    crm_sync.drain(observed)
    there = crm.contact()
    assert {name: there[name] for name in promised} == promised


def test_whoever_may_not_see_leads_is_shown_none_by_going_live(observed):
    make.handed_off(make.american())
    asked = SimpleNamespace(
        method="POST",
        user=SimpleNamespace(has_perm=lambda name: False, is_superuser=False, is_active=True, pk=None),
    )
    context = LiveForm(request=None, object_id=observed.pk).get_after_template_context(asked)
    assert (context["records"], "waiting" in context) == ([], False)


def test_going_live_says_first_who_is_nobody_there_and_what_speaks_against_the_mappings(
    crm, observed, admin_client
):
    page = reverse("admin:crm_sync_crmconnection_live", args=(observed.pk,))
    assert (
        "Nothing in HubSpot speaks against the mappings"
        in admin_client.get(page, headers={"HX-Request": "true"}).content.decode()
    )
    zoe = crm_sync.owner("zoe@acme.test")
    RotationMember.objects.create(owner=zoe, rotation=Rotation.objects.first())
    FieldMapping.objects.create(connection=observed, canonical="city", property="town", position=90)
    shown = admin_client.get(page, headers={"HX-Request": "true"}).content.decode()
    assert "Nobody in HubSpot has the address zoe@acme.test." in shown
    assert "HubSpot has no property “town” any more." in shown
    assert "Leads in Nurture, Partner desk, Triage are nobody" in shown
    FieldMapping.objects.filter(canonical="owner").update(active=False)
    assert "No line has the owner" in admin_client.get(page, headers={"HX-Request": "true"}).content.decode()


def test_going_live_says_that_the_crm_could_not_be_read(crm, observed, admin_client):
    CrmConnection.objects.update(owners_read_at=timezone.now() - timedelta(hours=1))
    crm.fault("status", status=503, rate=1.0)
    page = reverse("admin:crm_sync_crmconnection_live", args=(observed.pk,))
    assert (
        "It could not be read just now"
        in admin_client.get(page, headers={"HX-Request": "true"}).content.decode()
    )
