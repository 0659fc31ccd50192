"""Calls, e-mails, meetings and notes, and what contacts, companies and deals keep of them."""

from __future__ import annotations

import pytest
from hubspot.crm.objects import (
    BatchReadInputSimplePublicObjectId,
    PublicObjectSearchRequest,
    SimplePublicObjectInput,
    SimplePublicObjectInputForCreate,
)

from tests.crm_sandbox.client import OBJECTS
from tests.crm_sandbox.receiver import Receiver

CONTROL = "/control/hubspot"
AT, LATER = "2026-03-02T14:30:00.000Z", "2026-03-05T09:00:00.000Z"
KINDS = ("calls", "emails", "meetings", "notes")
TO = {
    "contacts": {"calls": 194, "emails": 198, "meetings": 200, "notes": 202},
    "companies": {"calls": 182, "emails": 186, "meetings": 188, "notes": 190},
    "deals": {"calls": 206, "emails": 210, "meetings": 212, "notes": 214},
}
KEPT = (
    "notes_last_contacted",
    "notes_last_updated",
    "num_contacted_notes",
    "num_notes",
    "hs_sales_email_last_replied",
    "hs_last_sales_activity_timestamp",
)


@pytest.fixture
def contact(bare):
    return bare.contact(email="jana@example.test")


def log(bare, kind, contact, at=AT, **more):
    answer = bare.post(f"{CONTROL}/engagements", {"kind": kind, "contact": contact, "at": at, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def values(bare, kind, id, *names):
    found = bare.get(f"{OBJECTS}/{kind}/{id}?properties={','.join(names)}").json()["properties"]
    return [found[name] for name in names]


def link_to(kind, end, id):
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": TO[end][kind]}]
    return {"to": {"id": id}, "types": types}


@pytest.mark.parametrize("kind", KINDS)
def test_the_vendors_client_makes_reads_finds_and_changes_each_kind(sdk, bare, kind, contact):
    company, deal = (
        bare.post(f"{CONTROL}/{name}", {"properties": {}}).json()["id"] for name in ("companies", "deals")
    )
    api = getattr(sdk.crm.objects, kind)
    links = [
        link_to(kind, end, id) for end, id in (("contacts", contact), ("companies", company), ("deals", deal))
    ]
    properties = {"hs_timestamp": AT, "hubspot_owner_id": "71000108"}
    made = api.basic_api.create(SimplePublicObjectInputForCreate(properties=properties, associations=links))
    for end, id in (("contacts", contact), ("companies", company), ("deals", deal)):
        (there,) = sdk.crm.associations.v4.basic_api.get_page(kind, made.id, end).results
        assert (str(there.to_object_id), there.association_types[0].type_id) == (id, TO[end][kind])
        (back,) = sdk.crm.associations.v4.basic_api.get_page(end, id, kind).results
        assert back.association_types[0].type_id == TO[end][kind] - 1
        assert values(bare, end, id, "notes_last_updated") == [AT]
    assert [each.id for each in api.basic_api.get_page().results] == [made.id]
    asked = BatchReadInputSimplePublicObjectId(
        inputs=[{"id": made.id}], properties=["hs_timestamp"], properties_with_history=[]
    )
    assert api.batch_api.read(asked).results[0].properties["hs_timestamp"] == AT
    by_owner = {"propertyName": "hubspot_owner_id", "operator": "EQ", "value": "71000108"}
    asked = PublicObjectSearchRequest(filter_groups=[{"filters": [by_owner]}])
    assert [each.id for each in api.search_api.do_search(asked).results] == [made.id]
    api.basic_api.update(made.id, SimplePublicObjectInput(properties={"hs_timestamp": LATER}))
    assert values(bare, "contacts", contact, "notes_last_updated") == [LATER]
    api.basic_api.archive(made.id)
    assert values(bare, "contacts", contact, "notes_last_updated", "num_notes") == [None, None]


@pytest.mark.parametrize("kind", KINDS)
def test_the_dated_version_knows_each_kind(bare, kind, contact):
    path = f"/hubspot/crm/objects/2026-09/{kind}"
    body = {"properties": {"hs_timestamp": AT}, "associations": [link_to(kind, "contacts", contact)]}
    id = bare.post(path, body).json()["id"]
    assert [each["id"] for each in bare.get(path).json()["results"]] == [id]
    asked = {"inputs": [{"id": contact}]}
    found = bare.post(f"/hubspot/crm/associations/2026-09/contacts/{kind}/batch/read", asked).json()
    assert str(found["results"][0]["to"][0]["toObjectId"]) == id
    since = {"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": "0"}
    body = {"filterGroups": [{"filters": [since]}], "sorts": ["hs_lastmodifieddate"]}
    assert [each["id"] for each in bare.post(f"{path}/search", body).json()["results"]] == [id]
    definitions = bare.get(f"/hubspot/crm/properties/2026-09/{kind}").json()["results"]
    assert {"hs_timestamp", "hubspot_owner_id"} < {each["name"] for each in definitions}


@pytest.mark.parametrize("kind", KINDS)
def test_an_engagement_needs_the_moment_at_which_it_was(bare, kind):
    answer = bare.post(f"{OBJECTS}/{kind}", {"properties": {}})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "REQUIRED_FIELD")


def test_a_meeting_is_when_it_starts(bare):
    body = {"properties": {"hs_meeting_start_time": AT, "hs_meeting_title": "Demo"}}
    id = bare.post(f"{OBJECTS}/meetings", body).json()["id"]
    assert values(bare, "meetings", id, "hs_timestamp") == [AT]


def test_a_contact_keeps_when_it_was_contacted_and_when_it_answered(bare, contact):
    assert values(bare, "contacts", contact, *KEPT) == [None] * len(KEPT)
    log(bare, "note", contact, at=LATER)
    assert values(bare, "contacts", contact, *KEPT) == [None, LATER, "0", "1", None, None]
    log(bare, "call", contact)
    assert values(bare, "contacts", contact, *KEPT) == [AT, LATER, "1", "2", None, None]
    log(bare, "email", contact, at=LATER)
    assert values(bare, "contacts", contact, *KEPT) == [LATER, LATER, "2", "3", None, None]
    reply = log(bare, "email", contact, at="2026-03-06T09:00:00Z", direction="inbound")
    answered = "2026-03-06T09:00:00.000Z"
    assert values(bare, "contacts", contact, *KEPT) == [answered, answered, "3", "4", answered, answered]
    bare.call("DELETE", f"{CONTROL}/emails/{reply}")
    assert values(bare, "contacts", contact, *KEPT) == [LATER, LATER, "2", "3", None, None]
    bare.post(f"{CONTROL}/emails/{reply}/restore", {})
    assert values(bare, "contacts", contact, "hs_sales_email_last_replied") == [answered]


def test_a_meeting_that_is_still_to_come_has_contacted_nobody(bare, contact):
    id = log(bare, "meeting", contact, at="2099-01-01T10:00:00Z")
    assert values(bare, "meetings", id, "hs_meeting_outcome") == ["SCHEDULED"]
    assert values(bare, "contacts", contact, "notes_last_contacted") == [None]


def test_what_a_contact_keeps_goes_with_its_engagements_into_a_merge(bare, contact):
    other = bare.contact(email="omar@example.test")
    log(bare, "call", contact)
    log(bare, "call", other, at=LATER)
    new = bare.post(f"{CONTROL}/contacts/merge", {"primary": contact, "other": other}).json()["id"]
    assert values(bare, "contacts", new, "notes_last_contacted", "num_contacted_notes") == [LATER, "2"]


def test_taking_an_engagement_from_a_contact_takes_its_moment_too(bare, contact):
    id = log(bare, "call", contact)
    bare.call("DELETE", f"/hubspot/crm/v4/objects/contacts/{contact}/associations/calls/{id}")
    assert values(bare, "contacts", contact, "notes_last_contacted") == [None]


def test_a_control_logs_each_kind_in_the_words_that_people_use(bare, contact):
    call = log(
        bare, "call", contact, owner="bob@acme.test", outcome="no answer", title="First try", text="Hm"
    )
    names = ("hs_call_direction", "hs_call_status", "hs_call_disposition", "hs_call_title", "hs_call_body")
    assert values(bare, "calls", call, *names, "hubspot_owner_id") == [
        "OUTBOUND",
        "COMPLETED",
        "73a0d17f-1163-4015-bdd5-ec830791da20",
        "First try",
        "Hm",
        "71000108",
    ]
    email = log(bare, "email", contact, title="Hello")
    assert values(bare, "emails", email, "hs_email_direction", "hs_email_status", "hs_email_subject") == [
        "EMAIL",
        "SENT",
        "Hello",
    ]
    meeting = log(bare, "meeting", contact, outcome="no show")
    assert values(bare, "meetings", meeting, "hs_meeting_outcome", "hs_meeting_start_time") == ["NO_SHOW", AT]
    several = [{"kind": "note", "contact": contact, "text": text} for text in ("a", "b")]
    assert len(bare.post(f"{CONTROL}/engagements", several).json()["ids"]) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "letter"},
        {"kind": "call", "outcome": "bored"},
        {"kind": "email", "direction": "sideways"},
        {"kind": "call", "at": "soon"},
        {"kind": "call", "owner": "nobody@acme.test"},
        {"kind": "call", "contact": "999"},
    ],
)
def test_a_control_refuses_what_is_no_engagement_and_logs_nothing(bare, wrong):
    assert bare.post(f"{CONTROL}/engagements", wrong).status_code in (400, 404)
    assert bare.get(f"{OBJECTS}/calls").json()["results"] == []


def test_a_logged_call_is_told_by_webhook_as_a_change_of_the_contact(bare, contact):
    with Receiver() as receiver:
        bare.post("/control/webhooks", {"target": "hubspot", "url": receiver.url, "secret": receiver.secret})
        log(bare, "call", contact, owner="bob@acme.test")
        told = {}
        while "notes_last_contacted" not in told:
            told |= {each.get("propertyName"): each for each in receiver.next()}
    event = told["notes_last_contacted"]
    assert (event["subscriptionType"], event["objectId"]) == ("contact.propertyChange", int(contact))
    assert event["propertyValue"] == AT
    assert event["changeSource"] == "ENGAGEMENTS"
