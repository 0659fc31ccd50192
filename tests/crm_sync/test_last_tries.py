"""What was last sent to a CRM about a lead, and what it answered, stands on the lead's page; what people have typed does not."""

import json
from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from crm_sync.models import FieldMapping, PushTries
from crm_sync.outbound import tries
from leadops.retention import going
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db(transaction=True)


def last(lead):
    ((_, found),) = tries.of_lead(lead.pk)
    return found


def rounds(connection, times):
    for _ in range(times):
        make.make_due(connection)
        make.drain(connection)


def test_a_try_says_what_was_sent_and_what_became_of_it(connection):
    lead = make.lead(points=75)
    make.drain(connection)
    (first,) = last(lead)
    assert (first.outcome, first.made, first.record) == ("written", True, make.link_of(lead).remote_id)
    assert first.sent["leadops_score"] == "75"
    make.push(lead)
    make.drain(connection)
    assert [one.made for one in last(lead)] == [True]  # Nothing was to be written: no try.


def test_what_people_have_typed_is_not_kept_a_second_time(crm, connection):
    lead = make.lead(email="gina@globex.example")
    crm.fault("partial", rate=1.0, path="/contacts/batch/")
    make.drain(connection)
    crm.heal()
    rounds(connection, 1)
    text = json.dumps(list(PushTries.objects.values_list("tries", flat=True)), ensure_ascii=False)
    assert [one.outcome for one in last(lead)] == ["written", "put_off"]
    for typed in (lead.email, lead.first_name, lead.last_name, lead.company):
        assert typed and typed not in text
    assert last(lead)[0].sent["email"] == tries.HIDDEN
    assert last(lead)[0].sent["hs_lead_status"] == "NEW"


def test_a_refusal_stands_in_the_words_of_the_crm_without_the_address(connection):
    FieldMapping.objects.filter(canonical="company").delete()
    lead = make.lead(email="gina@globex")
    make.drain(connection)
    (one,) = last(lead)
    assert one.outcome == "refused"
    assert tries.HIDDEN in one.said
    assert "gina@globex" not in json.dumps(PushTries.objects.get().tries)


def test_what_was_left_out_says_why(connection):
    FieldMapping.objects.filter(canonical="segment").update(property="hs_lead_status")
    FieldMapping.objects.filter(canonical="status").delete()
    lead = make.lead(segment="cold")
    make.drain(connection)
    assert last(lead)[0].left_out == {"hs_lead_status": "No option"}


def test_an_outage_is_a_try_of_each_lead_and_five_are_kept(crm, connection):
    make.lead(email="first@globex.example")
    make.drain(connection)
    lead = make.lead()
    crm.fault("status", status=502)
    rounds(connection, 8)
    found = last(lead)
    assert [one.outcome for one in found] == ["put_off"] * tries.MOST
    assert all("502" in one.said for one in found)
    crm.heal()
    rounds(connection, 1)
    assert [one.outcome for one in last(lead)] == ["written", *["put_off"] * (tries.MOST - 1)]


def test_a_whole_batch_is_kept_by_one_statement(connection, django_assert_num_queries):
    leads = [make.lead(email=f"p{number}@globex.example") for number in range(7)]
    make.drain(connection)
    assert PushTries.objects.count() == len(leads)
    rows = [(lead.pk, tries.Try(at=timezone.now().isoformat(), outcome="written")) for lead in leads]
    with django_assert_num_queries(1):
        tries._keep(connection.pk, rows, now=timezone.now())
    assert {len(last(lead)) for lead in leads} == {2}


def test_they_stand_on_the_page_of_the_lead(connection, admin_client):
    lead = make.lead(points=75)
    make.drain(connection)
    text = admin_client.get(reverse("admin:intake_lead_change", args=(lead.pk,))).content.decode()
    assert "Last tries to write it into HubSpot" in text
    assert "leadops_score" in text


def test_they_go_when_nothing_was_sent_for_so_long(connection):
    make.lead()
    make.drain(connection)
    day = timedelta(days=1)
    going.sweep(now=timezone.now() + (settings.LEADOPS_KEEP_TRIES - 1) * day, budget=60)
    assert PushTries.objects.count() == 1
    going.sweep(now=timezone.now() + (settings.LEADOPS_KEEP_TRIES + 1) * day, budget=60)
    assert not PushTries.objects.exists()
