"""Who is archived in the CRM gets no new lead at once; their open leads move a day later, unless they are back by then."""

import os
import re
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection as database
from django.urls import reverse
from django.utils import timezone

from crm_sync import exception_kinds as kinds
from crm_sync.connection import archived, connection_status, owners
from crm_sync.models import CrmConnection, OwnerLink
from exception_queue.models import ExceptionItem
from intake.models import Lead
from routing.handover import actions, deactivation
from routing.models import Assignment, Decision, Owner, Queue, RotationTurn
from routing.rotations import rotation_stats
from routing.simulation import replaying
from tests import make
from tests.crm_sync.test_looking_up import connected
from tests.make import crm_sync

pytestmark = pytest.mark.django_db(transaction=True)

ALICE, BOB = "alice@acme.test", "bob@acme.test"
ROOT = Path(__file__).resolve().parents[2]
MOVE = (
    "import django; django.setup(); from datetime import timedelta; from django.utils import timezone; "
    "from routing.handover import deactivation; "
    "deactivation.move_leads_on(now=timezone.now() + timedelta(hours=25))"
)


@pytest.fixture
def connection(crm, committed_acme) -> CrmConnection:
    return connected(crm)


@pytest.fixture
def alice(connection) -> Owner:
    """Alice with a lead that waits, and one that she has talked to."""
    found = Owner.objects.get(email=ALICE)
    leads_for(found, 2)
    talked = Assignment.objects.filter(owner=found).order_by("pk").last()
    Lead.objects.filter(pk=talked.lead_id).update(status="contacted", contacted_at=timezone.now())
    return found


def leads_for(owner, count):
    number = Lead.objects.count()
    while (missing := count - Assignment.objects.filter(owner=owner).count()) > 0:
        for _ in range(missing):
            number += 1
            make.handed_off(
                make.american(
                    email=f"sam@big{number}.example", full_name=f"Sam {number}", company=f"Big {number}"
                )
            )


def archive(crm, email=ALICE, *, back=False):
    crm.call("POST", "/control/owners", {"email": email, "name": "Alice Ames", "archived": not back})
    owners.refresh_all()


def item() -> ExceptionItem:
    return ExceptionItem.objects.get(kind=kinds.OWNER_ARCHIVED)


def a_day_later():
    return timezone.now() + timedelta(hours=24, minutes=1)


def test_no_new_lead_goes_to_somebody_archived_and_their_open_ones_stay_for_a_day(crm, alice):
    archive(crm)
    alice.refresh_from_db()
    assert not alice.available
    assert alice.unavailable_because == "archived in HubSpot"
    before = set(Assignment.objects.filter(owner=alice).values_list("lead", flat=True))
    for number in range(6):
        make.handed_off(make.american(email=f"new{number}@far{number}.example", company=f"Far {number}"))
    assert set(Assignment.objects.filter(owner=alice).values_list("lead", flat=True)) == before
    last = RotationTurn.objects.latest("pk")
    assert {"name": "Alice Ames", "reason": "Alice Ames is archived in HubSpot"}.items() <= next(
        left for left in last.left_out if left["name"] == "Alice Ames"
    ).items()
    assert replaying.replay(Decision.objects.latest("pk")).same
    assert deactivation.move_leads_on(now=timezone.now() + timedelta(hours=23)) == 0


def test_it_is_told_at_once_with_the_leads_and_the_hour(crm, alice):
    archive(crm)
    alice.refresh_from_db()
    told = item()
    assert (told.status, told.subject_id, told.subject_label) == ("open", ALICE, "Alice Ames")
    assert told.cause == (
        "Alice Ames is archived in HubSpot: no new lead goes to them. "
        f"2 open leads move at {alice.leads_leave_at:%H:%M on %-d %B %Y} UTC."
    )
    # Once, however often the list is read.
    owners.refresh_all()
    assert item().count == 1


def test_their_open_leads_move_after_a_day_by_routing_and_the_history_says_why(crm, alice):
    waiting, talked = Assignment.objects.filter(owner=alice).order_by("pk")
    archive(crm)
    assert deactivation.move_leads_on(now=a_day_later()) == 2
    waiting.refresh_from_db()
    talked.refresh_from_db()
    assert waiting.owner not in (None, alice)
    assert talked.queue == deactivation.queue_of_manager(alice)
    for row in (waiting, talked):
        assert (row.reason, row.actor, row.source) == (
            "Alice Ames is archived in HubSpot",
            "HubSpot",
            "deactivation",
        )
        assert row.history.count() == 2
    # Once: nothing is left to move, and rotations and accounts wait for a person's word.
    assert deactivation.move_leads_on(now=a_day_later()) == 0
    assert alice.memberships.filter(active=True).exists()
    owners.refresh_all()
    assert item().cause.endswith("They have no open leads.")


def test_back_within_the_day_nothing_moves_and_the_item_closes(crm, alice):
    archive(crm)
    archive(crm, back=True)
    alice.refresh_from_db()
    assert alice.available
    assert (alice.leads_leave_at, alice.unavailable_because) == (None, "")
    assert item().status == "resolved"
    assert deactivation.move_leads_on(now=a_day_later()) == 0
    assert Assignment.objects.filter(owner=alice).count() == 2
    assert [row.history_change_reason for row in alice.history.all()[:2]] == [
        "Is not archived in HubSpot any more",
        "Is archived in HubSpot",
    ]


def test_nobody_gives_them_a_lead_by_hand_or_in_the_crm(crm, alice):
    archive(crm)
    lead = Assignment.objects.exclude(owner=alice).first() or Assignment.objects.filter(owner=alice).first()
    with pytest.raises(actions.Refused, match="Alice Ames is archived in HubSpot"):
        actions.reassign(
            lead_id=lead.lead_id,
            owner_id=alice.pk,
            reason="",
            source="console",
            actor="maria",
            now=timezone.now(),
        )


def test_whoever_had_the_person_there_does_not_get_them_while_archived(crm, connection, alice):
    crm.add_contact(email="tom.small@bigcorp.example", hubspot_owner_id=crm.owner_id(ALICE))
    archive(crm)
    lead = make.handed_off(make.american())
    assert Assignment.objects.get(lead=lead).owner != alice


def test_a_person_who_switches_them_off_moves_the_leads_at_once_and_closes_the_item(crm, alice):
    archive(crm)
    alice.refresh_from_db()
    assert deactivation.deactivate(alice, actor="maria", now=timezone.now()).moved == 2
    owners.refresh_all()
    assert item().status == "resolved"
    assert (
        Assignment.objects.exclude(owner=alice).filter(actor="maria", reason__contains="not active").count()
        == 2
    )
    # Switched on again while still archived there: nothing goes to them all the same.
    Owner.objects.filter(pk=alice.pk).update(active=True)
    alice.refresh_from_db()
    assert not alice.available


def test_their_leads_are_no_second_exception(crm, connection, alice):
    crm_sync.drain(connection)
    archive(crm)
    for lead in Lead.objects.all():
        crm_sync.edit(lead, company="Other")
    crm_sync.drain(connection)
    assert {one.kind for one in ExceptionItem.objects.filter(status="open")} == {kinds.OWNER_ARCHIVED}


def test_the_primary_connection_says_who_is_archived(crm, connection, alice):
    other = crm_sync.connection(crm.url, key="other", primary=False)
    owners.refresh_all()
    OwnerLink.objects.filter(connection=other, email=ALICE).update(archived=True)
    archived.settle(now=timezone.now())
    alice.refresh_from_db()
    assert alice.available
    OwnerLink.objects.filter(email=ALICE).update(archived=False)
    OwnerLink.objects.filter(connection=connection, email=ALICE).update(archived=True)
    archived.settle(now=timezone.now())
    alice.refresh_from_db()
    assert not alice.available
    # Without a primary one, all that know them have to say so.
    CrmConnection.objects.update(primary=False)
    archived.settle(now=timezone.now())
    alice.refresh_from_db()
    assert alice.available
    OwnerLink.objects.filter(email=ALICE).update(archived=True)
    archived.settle(now=timezone.now())
    alice.refresh_from_db()
    assert not alice.available


def test_a_connection_that_is_switched_off_says_nothing_of_anybody(crm, connection, alice):
    archive(crm)
    CrmConnection.objects.update(active=False)
    owners.refresh_all()
    alice.refresh_from_db()
    assert alice.available
    assert item().status == "resolved"


def test_a_list_without_anybody_active_is_no_list(crm, connection, alice):
    OwnerLink.objects.update(archived=True)
    archived.settle(now=timezone.now())
    assert not Owner.objects.filter(unavailable_since__isnull=False).exists()


def test_who_was_invited_there_anew_is_not_gone(crm, connection, alice):
    archive(crm)
    OwnerLink.objects.create(connection=connection, email=ALICE, remote_id="9", seen_at=timezone.now())
    archived.settle(now=timezone.now())
    alice.refresh_from_db()
    assert alice.available


def test_the_hours_are_a_setting(crm, alice, settings):
    settings.LEADOPS_LEADS_LEAVE_AFTER = 2
    archive(crm)
    assert deactivation.move_leads_on(now=timezone.now() + timedelta(minutes=119)) == 0
    assert deactivation.move_leads_on(now=timezone.now() + timedelta(minutes=121)) == 2


def test_a_killed_worker_leaves_the_rest_to_the_next_sweep_and_nothing_moves_twice(crm, alice):
    leads_for(alice, 12)
    archive(crm)
    name = database.settings_dict["NAME"]
    url = re.sub(r"/[^/?]*(\?.*)?$", rf"/{name}\1", os.environ["DATABASE_URL"])
    environ = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "leadops.settings"}
    worker = subprocess.Popen([sys.executable, "-c", MOVE], cwd=ROOT, env=environ)
    theirs = Assignment.objects.filter(owner=alice)
    deadline = time.monotonic() + 60
    while theirs.count() == 12 and time.monotonic() < deadline and worker.poll() is None:
        time.sleep(0.001)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    moved = 12 - theirs.count()
    assert moved
    assert deactivation.move_leads_on(now=a_day_later()) == 12 - moved
    assert not theirs.exists()
    rows = Assignment.objects.filter(source="deactivation")
    assert rows.count() == 12
    assert {row.history.count() for row in rows} == {2}


def test_screens_say_it_in_advance(crm, connection, alice, admin_client):
    archive(crm)
    page = admin_client.get(reverse("admin:routing_owner_change", args=(alice.pk,))).content.decode()
    assert "Alice Ames is archived in HubSpot." in page
    assert "2 open leads move by routing at" in page
    listed = admin_client.get(reverse("admin:crm_sync_ownerlink_changelist")).content.decode()
    assert "gets no new leads; 2 open leads to move at" in listed
    found = connection_status.of_connection(connection, now=timezone.now())
    assert found.owners_gone == 1
    page = admin_client.get(
        reverse("admin:crm_sync_crmconnection_change", args=(connection.pk,))
    ).content.decode()
    assert "1 archived who gets no more leads" in page
    stats = rotation_stats.of_owners([Owner.objects.get(pk=alice.pk)], now=timezone.now())[alice.pk]
    assert (stats.state, stats.presence) == ("inactive", "archived in HubSpot")


def test_a_queue_that_only_names_them_still_takes_leads(crm, connection, alice):
    queue = Queue.objects.filter(fallback=True).get()
    Queue.objects.filter(pk=queue.pk).update(crm_owner=alice)
    archive(crm)
    lead = Assignment.objects.filter(owner=alice).first()
    actions.reassign(
        lead_id=lead.lead_id,
        queue_id=queue.pk,
        reason="",
        source="console",
        actor="maria",
        now=timezone.now(),
    )
    crm_sync.drain(connection)
    assert Assignment.objects.get(pk=lead.pk).queue == queue
