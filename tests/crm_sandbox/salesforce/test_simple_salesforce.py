"""simple-salesforce, which many use and nobody here has written, understands the answers of every address that it calls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceResourceNotFound,
)

from tests.crm_sandbox.salesforce.client import CLIENT, KEY, lead


class ToTheSandbox(HTTPAdapter):
    """The library knows https only, and a host for the login where the sandbox has a path."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def send(self, request, **more):
        parts = urlsplit(request.url)
        if parts.hostname.endswith(".salesforce.com"):
            request.url = f"{self.url}/salesforce{parts.path}"
        else:
            request.url = parts._replace(scheme="http").geturl()
        return super().send(request, **more)


@pytest.fixture
def stranger(org):
    """Logs in as the library does."""

    def log_in(**more):
        session = requests.Session()
        session.mount("https://", ToTheSandbox(org.url))
        usual = {
            "consumer_key": CLIENT["client_id"],
            "consumer_secret": CLIENT["client_secret"],
            "domain": "acme.my",
            "version": "66.0",
            "session": session,
        }
        return Salesforce(**usual | more)

    return log_in


def test_it_logs_in_and_hears_why_not(org, stranger):
    crm = stranger()
    assert crm.limits()["DailyApiRequests"]["Max"] == 101_000
    assert crm.api_usage["api-usage"].total == 101_000
    assert crm.is_sandbox() is True
    with pytest.raises(SalesforceAuthenticationFailed, match="invalid client credentials"):
        stranger(consumer_secret="other")
    org.org(run_as="")
    with pytest.raises(SalesforceAuthenticationFailed, match="no client credentials user enabled"):
        stranger()


def test_it_logs_in_anew_by_itself_when_its_session_has_ended(org, stranger):
    crm = stranger()
    org.control("sessions", method="DELETE")
    assert crm.query("SELECT Id FROM Lead")["totalSize"] == 0
    org.control("sessions", method="DELETE")
    org.org(run_as="")
    with pytest.raises((SalesforceExpiredSession, SalesforceAuthenticationFailed)):
        crm.query("SELECT Id FROM Lead")


def test_it_reads_describes(stranger):
    crm = stranger()
    listed = crm.describe()["sobjects"]
    assert "Lead" in [each["name"] for each in listed]
    fields = {each["name"]: each for each in crm.Lead.describe()["fields"]}
    assert fields[KEY]["unique"] is True
    assert crm.Lead.metadata()["objectDescribe"]["keyPrefix"] == "00Q"


def test_it_makes_reads_changes_and_deletes(org, stranger):
    crm = stranger()
    id = crm.Lead.create({"LastName": "Weiß", "Company": "Globex"})["id"]
    assert crm.Lead.update(id, {"City": "Bonn"}) == 204
    assert crm.Lead.get(id)["City"] == "Bonn"
    assert crm.Lead.upsert(f"{KEY}/l-1", {"LastName": "Weiß", "Company": "Globex"}) == 201
    assert crm.Lead.upsert(f"{KEY}/l-1", {"City": "Köln"}) == 200
    assert crm.Lead.get_by_custom_id(KEY, "l-1")["City"] == "Köln"
    assert crm.Lead.delete(id) == 204
    with pytest.raises(SalesforceResourceNotFound) as gone:
        crm.Lead.get(id)
    assert gone.value.content[0]["errorCode"] == "ENTITY_IS_DELETED"
    with pytest.raises(SalesforceMalformedRequest) as refused:
        crm.Lead.create({"LastName": "Weiß"})
    assert refused.value.content[0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    org.control(f"fields/Lead/{KEY}", {"unique": False})
    crm.Lead.create({"LastName": "Weiß", "Company": "Globex", KEY: "l-1"})
    with pytest.raises(SalesforceMoreThanOneRecord):
        crm.Lead.get_by_custom_id(KEY, "l-1")


def test_it_hears_of_duplicates(org, stranger):
    crm = stranger()
    body = {"LastName": "Weiß", "Company": "Globex", "Email": "jana@globex.example"}
    crm.Lead.create(body)
    org.control("duplicate_rules", {"action": "alert"})
    with pytest.raises(SalesforceMalformedRequest) as refused:
        crm.Lead.create(body)
    assert refused.value.content[0]["errorCode"] == "DUPLICATES_DETECTED"
    crm.Lead.create(body, headers={"Sforce-Duplicate-Rule-Header": "allowSave=true"})


def test_it_pages_through_a_query(org, stranger):
    crm = stranger()
    for start in range(0, 2200, 200):
        org.upsert(*(lead(f"k{number}") for number in range(start, start + 200)))
    found = crm.query_all("SELECT Id, Owner.Name FROM Lead ORDER BY Id")
    assert (found["totalSize"], len(found["records"])) == (2200, 2200)
    assert found["records"][0]["Owner"]["Name"] == "leadops Integration"
    first = crm.query("SELECT Id FROM Lead")
    assert first["done"] is False
    assert len(crm.query_more(first["nextRecordsUrl"], identifier_is_url=True)["records"]) == 200
    assert len(list(crm.query_all_iter("SELECT Id FROM Lead WHERE leadops_id__c LIKE 'k1%'"))) == 1111
    org.call("DELETE", f"/sobjects/Lead/{first['records'][0]['Id']}")
    deleted = crm.query("SELECT Id FROM Lead WHERE IsDeleted = true", include_deleted=True)
    assert deleted["totalSize"] == 1


def test_it_asks_what_changed_in_a_span(org, stranger):
    crm = stranger()
    kept, gone = org.make(), org.make()
    org.call("DELETE", f"/sobjects/Lead/{gone}")
    now = datetime.now(UTC)
    span = (now - timedelta(days=1), now + timedelta(minutes=5))
    assert crm.Lead.updated(*span)["ids"] == [kept]
    assert [each["id"] for each in crm.Lead.deleted(*span)["deletedRecords"]] == [gone]


def test_it_calls_collections_and_composite_by_their_paths(stranger):
    crm = stranger()
    path = f"composite/sobjects/Lead/{KEY}"
    made = crm.restful(path, method="PATCH", json={"records": [lead("a"), lead("b", Email="no")]})
    assert [each["success"] for each in made] == [True, False]
    read = crm.restful(
        "composite/sobjects/Lead", method="POST", json={"ids": [made[0]["id"]], "fields": [KEY]}
    )
    assert read[0][KEY] == "a"
    part = {
        "method": "GET",
        "url": f"/services/data/v66.0/sobjects/Lead/{made[0]['id']}",
        "referenceId": "one",
    }
    whole = crm.restful("composite", method="POST", json={"compositeRequest": [part]})
    assert whole["compositeResponse"][0]["body"][KEY] == "a"
