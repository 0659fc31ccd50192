from __future__ import annotations

import pytest
from hubspot.crm.contacts import (
    ApiException,
    BatchInputSimplePublicObjectBatchInput,
    BatchInputSimplePublicObjectBatchInputForCreate,
    BatchInputSimplePublicObjectBatchInputUpsert,
    BatchInputSimplePublicObjectId,
    BatchReadInputSimplePublicObjectId,
    BatchResponseSimplePublicObjectWithErrors,
)

from tests.crm_sandbox.client import OBJECTS


@pytest.fixture
def batches(sdk):
    return sdk.crm.contacts.batch_api


def everybody(bare):
    return {
        each["properties"]["email"]
        for each in bare.get(f"{OBJECTS}/contacts?limit=100&properties=email").json()["results"]
    }


def test_it_creates_a_batch(batches):
    inputs = [{"properties": {"email": f"u{number}@example.test"}} for number in range(100)]
    answer = batches.create(BatchInputSimplePublicObjectBatchInputForCreate(inputs=inputs))
    assert answer.status == "COMPLETE"
    assert len({each.id for each in answer.results}) == 100


def test_it_tells_bad_items_apart_in_a_207_when_every_input_can_be_traced(batches, bare):
    known = bare.contact(email="known@example.test")
    inputs = [
        {"objectWriteTraceId": "one", "properties": {"email": "new@example.test"}},
        {"objectWriteTraceId": "two", "properties": {"email": "known@example.test"}},
        {"objectWriteTraceId": "three", "properties": {"email": "x@example.test", "leadops_nothing": "1"}},
    ]
    answer = batches.create(BatchInputSimplePublicObjectBatchInputForCreate(inputs=inputs))
    assert isinstance(answer, BatchResponseSimplePublicObjectWithErrors)
    assert [(each.object_write_trace_id, each.properties["email"]) for each in answer.results] == [
        ("one", "new@example.test")
    ]
    assert answer.num_errors == 2
    assert [(error.context["objectWriteTraceId"], error.category) for error in answer.errors] == [
        (["two"], "CONFLICT"),
        (["three"], "VALIDATION_ERROR"),
    ]
    assert known in answer.errors[0].message
    assert "PROPERTY_DOESNT_EXIST" in answer.errors[1].message


def test_it_fails_the_whole_batch_when_an_input_cannot_be_traced(bare):
    inputs = [
        {"objectWriteTraceId": "one", "properties": {"email": "new@example.test"}},
        {"properties": {"email": "new2@example.test", "leadops_nothing": "1"}},
    ]
    assert bare.post(f"{OBJECTS}/contacts/batch/create", {"inputs": inputs}).status_code == 400
    assert everybody(bare) == set()


def test_it_reads_a_batch_by_a_unique_property_and_names_what_is_missing(batches, bare):
    id = bare.contact(email="a@example.test", city="Bonn")
    answer = batches.read(
        BatchReadInputSimplePublicObjectId(
            inputs=[{"id": "a@example.test"}, {"id": "nobody@example.test"}],
            id_property="email",
            properties=["city"],
            properties_with_history=[],
        )
    )
    assert [(each.id, each.properties["city"]) for each in answer.results] == [(id, "Bonn")]
    assert answer.errors[0].context == {"ids": ["nobody@example.test"]}


def test_it_reads_at_most_fifty_with_their_history(bare):
    inputs = [{"id": str(number)} for number in range(51)]
    body = {"inputs": inputs, "properties": [], "propertiesWithHistory": ["city"]}
    assert bare.post(f"{OBJECTS}/contacts/batch/read", body).status_code == 400


def test_it_updates_a_batch_and_names_what_is_missing(batches, bare):
    id = bare.contact(email="a@example.test")
    answer = batches.update(
        BatchInputSimplePublicObjectBatchInput(
            inputs=[
                {"id": id, "properties": {"city": "Bonn"}},
                {"id": "999", "properties": {"city": "Rome"}},
            ]
        )
    )
    assert [each.properties["city"] for each in answer.results] == ["Bonn"]
    assert (answer.errors[0].category, answer.errors[0].context) == ("OBJECT_NOT_FOUND", {"ids": ["999"]})


def test_it_upserts_by_our_unique_property_and_says_which_are_new(batches, bare):
    bare.make_lead_id()

    def upsert(*numbers):
        inputs = [
            {
                "id": f"lead-{number}",
                "idProperty": "leadops_lead_id",
                "properties": {"firstname": f"U{number}"},
                "objectWriteTraceId": str(number),
            }
            for number in numbers
        ]
        return batches.upsert(BatchInputSimplePublicObjectBatchInputUpsert(inputs=inputs)).results

    first = upsert(1, 2)
    again = upsert(2, 3)
    assert [each.new for each in first] == [True, True]
    assert [each.new for each in again] == [False, True]
    assert again[0].id == first[1].id
    assert first[0].properties["leadops_lead_id"] == "lead-1"


def test_it_upserts_only_the_properties_it_is_given(bare):
    bare.make_lead_id()
    bare.upsert({"id": "lead-1", "properties": {"firstname": "Jana", "city": "Bonn"}})
    id = bare.upsert({"id": "lead-1", "properties": {"city": "Berlin"}}).json()["results"][0]["id"]
    read = bare.get(f"{OBJECTS}/contacts/{id}?properties=firstname,city").json()["properties"]
    assert (read["firstname"], read["city"]) == ("Jana", "Berlin")


def test_it_fails_the_whole_upsert_for_one_bad_input(bare):
    bare.make_lead_id()
    good = {"id": "lead-1", "properties": {"email": "a@example.test"}, "objectWriteTraceId": "1"}
    bad = {"id": "lead-2", "properties": {"leadops_nothing": "1"}, "objectWriteTraceId": "2"}
    assert bare.upsert(good, bad).status_code == 400
    assert everybody(bare) == set()


def test_it_answers_409_when_an_upsert_would_make_a_second_contact_with_an_address(bare):
    bare.make_lead_id()
    known = bare.contact(email="a@example.test")
    answer = bare.upsert({"id": "lead-1", "properties": {"email": "a@example.test"}})
    assert answer.status_code == 409
    assert answer.json()["message"] == f"Contact already exists. Existing ID: {known}"
    adopted = bare.patch(f"{OBJECTS}/contacts/{known}", {"properties": {"leadops_lead_id": "lead-1"}})
    assert adopted.status_code == 200
    again = bare.upsert({"id": "lead-1", "properties": {"email": "a@example.test"}}).json()["results"][0]
    assert (again["id"], again["new"]) == (known, False)


def test_it_refuses_a_partial_upsert_by_email(bare):
    def upsert(**properties):
        inputs = [{"id": "a@example.test", "idProperty": "email", "properties": properties}]
        return bare.post(f"{OBJECTS}/contacts/batch/upsert", {"inputs": inputs})

    partial = upsert(city="Bonn")
    assert partial.status_code == 400
    assert partial.json()["message"].startswith("Partial upserts are not supported when using email")
    assert upsert(email="a@example.test", city="Bonn").json()["results"][0]["new"] is True


@pytest.mark.parametrize("id_property", ["city", "leadops_nothing", "", "hs_object_id"])
def test_it_upserts_by_unique_properties_only(bare, id_property):
    body = {"inputs": [{"id": "1", "idProperty": id_property, "properties": {"city": "Bonn"}}]}
    assert bare.post(f"{OBJECTS}/contacts/batch/upsert", body).status_code == 400


@pytest.mark.parametrize("action", ["create", "read", "update", "upsert"])
def test_it_refuses_more_than_a_hundred_inputs_and_none_at_all(batches, bare, action):
    inputs = [{"id": str(number), "properties": {}} for number in range(101)]
    with pytest.raises(ApiException) as caught:
        getattr(batches, action)({"inputs": inputs, "properties": [], "propertiesWithHistory": []})
    assert caught.value.status == 400
    assert bare.post(f"{OBJECTS}/contacts/batch/{action}", {"inputs": []}).status_code == 400


@pytest.mark.parametrize("action", ["update", "upsert"])
def test_it_refuses_the_same_id_twice(bare, action):
    bare.make_lead_id()
    inputs = [{"id": "7", "idProperty": "leadops_lead_id", "properties": {"city": "Bonn"}}] * 2
    answer = bare.post(f"{OBJECTS}/contacts/batch/{action}", {"inputs": inputs})
    assert answer.status_code == 400
    assert answer.json()["message"] == "Duplicate IDs found in batch input: [7]. IDs must be unique"


def test_it_archives_a_batch(batches, bare):
    id = bare.contact(email="a@example.test")
    batches.archive(BatchInputSimplePublicObjectId(inputs=[{"id": id}, {"id": "999"}]))
    assert everybody(bare) == set()
