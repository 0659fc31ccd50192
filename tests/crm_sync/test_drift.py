"""What changes in the CRM under a mapping is told before a lead fails on it, once, and closes by itself."""

import pytest

from crm_sync import exception_kinds as kinds
from crm_sync.models import FieldMapping
from crm_sync.tasks import read_properties
from exception_queue.models import ExceptionItem
from tests.crm_sync.test_values_that_do_not_fit import make_choice
from tests.exception_queue.trying import fails_again
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mapping(crm, connection):
    """It fits, and a lead of a hundred has come through it."""
    make_choice(crm)
    found = FieldMapping.objects.create(
        connection=connection, canonical="industry", property="branch", position=90
    )
    make.lead(industry="FINANCE")
    make.lead(email="otto@globex.example")
    make.drain(connection)
    read_properties()
    assert not ExceptionItem.objects.exists()
    return found


def the_item() -> ExceptionItem:
    return ExceptionItem.objects.get(kind=kinds.DRIFT)


def changes(crm, **values):
    crm.call("PATCH", "/control/hubspot/properties/contacts/branch", values)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"archived": True}, "is there no more"),
        ({"readOnly": True}, "writes “branch” itself"),
    ],
)
def test_a_property_that_is_gone_or_read_only_is_told_before_a_lead_lacks_it(crm, mapping, change, said):
    changes(crm, **change)
    read_properties()
    item = the_item()
    assert (item.status, item.subject_id) == ("open", str(mapping.pk))
    assert said in item.cause
    assert item.cause.endswith("1 lead has a value for it.")
    # Told once, however often it is read.
    read_properties()
    assert the_item().count == 1


def test_it_closes_by_itself_when_the_property_is_there_again(crm, mapping):
    changes(crm, archived=True)
    read_properties()
    changes(crm, archived=False)
    read_properties()
    assert the_item().status == "resolved"


def test_it_closes_when_the_line_is_switched_off(crm, mapping):
    changes(crm, archived=True)
    read_properties()
    FieldMapping.objects.filter(pk=mapping.pk).update(active=False)
    read_properties()
    assert the_item().status == "resolved"


def test_looking_again_without_a_change_says_so(crm, mapping):
    changes(crm, archived=True)
    read_properties()
    fails_again(the_item(), read_properties)


def test_once_leads_lack_it_their_own_item_tells(crm, connection, mapping):
    changes(crm, archived=True)
    read_properties()
    make.lead(email="late@globex.example", industry="FINANCE")
    make.drain(connection)
    read_properties()
    assert the_item().status == "resolved"
    assert ExceptionItem.objects.filter(status="open").count() == 1
