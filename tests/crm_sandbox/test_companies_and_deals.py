"""Companies and deals as whole objects: parents, primary companies, pipelines, and what closes a deal."""

from __future__ import annotations

import pytest
from hubspot.crm.associations import BatchInputPublicAssociation, BatchInputPublicObjectId

from tests.crm_sandbox.client import OBJECTS

CONTROL = "/control/hubspot"


def made(bare, kind, **body):
    answer = bare.post(f"{CONTROL}/{kind}", body)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def company(bare, name, **more):
    return made(bare, "companies", properties={"name": name}, **more)


def values(bare, kind, id, *names):
    found = bare.get(f"{OBJECTS}/{kind}/{id}?properties={','.join(names)}").json()["properties"]
    return [found[name] for name in names]


def test_the_pipeline_says_which_stages_close_a_deal_and_how_likely_each_is_to_be_won(sdk):
    (sales,) = sdk.crm.pipelines.pipelines_api.get_all("deals").results
    closed = {
        each.id: each.metadata["probability"] for each in sales.stages if each.metadata["isClosed"] == "true"
    }
    assert (sales.id, closed) == ("default", {"closedwon": "1.0", "closedlost": "0.0"})
    assert sdk.crm.pipelines.pipelines_api.get_by_id("deals", "default").label == "Sales Pipeline"
    stages = sdk.crm.pipelines.pipeline_stages_api
    assert [each.id for each in stages.get_all("deals", "default").results] == [
        each.id for each in sales.stages
    ]
    assert stages.get_by_id("deals", "default", "contractsent").display_order == 4


@pytest.mark.parametrize(
    ("path", "status"), [("deals/nothing", 404), ("deals/default/stages/nothing", 404), ("contacts", 400)]
)
def test_pipelines_that_do_not_exist_are_refused(bare, path, status):
    assert bare.get(f"/hubspot/crm/v3/pipelines/{path}").status_code == status


def test_a_deal_is_closed_by_its_pipelines_stages_whatever_they_are_called(bare):
    stages = [
        {"label": "Talking", "probability": 0.3},
        {"label": "Signed", "probability": 1, "closed": True},
        {"label": "Gone", "probability": 0, "closed": True},
    ]
    renewals = bare.post(f"{CONTROL}/pipelines", {"label": "Renewals", "stages": stages}).json()
    talking, signed, _ = (each["id"] for each in renewals["stages"])
    id = made(bare, "deals", properties={"dealname": "R", "pipeline": renewals["id"], "dealstage": talking})
    closed = ("hs_is_closed", "hs_is_closed_won", "dealstage")
    assert values(bare, "deals", id, *closed) == ["false", "false", talking]
    bare.post(f"{CONTROL}/deals/{id}/won", {})
    assert values(bare, "deals", id, *closed) == ["true", "true", signed]
    assert values(bare, "deals", id, "closedate")[0]
    bare.post(f"{CONTROL}/deals/{id}/lost", {})
    assert values(bare, "deals", id, "hs_is_closed", "hs_is_closed_won") == ["true", "false"]
    bare.post(f"{CONTROL}/deals/{id}/reopened", {})
    assert values(bare, "deals", id, *closed) == ["false", "false", talking]
    stray = bare.patch(f"{OBJECTS}/deals/{id}", {"properties": {"dealstage": "closedwon"}})
    assert (stray.status_code, stray.json()["errors"][0]["code"]) == (400, "INVALID_OPTION")


def test_a_deal_with_a_stage_and_no_pipeline_is_in_the_first_one(bare):
    id = made(bare, "deals", properties={"dealname": "Big", "dealstage": "contractsent"})
    assert values(bare, "deals", id, "pipeline", "hs_deal_stage_probability") == ["default", "0.9"]


def test_a_company_has_one_parent_set_by_an_association_or_a_control(bare):
    top, other = company(bare, "Globex Holding"), company(bare, "Initech")
    child = company(bare, "Globex GmbH", parent=top)
    assert values(bare, "companies", child, "hs_parent_company_id") == [top]
    to_parent = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 14}]
    path = f"/hubspot/crm/v4/objects/companies/{child}/associations/companies/{other}"
    assert bare.call("PUT", path, to_parent).status_code == 201
    assert values(bare, "companies", child, "hs_parent_company_id") == [other]
    assert values(bare, "companies", other, "hs_parent_company_id") == [None]
    bare.call("DELETE", path)
    assert values(bare, "companies", child, "hs_parent_company_id") == [None]


def test_the_first_company_of_a_contact_is_its_primary_one_until_another_is_marked_so(bare):
    one, two = company(bare, "Globex"), company(bare, "Initech")
    id = made(bare, "contacts", properties={"email": "a@example.test"}, company=[one, two])
    assert values(bare, "contacts", id, "associatedcompanyid") == [one]
    body = {"from": ["contacts", id], "to": ["companies", two], "type": 1}
    assert bare.post(f"{CONTROL}/associations", body).status_code == 201
    assert values(bare, "contacts", id, "associatedcompanyid") == [two]
    assert bare.call("DELETE", f"{CONTROL}/associations", body).status_code == 204
    assert values(bare, "contacts", id, "associatedcompanyid") == [None]
    results = bare.get(f"/hubspot/crm/v4/objects/contacts/{id}/associations/companies").json()["results"]
    assert [str(each["toObjectId"]) for each in results] == [one]


def test_version_3_names_association_types_in_batches(sdk, bare):
    globex = company(bare, "Globex")
    contact = made(bare, "contacts", properties={"email": "a@example.test"}, company=globex)
    deal = made(bare, "deals", properties={"dealname": "Big"}, contact=contact)
    links = sdk.crm.associations.batch_api
    asked = BatchInputPublicObjectId(inputs=[{"id": contact}])
    (found,) = links.read("contacts", "companies", asked).results
    assert [(each.id, each.type) for each in found.to] == [
        (globex, "contact_to_company_unlabeled"),
        (globex, "contact_to_company"),
    ]
    pair = {"from": {"id": deal}, "to": {"id": globex}, "type": "deal_to_company"}
    assert (
        links.create("deals", "companies", BatchInputPublicAssociation(inputs=[pair])).results[0].to.id
        == globex
    )
    (found,) = links.read("deals", "companies", BatchInputPublicObjectId(inputs=[{"id": deal}])).results
    assert {each.type for each in found.to} == {"deal_to_company", "deal_to_company_unlabeled"}
    links.archive("deals", "companies", BatchInputPublicAssociation(inputs=[pair]))
    body = bare.post("/hubspot/crm/v3/associations/deals/companies/batch/read", {"inputs": [{"id": deal}]})
    assert (body.status_code, body.json()["results"]) == (207, [])


@pytest.mark.parametrize("version", ["/crm/v4/associations", "/crm/associations/2026-09"])
@pytest.mark.parametrize("ends", [("contacts", "companies"), ("deals", "contacts"), ("deals", "companies")])
def test_associations_are_read_in_batches_by_both_versions(bare, version, ends):
    there = {"companies": company(bare, "Globex")}
    there["contacts"] = made(
        bare, "contacts", properties={"email": "a@example.test"}, company=there["companies"]
    )
    there["deals"] = made(
        bare, "deals", properties={"dealname": "B"}, contact=there["contacts"], company=there["companies"]
    )
    start, end = ends
    body = {"inputs": [{"id": there[start]}]}
    (found,) = bare.post(f"/hubspot{version}/{start}/{end}/batch/read", body).json()["results"]
    assert [str(each["toObjectId"]) for each in found["to"]] == [there[end]]


def test_a_label_is_taken_off_and_the_association_stays(bare):
    globex = company(bare, "Globex")
    id = made(bare, "contacts", properties={"email": "a@example.test"}, company=globex)
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
    inputs = [{"from": {"id": id}, "to": {"id": globex}, "types": types}]
    path = "/hubspot/crm/associations/2026-09/contacts/companies"
    assert bare.post(f"{path}/batch/labels/archive", {"inputs": inputs}).status_code == 204
    (found,) = bare.post(f"{path}/batch/read", {"inputs": [{"id": id}]}).json()["results"]
    assert [each["typeId"] for each in found["to"][0]["associationTypes"]] == [279]
    assert {each["typeId"] for each in bare.get(f"{path}/labels").json()["results"]} == {279, 1}
    assert values(bare, "contacts", id, "associatedcompanyid") == [None]


def test_a_list_goes_on_behind_its_last_one_and_archived_ones_have_their_own(bare):
    ids = [company(bare, f"Globex {number}") for number in range(5)]
    bare.call("DELETE", f"{CONTROL}/companies/{ids[1]}")
    found, after = [], ""
    while True:
        page = bare.get(f"{OBJECTS}/companies?limit=2{after}").json()
        found += [each["id"] for each in page["results"]]
        if "paging" not in page:
            break
        after = f"&after={page['paging']['next']['after']}"
    assert found == [ids[0], *ids[2:]]
    archived = bare.get(f"{OBJECTS}/companies?archived=true").json()["results"]
    assert [(each["id"], each["archived"]) for each in archived] == [(ids[1], True)]


def test_a_record_says_where_it_comes_from(bare):
    sources = ("hs_object_source", "hs_object_source_id")
    ours = bare.contact(email="a@example.test")
    assert values(bare, "contacts", ours, *sources) == ["INTEGRATION", "1160452"]
    theirs = made(bare, "contacts", properties={}, source="INTEGRATION")
    assert values(bare, "contacts", theirs, *sources) == ["INTEGRATION", "999"]
    for source, body in (("CRM_UI", {}), ("FORM", {"source": "FORM"}), ("IMPORT", {"source": "IMPORT"})):
        id = made(bare, "contacts", properties={}, **body)
        assert values(bare, "contacts", id, "hs_object_source") == [source]
    assert bare.post(f"{CONTROL}/contacts", {"source": "THIN_AIR"}).status_code == 400


def test_people_have_controls_for_owners_and_lifecycles_and_can_say_who_they_are(bare):
    owner = bare.get("/hubspot/crm/v3/owners?email=bob@acme.test").json()["results"][0]
    for kind in ("contacts", "companies"):
        id = made(bare, kind, properties={}, owner="alice@acme.test")
        body = {"owner": "bob@acme.test", "by": "bob@acme.test"}
        assert bare.post(f"{CONTROL}/{kind}/{id}/owner", body).status_code == 200
        bare.post(f"{CONTROL}/{kind}/{id}/lifecycle", {"stage": "customer"})
        read = bare.get(f"{OBJECTS}/{kind}/{id}?propertiesWithHistory=hubspot_owner_id,lifecyclestage").json()
        assert read["properties"]["lifecyclestage"] == "customer"
        newest = read["propertiesWithHistory"]["hubspot_owner_id"][0]
        assert (newest["value"], newest["sourceId"]) == (owner["id"], f"userId:{owner['userId']}")
        bare.post(f"{CONTROL}/{kind}/{id}/owner", {"owner": ""})
        assert values(bare, kind, id, "hubspot_owner_id") == [None]
    assert bare.post(f"{CONTROL}/contacts/51/owner", {"owner": "nobody@acme.test"}).status_code == 400


def test_a_control_makes_several_or_none(bare):
    body = [{"properties": {"email": f"k{number}@example.test"}} for number in range(3)]
    assert len(bare.post(f"{CONTROL}/contacts", body).json()["ids"]) == 3
    body = [{"properties": {"email": "new@example.test"}}, {"properties": {"email": "k0@example.test"}}]
    assert bare.post(f"{CONTROL}/contacts", body).status_code == 409
    assert len(bare.get(f"{OBJECTS}/contacts").json()["results"]) == 3
    for kind, body in (("deals", {"parent": "7001"}), ("contacts", {"company": "999"}), ("contacts", "x")):
        assert bare.post(f"{CONTROL}/{kind}", body).status_code in (400, 404)


def test_a_contact_is_found_by_its_additional_addresses_too_and_nobody_else_may_have_them(bare):
    id = bare.contact(email="a@example.test", hs_additional_emails="B@example.test;c@example.test")
    body = {"idProperty": "email", "inputs": [{"id": "b@example.test"}, {"id": "C@example.test"}]}
    found = bare.post(f"{OBJECTS}/contacts/batch/read", body).json()["results"]
    assert [each["id"] for each in found] == [id]
    assert bare.post(f"{OBJECTS}/contacts", {"properties": {"email": "c@example.test"}}).status_code == 409
    bare.patch(f"{OBJECTS}/contacts/{id}", {"properties": {"hs_additional_emails": "b@example.test"}})
    assert bare.post(f"{OBJECTS}/contacts", {"properties": {"email": "c@example.test"}}).status_code == 201


def search(bare, **filter):
    body = {"filterGroups": [{"filters": [filter]}]}
    return [each["id"] for each in bare.post(f"{OBJECTS}/contacts/search", body).json()["results"]]


def test_a_search_by_address_finds_additional_ones_only_when_asked_for_them(bare):
    id = bare.contact(email="a@example.test", hs_additional_emails="b@example.test;c@example.test")
    assert search(bare, propertyName="email", operator="EQ", value="b@example.test") == []
    assert search(bare, propertyName="hs_additional_emails", operator="EQ", value="b@example.test") == [id]
    listed = ["x@example.test", "C@example.test"]
    assert search(bare, propertyName="hs_additional_emails", operator="IN", values=listed) == [id]
