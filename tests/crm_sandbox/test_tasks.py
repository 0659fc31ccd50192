from __future__ import annotations

import json

import pytest
from hubspot.crm.associations.v4 import (
    BatchInputPublicAssociationMultiPost,
    BatchInputPublicDefaultAssociationMultiPost,
    BatchInputPublicFetchAssociationsBatchRequest,
)
from hubspot.crm.objects.tasks import (
    ApiException,
    BatchInputSimplePublicObjectBatchInputForCreate,
    PublicObjectSearchRequest,
    SimplePublicObjectInput,
    SimplePublicObjectInputForCreate,
)

from tests.crm_sandbox.client import OBJECTS, TO_CONTACT

DUE = "2026-03-02T14:30:00Z"


def task(contact, **properties):
    return SimplePublicObjectInputForCreate(
        properties={"hs_timestamp": DUE, "hs_task_subject": "Call Jana", "hs_task_type": "CALL"} | properties,
        associations=[{"to": {"id": contact}, "types": [TO_CONTACT]}] if contact else None,
    )


@pytest.fixture
def contact(bare):
    return bare.contact(email="jana@example.test")


@pytest.fixture
def tasks(sdk):
    return sdk.crm.objects.tasks


@pytest.fixture
def links(sdk):
    return sdk.crm.associations.v4


def test_it_makes_a_task_for_a_contact(sdk, tasks, links, contact):
    made = tasks.basic_api.create(task(contact, hs_task_priority="HIGH", hubspot_owner_id="71000101"))
    assert made.properties["hs_timestamp"] == "2026-03-02T14:30:00.000Z"
    (from_task,) = links.basic_api.get_page("tasks", made.id, "contacts").results
    assert (str(from_task.to_object_id), from_task.association_types[0].type_id) == (contact, 204)
    (from_contact,) = links.basic_api.get_page("contacts", contact, "tasks").results
    assert (str(from_contact.to_object_id), from_contact.association_types[0].type_id) == (made.id, 203)
    seen = sdk.crm.contacts.basic_api.get_by_id(contact, associations=["tasks"])
    assert [each.id for each in seen.associations["tasks"].results] == [made.id]


def test_it_needs_a_due_time(tasks):
    with pytest.raises(ApiException) as caught:
        tasks.basic_api.create(SimplePublicObjectInputForCreate(properties={"hs_task_subject": "Call"}))
    body = json.loads(caught.value.body)
    assert (caught.value.status, body["errors"][0]["context"]) == (400, {"propertyName": ["hs_timestamp"]})


def test_it_makes_a_batch_of_tasks_and_finds_them_by_owner(tasks, contact):
    answer = tasks.batch_api.create(
        BatchInputSimplePublicObjectBatchInputForCreate(
            inputs=[task(contact, hubspot_owner_id="71000101"), task(contact)]
        )
    )
    assert len(answer.results) == 2
    by_owner = {"propertyName": "hubspot_owner_id", "operator": "EQ", "value": "71000101"}
    found = tasks.search_api.do_search(PublicObjectSearchRequest(filter_groups=[{"filters": [by_owner]}]))
    assert [each.id for each in found.results] == [answer.results[0].id]


def test_it_completes_a_task(tasks, contact):
    id = tasks.basic_api.create(task(contact)).id
    tasks.basic_api.update(id, SimplePublicObjectInput(properties={"hs_task_status": "COMPLETED"}))
    read = tasks.basic_api.get_by_id(id, properties=["hs_task_status", "hs_task_completion_date"])
    assert read.properties["hs_task_status"] == "COMPLETED"
    assert read.properties["hs_task_completion_date"] is not None


def test_it_associates_by_default_both_ways(tasks, links, contact):
    id = tasks.basic_api.create(task(None)).id
    answer = links.basic_api.create_default("tasks", id, "contacts", contact)
    assert [
        (each._from.id, each.to.id, each.association_spec.association_type_id) for each in answer.results
    ] == [(id, contact, 204), (contact, id, 203)]
    again = links.batch_api.create_default(
        "tasks",
        "contacts",
        BatchInputPublicDefaultAssociationMultiPost(inputs=[{"from": {"id": id}, "to": {"id": contact}}]),
    )
    assert len(again.results) == 2
    assert len(links.basic_api.get_page("tasks", id, "contacts").results) == 1


def test_it_associates_a_batch_and_tells_missing_records_apart(tasks, links, contact):
    id = tasks.basic_api.create(task(None)).id
    answer = links.batch_api.create(
        "tasks",
        "contacts",
        BatchInputPublicAssociationMultiPost(
            inputs=[
                {"from": {"id": id}, "to": {"id": contact}, "types": [TO_CONTACT]},
                {"from": {"id": id}, "to": {"id": "999"}, "types": [TO_CONTACT]},
            ]
        ),
    )
    assert [str(each.to_object_id) for each in answer.results] == [contact]
    assert answer.errors[0].context["toObjectId"] == ["999"]


def test_it_reads_a_batch_of_associations_and_says_who_has_none(tasks, links, contact, bare):
    lonely = bare.contact(email="lonely@example.test")
    id = tasks.basic_api.create(task(contact)).id
    answer = links.batch_api.get_page(
        "contacts",
        "tasks",
        BatchInputPublicFetchAssociationsBatchRequest(inputs=[{"id": contact}, {"id": lonely}]),
    )
    assert [(each._from.id, str(each.to[0].to_object_id)) for each in answer.results] == [(contact, id)]
    assert answer.errors[0].sub_category == "crm.associations.NO_ASSOCIATIONS_FOUND"


def test_it_labels_a_primary_company_beside_the_plain_association(sdk, links, contact, bare):
    made = bare.post(f"{OBJECTS}/companies", {"properties": {"name": "Globex"}}).json()["id"]
    primary = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
    assert links.basic_api.create("contacts", contact, "companies", made, primary).labels == ["Primary"]
    (company,) = links.basic_api.get_page("contacts", contact, "companies").results
    assert {(each.type_id, each.label) for each in company.association_types} == {(279, None), (1, "Primary")}


def test_it_takes_an_association_away(tasks, links, contact):
    id = tasks.basic_api.create(task(contact)).id
    links.basic_api.archive("tasks", id, "contacts", contact)
    assert links.basic_api.get_page("contacts", contact, "tasks").results == []


def test_it_forgets_associations_with_archived_records(tasks, links, contact):
    id = tasks.basic_api.create(task(contact)).id
    tasks.basic_api.archive(id)
    assert links.basic_api.get_page("contacts", contact, "tasks").results == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("tasks/9001/associations/default/contacts/999", 404),
        ("tasks/999/associations/default/contacts/51", 404),
        ("tasks/9001/associations/default/tasks/9001", 400),
    ],
)
def test_it_refuses_associations_that_cannot_be(tasks, contact, bare, path, status):
    tasks.basic_api.create(task(None))
    assert bare.call("PUT", f"/hubspot/crm/v4/objects/{path}").status_code == status


def test_it_knows_when_a_deal_is_closed(bare):
    made = bare.post(
        f"{OBJECTS}/deals", {"properties": {"dealname": "Big", "dealstage": "contractsent"}}
    ).json()
    path = f"{OBJECTS}/deals/{made['id']}"
    read = bare.get(f"{path}?properties=hs_is_closed").json()
    assert read["properties"]["hs_is_closed"] == "false"
    bare.patch(path, {"properties": {"dealstage": "closedwon"}})
    assert bare.get(f"{path}?properties=hs_is_closed").json()["properties"]["hs_is_closed"] == "true"
