"""The list of leads: what it shows beside a lead, how it is narrowed, and that a longer list asks nothing more."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from intake.models import Lead
from routing.handover import actions
from routing.models import Assignment, Owner, Queue, SlaClock
from tests import make

LIST = reverse("admin:intake_lead_changelist")


@pytest.fixture
def people(acme):
    """Jana is hot and has an owner; Ana matches no rule and waits in the fallback queue."""
    jana = make.handed_off(make.person(phone="+49 30 901820", job_title="Head of Sales"))
    ana = make.handed_off(
        make.person(
            email="ana@muestra.example",
            full_name="Ana Ruiz",
            company="Muestra SL",
            country="ES",
            employee_count="3",
        )
    )
    return jana, ana


def names(client, **asked):
    answer = client.get(LIST, asked)
    assert answer.status_code == 200
    return sorted(str(lead) for lead in answer.context["cl"].result_list)


def test_a_longer_list_asks_the_database_nothing_more(maria, acme):
    def asked():
        with CaptureQueriesContext(connection) as queries:
            assert maria.get(LIST).status_code == 200
        return len(queries)

    for values in make.crowd(2):
        make.handed_off(values)
    asked()
    two = asked()
    for values in make.crowd(12)[2:]:
        make.handed_off(values)
    assert Lead.objects.count() == 12
    assert asked() == two


def test_it_shows_owner_segment_clock_and_crm(maria, people):
    text = maria.get(LIST).content.decode()
    owner = Assignment.objects.get(lead=people[0]).owner
    assert owner.name in text
    assert "Triage" in text
    assert "hot 90" in text.replace("</span>hot", "hot")
    assert 'data-show="due"' in text
    assert "waiting" in text  # Nobody has written them to the CRM yet.


@pytest.mark.parametrize(
    "words", ["jana", "WEISS@beispiel", "beispiel werke", "030 90 18 20", "+49 (30) 901820", "Weiß"]
)
def test_it_finds_people_by_name_mail_phone_and_company(maria, people, words):
    assert names(maria, q=words) == ["Jana Weiß"]


def test_it_narrows_by_what_higher_floors_know(maria, people):
    jana, _ = people
    owner = Assignment.objects.get(lead=jana).owner
    assert names(maria, owner=owner.pk) == ["Jana Weiß"]
    assert names(maria, owner="none") == ["Ana Ruiz"]
    assert names(maria, queue=Queue.objects.get(name="Triage").pk) == ["Ana Ruiz"]
    assert names(maria, segment="hot") == ["Jana Weiß"]
    assert names(maria, form="demo-request") == ["Ana Ruiz", "Jana Weiß"]
    assert names(maria, form="typeform-quote") == []
    assert names(maria, crm="waiting") == ["Ana Ruiz", "Jana Weiß"]
    assert names(maria, crm="gave_up") == []
    assert names(maria, status__exact="contacted") == []


def test_it_shows_mine_to_an_owner_with_an_account(maria, people):
    owner = Assignment.objects.get(lead=people[0]).owner
    assert names(maria, owner="me") == []
    Owner.objects.filter(pk=owner.pk).update(user=maria.session["_auth_user_id"])
    assert names(maria, owner="me") == ["Jana Weiß"]


def test_it_narrows_by_clock(maria, people):
    jana, _ = people
    now = timezone.now()
    SlaClock.objects.filter(lead=jana).update(due_at=now - timedelta(minutes=5))
    assert names(maria, clock="overdue") == ["Jana Weiß"]
    assert names(maria, clock="waiting") == ["Ana Ruiz", "Jana Weiß"]
    for lead in people:
        actions.mark_contacted(
            lead_id=lead.pk, at=now, by="Eva", evidence="claimed", source="console", actor="Maria", now=now
        )
    assert names(maria, clock="waiting") == []
    assert names(maria, clock="late") == ["Jana Weiß"]
    assert names(maria, clock="in_time") == ["Ana Ruiz"]


def test_nonsense_in_the_address_finds_nothing_and_breaks_nothing(maria, people):
    assert names(maria, owner="'; drop") == []
    assert names(maria, queue="x") == []


def test_an_empty_list_says_what_to_do_next(maria, acme):
    assert "Post to a form" in maria.get(LIST).content.decode()


def test_test_leads_say_so_and_can_be_looked_for(maria, people):
    jana, ana = people
    Lead.objects.filter(pk=ana.pk).update(is_test=True)
    ana.refresh_from_db()
    text = maria.get(LIST).content.decode()
    assert text.count('<span class="lo-badge lo-info">Test</span>') == 1
    assert names(maria, is_test__exact="1") == ["Ana Ruiz (test)"]
    assert names(maria, is_test__exact="0") == [str(jana)]
