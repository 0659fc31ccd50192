"""Everything that an admin can change under us in the CRM, at once: each is told before a lead fails on it, and closes when it is
mended."""

import pytest

from crm_sync import exception_kinds as kinds
from crm_sync.models import FieldMapping, LeftOutValue, OutboxEntry
from crm_sync.tasks import read_properties
from exception_queue.models import ExceptionItem
from tests.crm_sync.test_values_that_do_not_fit import PATH, make_choice
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db(transaction=True)

# Our field -> its property there.
LINES = {
    "company": "drill_gone",
    "job_title": "drill_type",
    "website": "drill_read_only",
    "city": "drill_renamed",
    "industry": "drill_options",
}
OPTIONS = [{"value": value, "label": value.title()} for value in ("FINANCE", "MACHINERY")]


def change(crm, name, **values):
    crm.call("PATCH", f"/control/hubspot/properties/contacts/{name}", values)


def text(crm, name, label):
    definition = {"name": name, "label": label, "type": "string", "fieldType": "text", "groupName": "own"}
    crm.call("POST", PATH, definition)


def archive(crm, email, *, archived=True):
    crm.call(
        "POST", "/control/owners", {"email": email, "name": email.partition("@")[0], "archived": archived}
    )


def lead(number, **values):
    return make.lead(
        email=f"person{number}@globex.example",
        to=make.owner("bob@acme.test" if number % 2 else "alice@acme.test"),
        company="Globex",
        job_title="Head of Sales",
        website="https://globex.example",
        city="Springfield",
        industry="FINANCE" if number % 4 else "MACHINERY",
        **values,
    )


@pytest.fixture
def leads(crm, connection):
    """Twenty leads stand there with all that they have, and nothing is wrong."""
    make_choice(crm, "drill_options", [(each["value"], each["label"]) for each in OPTIONS])
    for name in LINES.values():
        if name != "drill_options":
            text(crm, name, name.title())
    FieldMapping.objects.filter(connection=connection, canonical__in=LINES).delete()
    for position, (canonical, name) in enumerate(LINES.items(), start=50):
        FieldMapping.objects.create(
            connection=connection, canonical=canonical, property=name, position=position
        )
    found = [lead(number) for number in range(20)]
    make.drain(connection)
    read_properties()
    assert not ExceptionItem.objects.exists()
    return found


def items():
    """What is open, in the order of subjects: kind, label, cause."""
    rows = ExceptionItem.objects.filter(status="open").order_by("kind", "subject_label")
    return {(row.kind, row.subject_label): row.cause for row in rows}


def test_every_change_is_told_once_before_a_lead_fails_and_closes_when_it_is_mended(crm, connection, leads):
    change(crm, "drill_gone", archived=True)
    change(crm, "drill_type", type="number", fieldType="number")
    change(crm, "drill_read_only", readOnly=True)
    change(crm, "drill_renamed", archived=True)
    text(crm, "drill_renamed_2", "Drill_Renamed")
    change(crm, "drill_options", options=OPTIONS[:1])
    make.move(leads[1], make.owner("zoe@acme.test"))
    archive(crm, "alice@acme.test")
    missing = ["sales-email-read"]
    crm.call("POST", "/control/hubspot/scopes", {"missing": missing})

    read_properties()
    told = items()
    assert {label for _, label in told} == {
        "Company → drill_gone",
        "Job title → drill_type",
        "Website → drill_read_only",
        "City → drill_renamed",
        "Industry → drill_options",
        "Zoe",
        "Alice",
        "sales-email-read",
    }
    drift = {label: cause for (kind, label), cause in told.items() if kind == kinds.DRIFT}
    assert drift["Company → drill_gone"].endswith("20 leads have a value for it.")
    assert "20 leads there have one, like “Head of Sales”" in drift["Job title → drill_type"]
    assert "writes “drill_read_only” itself" in drift["Website → drill_read_only"]
    assert "“drill_renamed_2” is called “Drill_Renamed” too" in drift["City → drill_renamed"]
    assert "5 leads there have one, like “MACHINERY”" in drift["Industry → drill_options"]
    assert drift["Zoe"].endswith("Zoe has 1 open lead.")
    assert "10 open leads move at" in told[kinds.OWNER_ARCHIVED, "Alice"]
    # Nothing has failed yet, and another hour says nothing twice.
    assert not LeftOutValue.objects.exists()
    assert not OutboxEntry.objects.filter(status="dead").exists()
    read_properties()
    assert items() == told
    assert set(ExceptionItem.objects.values_list("count", flat=True)) == {1}

    change(crm, "drill_gone", archived=False)
    change(crm, "drill_type", type="string", fieldType="text")
    change(crm, "drill_read_only", readOnly=False)
    FieldMapping.objects.filter(property="drill_renamed").update(property="drill_renamed_2")
    change(crm, "drill_options", options=OPTIONS)
    archive(crm, "zoe@acme.test", archived=False)
    archive(crm, "alice@acme.test", archived=False)
    crm.call("POST", "/control/hubspot/scopes", {"missing": []})
    read_properties()
    assert items() == {}
    new = lead(99)
    make.drain(connection)
    asked = ",".join(["drill_gone", "drill_type", "drill_read_only", "drill_renamed_2", "drill_options"])
    there = crm.call(
        "GET", f"/hubspot/crm/v3/objects/contacts/{make.link_of(new).remote_id}?properties={asked}"
    )["properties"]
    assert {name: there[name] for name in asked.split(",")} == {
        "drill_gone": "Globex",
        "drill_type": "Head of Sales",
        "drill_read_only": "https://globex.example",
        "drill_renamed_2": "Springfield",
        "drill_options": "FINANCE",
    }
    assert items() == {}
