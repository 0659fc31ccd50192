"""Countries and states: codes where the org has lists of them, names where it has not."""

import pytest

from crm_sync import exception_kinds as kinds
from crm_sync.connection.connecting import connect
from crm_sync.connectors.budget import Budget
from crm_sync.models import CrmLink, FieldMapping
from crm_sync.polling import filling
from exception_queue.models import ExceptionItem
from intake.models import Lead
from tests.crm_sync.salesforce.test_changes import poll
from tests.crm_sync.salesforce.test_whole_way import Org
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def org(crm, connection):
    return Org(crm, connection)


def to(connection, **lines):
    for place, (canonical, name) in enumerate(lines.items()):
        FieldMapping.objects.create(
            connection=connection, canonical=canonical, property=name, position=50 + place
        )


def lists(org):
    org.control("org", {"state_country_picklists": True})


def test_they_are_written_as_codes_where_the_org_has_lists(org, connection):
    lists(org)
    to(connection, country="CountryCode", state="StateCode")
    make.lead(country="US", state="CA")
    make.drain(connection)
    (there,) = org.leads("Country", "CountryCode", "State", "StateCode")
    assert (there["CountryCode"], there["StateCode"]) == ("US", "CA")
    assert (there["Country"], there["State"]) == ("United States", "California")


@pytest.mark.parametrize("has_lists", [True, False])
def test_they_are_written_by_name_into_the_others(org, connection, has_lists):
    if has_lists:
        lists(org)
    to(connection, country="Country", state="State")
    make.lead(country="RU", email="a@globex.example")
    make.lead(country="US", state="CA", email="b@globex.example")
    make.drain(connection)
    moscow, california = sorted(org.leads("Country", "State"), key=lambda each: each["Email"])
    # In words of the org's own where it has some.
    assert moscow["Country"] == "Russian Federation"
    assert (california["Country"], california["State"]) == ("United States", "California")
    assert not ExceptionItem.objects.exists()


def test_a_translation_of_the_line_goes_first(org, connection):
    to(connection, country="Country")
    FieldMapping.objects.filter(canonical="country").update(values={"DE": "Deutschland"})
    make.lead(country="DE")
    make.drain(connection)
    (there,) = org.leads("Country")
    assert there["Country"] == "Deutschland"


def test_a_name_that_somebody_types_there_comes_back_as_a_code(org, connection):
    to(connection, country="Country")
    make.queue(fallback=True)
    lead = make.lead(country="DE")
    make.drain(connection)
    filling.fill_all()
    poll()
    number = CrmLink.objects.get().remote_id
    org.control(f"Lead/{number}", {"fields": {"Country": "Austria"}, "by": "bob@acme.test"}, method="PATCH")
    poll()
    assert Lead.objects.get(pk=lead.pk).country == "AT"


@pytest.mark.parametrize(("country", "state"), [("", "CA"), ("DE", "XX")])
def test_a_state_that_cannot_stand_there_costs_only_itself(org, connection, country, state):
    """Without its country, or of another one."""
    lists(org)
    to(connection, country="CountryCode", state="StateCode")
    make.lead(country=country, state=state)
    make.drain(connection)
    (there,) = org.leads("CountryCode", "StateCode")
    assert (there["CountryCode"], there["StateCode"]) == (country or None, None)
    (item,) = ExceptionItem.objects.filter(status=ExceptionItem.Status.OPEN)
    assert (item.kind, "State" in item.cause) == (kinds.VALUE_LEFT_OUT, True)


def test_the_codes_are_among_what_a_line_can_name(org, connection):
    lists(org)
    found = connect(connection, budget=Budget({})).schema(since="").properties
    assert found["CountryCode"].type == "choice"
    assert ("DE", "Germany") in (found["Country"].place_names or ())
    assert found["State"].place_names == ()
    assert found["City"].place_names is None
