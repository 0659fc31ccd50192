"""What doctor says about connections, and what it fixes."""

import pytest

from crm_sync import doctor
from crm_sync.models import CrmConnection, FieldMapping, OutboxEntry
from plumbing import secrets
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db(transaction=True)


def findings(level):
    return [each for each in doctor.check_connections() if each.level == level]


def test_it_is_content_with_a_connection_in_step(crm, connection):
    make.owner()
    make.lead()
    make.drain(connection)
    assert [each.level for each in doctor.check_connections()] == ["ok"]


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


def test_it_says_that_a_kind_has_no_behaviour_yet(crm, connection):
    CrmConnection.objects.update(kind="salesforce")
    assert "no connector of the kind “salesforce”" in findings("fail")[0].title


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
