"""Several fields in one property, and one field in several: what arrives there, what comes back, and what is refused."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm_sync import exception_kinds as kinds
from crm_sync.admin.who_decides import shared_of
from crm_sync.connectors import connector_class
from crm_sync.inbound import webhook_events
from crm_sync.inbound.values import canonical_values
from crm_sync.models import CrmDifference, FieldMapping, InboundEvent, LeftOutValue
from crm_sync.outbound import drift, left_out, preview
from crm_sync.schema import reading
from exception_queue.models import ExceptionItem
from tests.crm_sync.test_inbound import deliver, event, other_program_changes
from tests.crm_sync.test_mapping_lines import errors, page
from tests.crm_sync.test_reconciling import round_over
from tests.crm_sync.test_values_that_do_not_fit import PATH, make_choice, open_item, value_of
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["page"]


def lines(connection, name, *fields, how="join", separator=" ", **more):
    return [
        FieldMapping.objects.create(
            connection=connection,
            canonical=field,
            property=name,
            combine=how,
            separator=separator if how == "join" else "",
            position=90 + place,
            **more,
        )
        for place, field in enumerate(fields)
    ]


def decide(connection, **ownership):
    connection.ownership = ownership
    connection.save()


def test_values_are_joined_in_the_order_of_the_lines_and_what_is_empty_is_left_out(crm, connection):
    lines(connection, "address", "postal_code", "city", "state", separator=", ")
    whole = make.lead(email="a@globex.example", postal_code="10115", city="Berlin", state="Berlin")
    part = make.lead(email="b@globex.example", city="Bonn")
    none = make.lead(email="c@globex.example")
    make.drain(connection)
    found = [value_of(crm, lead, "address") for lead in (whole, part, none)]
    assert found == ["10115, Berlin, Berlin", "Bonn", None]
    FieldMapping.objects.filter(canonical="city").update(position=1)
    make.push(whole)
    make.drain(connection)
    assert value_of(crm, whole, "address") == "Berlin, 10115, Berlin"
    make.edit(whole, city="", state="", postal_code="")
    make.drain(connection)
    assert not value_of(crm, whole, "address")


def test_the_first_that_is_not_empty_is_written(crm, connection):
    lines(connection, "industry", "industry", "product_interest", how="first")
    one = make.lead(email="a@globex.example", industry="Mining", product_interest="Drills")
    other = make.lead(email="b@globex.example", product_interest="Drills")
    make.drain(connection)
    assert [value_of(crm, lead, "industry") for lead in (one, other)] == ["Mining", "Drills"]


def test_a_property_of_ours_is_made_as_a_text_for_what_is_joined(crm, connection):
    lines(connection, "leadops_summary", "score", "segment", separator=" / ")
    lead = make.lead(points=80, segment="hot")
    make.drain(connection)
    assert value_of(crm, lead, "leadops_summary") == "80 / hot"
    made = crm.call("GET", f"{PATH}/leadops_summary")
    assert (made["type"], made["label"]) == ("string", "Lead score + Segment")


def test_a_field_goes_to_two_properties_and_comes_back_by_the_first(crm, connection):
    crm.make_property("firm")
    FieldMapping.objects.create(connection=connection, canonical="company", property="firm", position=90)
    lead = make.lead(company="Globex")
    make.drain(connection)
    assert (value_of(crm, lead, "company"), value_of(crm, lead, "firm")) == ("Globex", "Globex")
    number = make.link_of(lead).remote_id
    crm.person_changes(number, firm="Other")
    deliver(event(crm, "firm"))
    webhook_events.work_all()
    lead.refresh_from_db()
    assert lead.company == "Globex"
    assert "goes there only" in InboundEvent.objects.latest("pk").result
    crm.person_changes(number, company="Initech")
    deliver(event(crm, "company"))
    webhook_events.work_all()
    lead.refresh_from_db()
    assert lead.company == "Initech"
    make.push(lead)
    make.drain(connection)
    assert value_of(crm, lead, "firm") == "Initech"
    assert shared_of(connection).count("company") == 1


def test_what_several_fields_are_made_into_does_not_come_back(crm, connection):
    lines(connection, "address", "city", "company")
    decide(connection, city={"direction": "to_crm"})
    lead = make.lead(city="Springfield", company="Globex")
    make.drain(connection)
    crm.person_changes(make.link_of(lead).remote_id, address="Elsewhere")
    deliver(event(crm, "address"))
    webhook_events.work_all()
    lead.refresh_from_db()
    assert (lead.city, lead.company) == ("Springfield", "Globex")
    make.push(lead)
    make.drain(connection)
    assert value_of(crm, lead, "address") == "Elsewhere"
    make.edit(lead, city="Shelbyville")
    make.drain(connection)
    assert value_of(crm, lead, "address") == "Shelbyville Globex"


def test_where_we_decide_about_all_of_it_a_change_there_is_changed_back(crm, connection):
    lines(connection, "address", "score", "segment")
    lead = make.lead(points=80, segment="hot")
    make.drain(connection)
    other_program_changes(connection, crm, "address", "9 cold")
    assert value_of(crm, lead, "address") == "80 hot"


def test_a_field_that_the_crm_keeps_is_still_written_where_it_does_not_come_back(crm, connection):
    crm.make_property("firm")
    FieldMapping.objects.create(connection=connection, canonical="company", property="firm", position=90)
    decide(connection, company={"system": "crm"})
    lead = make.lead(company="Globex")
    make.drain(connection)
    make.edit(lead, company="Initech")
    make.drain(connection)
    assert (value_of(crm, lead, "company"), value_of(crm, lead, "firm")) == ("Globex", "Initech")


def test_a_contact_made_there_says_nothing_by_what_is_joined(connection):
    lines(connection, "address", "city", "postal_code")
    FieldMapping.objects.create(connection=connection, canonical="city", property="town", position=99)
    FieldMapping.objects.create(connection=connection, canonical="city", property="town2", position=100)
    there = {"address": "10115 Berlin", "town": "Bonn", "town2": "Köln"}
    mappings = list(connection.mappings.filter(active=True))
    found = canonical_values(mappings, there, names=connector_class("hubspot").names)
    assert found == {"city": "Bonn"}


def test_the_value_that_is_no_option_is_the_one_that_is_told_and_a_translation_mends_it(crm, connection):
    make_choice(crm, name="parts", options=[("A", "a"), ("B", "b")], fieldType="checkbox")
    _, second = lines(connection, "parts", "industry", "product_interest", separator=";")
    lead = make.lead(industry="A", product_interest="Bee")
    make.drain(connection)
    item = open_item()
    assert (item.kind, item.subject_id) == (kinds.VALUE_LEFT_OUT, str(second.pk))
    assert item.cause == "Product interest: “Bee” is no option of HubSpot’s “parts”; 1 lead."
    assert value_of(crm, lead, "parts") is None
    second.values = {"Bee": "B"}
    second.save()
    left_out.replay(connection, now=timezone.now(), changed=True)
    make.drain(connection)
    assert value_of(crm, lead, "parts") == "A;B"
    assert not LeftOutValue.objects.exists()
    assert not ExceptionItem.objects.filter(status="open").exists()
    # Each option once.
    same = make.lead(email="same@globex.example", industry="B", product_interest="Bee")
    make.drain(connection)
    assert value_of(crm, same, "parts") == "B"


def test_what_is_too_long_together_is_told_once_of_all_of_it_also_before_a_lead_fails(crm, connection):
    lines(connection, "address", "city", "state")
    lead = make.lead(city="S" * 30, state="I" * 30)
    make.drain(connection)
    connection.properties.filter(name="address").update(length=40)
    (found,) = drift.of_connection(connection, now=timezone.now())
    assert found.words == "City: “address” does not take every value that leads have."
    assert f"like “{'S' * 30} {'I' * 28}…”" in found.hit
    make.edit(lead, city="T" * 30)
    make.drain(connection)
    assert open_item().cause == "City + State: longer than HubSpot’s “address” takes; 1 lead."
    # The property itself is told once too.
    connection.properties.filter(name="address").update(length=None, read_only=True)
    assert [each.property_name for each in drift.of_connection(connection, now=timezone.now())] == ["address"]


def test_a_comparison_names_all_fields_of_a_property(crm, connection):
    lines(connection, "address", "score", "segment")
    lead = make.lead(points=80, segment="hot")
    make.drain(connection)
    crm.person_changes(make.link_of(lead).remote_id, address="9 cold")
    make.owner("bob@acme.test")
    type(lead).objects.update(created_at=timezone.now() - timedelta(days=7))
    round_over(connection)
    difference = CrmDifference.objects.get(kind="changed")
    assert [(each["label"], each["here"], each["there"]) for each in difference.lines] == [
        ("Lead score + Segment", "80 hot", "9 cold")
    ]


def test_a_list_is_added_to_what_is_there_value_by_value(crm, connection):
    make_choice(crm, name="parts", options=[("A", "a"), ("B", "b"), ("C", "c")], fieldType="checkbox")
    FieldMapping.objects.create(
        connection=connection, canonical="extra.parts", property="parts", mode="append", position=90
    )
    crm.add_contact(email="gina@globex.example", parts="B")
    lead = make.lead(extra={"parts": ["A", "B"]})
    make.drain(connection)
    assert value_of(crm, lead, "parts") == "B;A"


def test_the_preview_shows_one_line_for_a_property(crm, connection):
    lines(connection, "address", "city", "company", separator=", ")
    lead = make.lead(city="Bonn", company="Globex")
    shown = preview.of_lead(connection, list(connection.mappings.all()), lead)
    (one,) = [each for each in shown if each.property == "address"]
    assert (one.field, one.value) == ("City + Company", "Bonn, Globex")


JOINED = {"combine": "join-blank", "mode": "overwrite"}


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"combine": ""}, "property", "say on each line how they go together"),
        ({"combine": "first"}, "combine", "“First name” goes into “jobtitle” in another way"),
        ({"combine": "join-comma"}, "combine", "“First name” goes into “jobtitle” in another way"),
        ({**JOINED, "mode": "if_new"}, "mode", "“First name” is written to “jobtitle” in another mode"),
        (JOINED, "canonical", "cannot be taken apart into Last name again"),
    ],
)
def test_lines_that_do_not_go_together_are_refused_at_their_field(page, typed, field, said):
    decide(page.connection, first_name={"direction": "to_crm"})
    FieldMapping.objects.filter(canonical="first_name").update(
        property="jobtitle", combine="join", separator=" ", mode="overwrite"
    )
    found = errors(page.save(last_name={"property": "jobtitle", **typed}))
    assert list(found) == [field]
    assert said in found[field]


@pytest.mark.parametrize(
    ("name", "typed", "field", "said"),
    [
        ("closedate", JOINED, "combine", "“closedate” is a moment, and joined values are a text"),
        ("heat", JOINED, "combine", "“heat” is one option, and joined values are a text"),
        ("parts", JOINED, "combine", "takes several options, with “;” between: join by that."),
        ("email", JOINED, "property", "“email” says who somebody is there: one line fills it"),
        ("jobtitle", {**JOINED, "mode": "append"}, "mode", "Joined values cannot be added"),
    ],
)
def test_what_a_property_does_not_take_together_is_refused(page, crm, name, typed, field, said):
    make_choice(crm, name="heat")
    make_choice(crm, name="parts", fieldType="checkbox")
    reading.read_now(page.connection)
    decide(page.connection, default={"direction": "to_crm"}, email={"direction": "to_crm"})
    FieldMapping.objects.filter(canonical="first_name").update(
        property=name, combine="join", separator=" ", mode=typed["mode"]
    )
    if name == "email":
        FieldMapping.objects.filter(canonical="email").update(combine="join", separator=" ")
    found = errors(page.save(last_name={"property": name, **typed}))
    assert list(found) == [field]
    assert said in found[field]


def test_a_second_line_of_what_only_comes_from_there_is_refused_also_when_that_is_said_later(page):
    FieldMapping.objects.create(
        connection=page.connection, canonical="company", property="jobtitle", position=90
    )
    found = errors(page.save(company={}, goes={"goes_company": "from_crm"}))
    assert "Company comes only from there to here" in found["canonical"]


def test_lines_that_go_together_are_saved_with_their_separator(page):
    decide(page.connection, default={"direction": "to_crm"})
    assert page.save(last_name={"combine": "join-comma", "mode": "overwrite"}).status_code == 302
    joined = {"property": "lastname", "combine": "join-comma", "mode": "overwrite"}
    assert page.save(first_name=joined).status_code == 302
    stored = FieldMapping.objects.filter(property="lastname").values_list("combine", "separator")
    assert list(stored) == [("join", ", ")] * 2
    FieldMapping.objects.update(separator=" & ")
    shown = page.client.get(page.url).text
    assert '<option value="join-own" selected>Joined by “ &amp; ”</option>' in shown
    assert page.save(company={"mode": "overwrite"}).status_code == 302
    assert set(FieldMapping.objects.filter(property="lastname").values_list("separator", flat=True)) == {
        " & "
    }


def test_one_field_goes_to_one_property_once(page):
    answer = page.add(canonical="company", property="company")
    assert answer.status_code == 200
    assert "already" in answer.text or "duplicate" in answer.text
