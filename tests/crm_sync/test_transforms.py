"""What a line makes of a value: the day of a moment where it is asked for; lists are joined and values looked up anyway."""

from datetime import UTC, datetime

import pytest

from crm_sync.connectors import connector_class
from crm_sync.inbound.values import canonical_values
from crm_sync.models import FieldMapping
from crm_sync.outbound import preview
from crm_sync.outbound.crm_fields import CRM_FIELDS, is_moment
from crm_sync.schema import reading
from intake.canonical import CANONICAL_FIELDS
from intake.models import Lead
from routing.models import WorkCalendar
from tests.crm_sync.test_mapping_lines import errors, page
from tests.crm_sync.test_values_that_do_not_fit import PATH, make_choice, value_of
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["page"]

LATE = datetime(2026, 11, 26, 23, 30, tzinfo=UTC)


@pytest.fixture
def day(crm):
    """Two properties there that take a day."""
    crm.call("POST", f"{PATH}/groups", {"name": "own", "label": "Own"})
    for name in ("came_on", "came_on_there"):
        crm.call(
            "POST",
            PATH,
            {"name": name, "label": "Came on", "type": "date", "fieldType": "date", "groupName": "own"},
        )


def line(connection, canonical, name, **more):
    return FieldMapping.objects.create(
        connection=connection, canonical=canonical, property=name, position=90, **more
    )


def test_the_day_of_a_moment_is_that_of_its_zone(crm, connection, day):
    line(connection, "created_at", "came_on", transform="day")
    line(connection, "created_at", "came_on_there", transform="day", zone="Europe/Berlin")
    line(connection, "created_at", "leadops_came_on", transform="day", zone="America/New_York")
    lead = make.lead()
    Lead.objects.update(created_at=LATE)
    shown = {
        each.property: each.value
        for each in preview.of_lead(connection, list(connection.mappings.all()), lead)
    }
    make.drain(connection)
    found = {name: value_of(crm, lead, name) for name in ("came_on", "came_on_there", "leadops_came_on")}
    assert found == {"came_on": "2026-11-26", "came_on_there": "2026-11-27", "leadops_came_on": "2026-11-26"}
    assert {name: shown[name] for name in found} == found
    assert crm.call("GET", f"{PATH}/leadops_came_on")["type"] == "date"
    mappings = list(connection.mappings.all())
    assert "created_at" not in canonical_values(mappings, found, names=connector_class("hubspot").names)


def test_days_are_offered_of_moments_only_and_in_the_zones_of_the_calendars(page, crm, day):
    WorkCalendar.objects.create(name="DACH", timezone="Europe/Berlin")
    reading.read_now(page.connection)
    shown = page.client.get(page.url).text
    moments = {each.name for each in CRM_FIELDS if each.type == "datetime"} | {
        name for name, each in CANONICAL_FIELDS.items() if each.kind == "datetime"
    }
    assert moments == {
        "routed_at", "sla_due_at", "contacted_at", "last_submitted_at", "created_at", "submitted_at"
    }  # fmt: skip
    for name in (*(each.name for each in CRM_FIELDS), *CANONICAL_FIELDS):
        assert (f'value="{name}|day|Europe/Berlin"' in shown) == (name in moments) == is_moment(name)
        assert (f'value="{name}|day|"' in shown) == (name in moments)
    chosen = {"canonical": "routed_at|day|Europe/Berlin", "property": "came_on"}
    assert page.save(routed_at=chosen).status_code == 302
    stored = FieldMapping.objects.get(canonical="routed_at")
    assert (stored.transform, stored.zone) == ("day", "Europe/Berlin")
    # It is shown as it was chosen, also where no calendar has the zone any more, and kept.
    WorkCalendar.objects.all().delete()
    assert 'value="routed_at|day|Europe/Berlin" selected' in page.client.get(page.url).text
    assert page.save(company={"mode": "overwrite"}).status_code == 302
    stored.refresh_from_db()
    assert (stored.property, stored.zone) == ("came_on", "Europe/Berlin")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (
            {"property": "came_on"},
            "“came_on” is a day, and Routed at a moment: choose Routed at among the days",
        ),
        (
            {"canonical": "routed_at|day|", "property": "closedate"},
            "“closedate” is a moment, and a day is none",
        ),
        ({"canonical": "routed_at|day|", "property": "heads"}, "“heads” is a number, and a day is none"),
        ({"canonical": "company|day|"}, "company|day| is not one of the available choices"),
        ({"canonical": "routed_at|day|Europe/Bielefeld"}, "is not one of the available choices"),
    ],
)
def test_a_moment_is_no_day_and_a_day_no_moment(page, crm, day, typed, said):
    number = {"name": "heads", "label": "Heads", "type": "number", "fieldType": "number", "groupName": "own"}
    crm.call("POST", PATH, number)
    reading.read_now(page.connection)
    found = errors(page.save(routed_at=typed))
    assert list(found) == ["canonical"]
    assert said in found["canonical"]


def test_a_list_is_joined_by_itself_for_texts_and_for_several_options(crm, connection):
    make_choice(crm, name="parts", options=[("A", "a"), ("B", "b")], fieldType="checkbox")
    line(connection, "extra.parts", "parts")
    line(connection, "extra.parts", "jobtitle")
    lead = make.lead(extra={"parts": ["A", "B"]})
    make.drain(connection)
    assert (value_of(crm, lead, "parts"), value_of(crm, lead, "jobtitle")) == ("A;B", "A;B")


def test_a_look_up_is_the_translation_of_a_line(page, crm):
    assert "Look-up (ours=theirs)" in page.client.get(page.url).text
    assert page.save(company={"values": "Globex=Globex Corp"}).status_code == 302
    make.lead(company="Globex")
    make.drain(page.connection)
    assert [each["company"] for each in crm.contacts()] == ["Globex Corp"]
