"""What doctor says about connections, and what it fixes."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm_sync import doctor
from crm_sync.models import CrmConnection, FieldMapping, InboundEvent, MirrorProgress, OutboxEntry
from crm_sync.polling import filling
from plumbing import secrets
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db(transaction=True)


def findings(level):
    return [each for each in doctor.check_connections() if each.level == level]


def test_it_is_content_with_a_connection_in_step(crm, connection):
    make.owner()
    make.lead()
    make.drain(connection)
    assert [each.level for each in doctor.check_connections()] == ["ok", "ok"]


def test_it_makes_the_properties_that_are_missing(crm, connection):
    (found,) = findings("warn")
    assert "leadops_lead_id" in found.title
    found.fix()
    assert findings("warn") == []
    names = {each["name"] for each in crm.call("GET", "/hubspot/crm/v3/properties/contacts")["results"]}
    assert {"leadops_lead_id", "leadops_score", "leadops_segment"} <= names


def test_it_names_a_property_that_only_people_can_make(crm, connection):
    FieldMapping.objects.create(connection=connection, canonical="city", property="town", position=90)
    (found,) = findings("fail")
    assert "town" in found.title


def test_it_names_an_owner_who_is_not_in_the_crm(crm, connection):
    make.owner("zoe@acme.test")
    assert any("zoe@acme.test" in each.title for each in findings("warn"))


def test_it_names_the_queues_that_nobody_owns_there(crm, connection):
    make.queue("Triage")
    make.queue("Nurture", crm_owner=make.owner())
    assert any("leads in Triage are nobody's there" in each.title for each in findings("ok"))


def test_it_says_that_a_kind_has_no_behaviour_yet(crm, connection):
    CrmConnection.objects.update(kind="pipedrive")
    assert "no connector of the kind “pipedrive”" in findings("fail")[0].title


def test_it_says_that_the_token_is_refused(crm, connection):
    CrmConnection.objects.update(token=secrets.encrypt("wrong"))
    assert "401" in findings("fail")[0].title


def test_it_says_that_nobody_answers(crm, connection):
    CrmConnection.objects.update(base_url="http://127.0.0.1:9/hubspot")
    assert "could not be reached" in findings("fail")[0].title


def test_it_gives_up_leads_another_chance(crm, connection):
    bad = make.lead(email="not an address")
    make.drain(connection)
    type(bad).objects.update(email="gina@globex.example")
    next(each for each in findings("warn") if "given up" in each.title).fix()
    assert OutboxEntry.objects.get().status == OutboxEntry.Status.PENDING
    make.drain(connection)
    assert crm.contact()["email"] == "gina@globex.example"


def coming_in():
    return [
        each.title for each in doctor.check_connections() if "what comes in" in each.title and not each.fix
    ]


def test_it_says_how_far_each_way_in_is(crm, connection):
    assert coming_in() == [
        "Connection hubspot: what comes in from there: contacts not yet; companies not yet; deals not yet."
    ]
    filling.fill_all()
    MirrorProgress.objects.update(polled_at=timezone.now() - timedelta(seconds=12))
    MirrorProgress.objects.filter(kind="deals").update(loaded_at=None, read=1200, total=30000)
    assert coming_in() == [
        "Connection hubspot: what comes in from there: contacts 12 s ago; companies 12 s ago; deals 1,200 of 30,000 so far."
    ]


def test_it_says_which_way_in_is_late_and_what_to_do(crm, connection):
    filling.fill_all()
    MirrorProgress.objects.update(polled_at=timezone.now() - timedelta(seconds=110))
    assert not any("last read" in each.title for each in findings("warn"))
    MirrorProgress.objects.filter(kind="companies").update(polled_at=timezone.now() - timedelta(minutes=9))
    (late,) = [each for each in findings("warn") if "last read" in each.title]
    assert (
        late.title == "Connection hubspot: companies there were last read 9 min ago; it should be every 30 s."
    )
    assert "manage.py up" in late.hint


def test_what_the_crm_refuses_is_named_and_asked_for_again(crm, connection):
    crm.fault("status", status=403, path="deals")
    filling.fill_all()
    crm.heal()
    (refused,) = [each for each in findings("warn") if "cannot be read" in each.title]
    assert refused.title.startswith("Connection hubspot: deals there cannot be read: ")
    refused.fix()
    filling.fill_all()
    assert not any("cannot be read" in each.title for each in findings("warn"))


def test_it_says_that_an_event_waits_for_long(crm, connection):
    event = InboundEvent.objects.create(
        connection=connection,
        dedupe_key="1",
        remote_id="1",
        payload={},
        received_at=timezone.now() - timedelta(minutes=4),
        due_at=timezone.now(),
    )
    assert not any("an event" in each.title for each in findings("warn"))
    InboundEvent.objects.filter(pk=event.pk).update(received_at=timezone.now() - timedelta(minutes=7))
    assert any("an event from there has waited for 7 min." in each.title for each in findings("warn"))
