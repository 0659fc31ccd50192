"""HubSpot's refusals, as recorded and documented, and the decisions read out of them."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from crm_sync.connectors.budget import Budget
from crm_sync.connectors.hubspot import errors, events
from crm_sync.connectors.hubspot.limits import read_limits
from plumbing.http import Answer, AuthLost, Permanent, Throttled, Transient

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
EMBEDDED = (
    'Property values were not valid: [{"isValid":false,"message":"Property \\"town\\" does not exist",'
    '"error":"PROPERTY_DOESNT_EXIST","name":"town","localizedErrorMessage":"Property \\"town\\" does not exist"}]'
)


def refused(status, body):
    return Permanent("HubSpot answered.", status=status, body=body, answer=Answer(status, {}, body))


def test_it_finds_the_property_in_the_text_of_the_message():
    said = errors.refusal({"status": "error", "message": EMBEDDED, "category": "VALIDATION_ERROR"})
    assert said.properties == {"town": errors.UNKNOWN_PROPERTY}
    assert said.message == 'Property "town" does not exist'


def test_it_finds_the_property_among_the_errors():
    listed = [{"message": "m", "code": "INVALID_OPTION", "context": {"propertyName": ["hs_lead_status"]}}]
    said = errors.refusal({"message": "Some properties are not valid", "errors": listed})
    assert said.properties == {"hs_lead_status": "INVALID_OPTION"}


@pytest.mark.parametrize(
    "body", [{}, {"message": None}, {"message": "[{not json"}, {"errors": [1, {"context": []}]}]
)
def test_it_survives_a_refusal_without_words(body):
    assert errors.refusal(body).properties == {}


def test_it_reads_the_number_of_the_contact_that_exists():
    assert errors.existing_id("Contact already exists. Existing ID: 12345") == "12345"
    assert errors.existing_id("Contact already exists.") == ""


def test_missing_scopes_concern_the_whole_connection():
    error = errors.judged(refused(403, {"category": "MISSING_SCOPES", "message": "scopes"}))
    assert isinstance(error, AuthLost)


def test_a_page_of_somebody_else_is_no_refusal_of_a_lead():
    assert isinstance(errors.judged(refused(404, None)), Transient)


def test_a_refusal_of_hubspots_own_stays_one():
    error = refused(404, {"category": "OBJECT_NOT_FOUND", "message": "resource not found"})
    assert errors.judged(error) is error


def test_the_budget_lets_nothing_through_until_its_window_is_over():
    budget = Budget({})
    headers = {"X-HubSpot-RateLimit-Remaining": "0", "X-HubSpot-RateLimit-Interval-Milliseconds": "10000"}
    budget.note(read_limits(headers), now=NOW)
    with pytest.raises(Throttled) as caught:
        budget.check(now=NOW + timedelta(seconds=9))
    assert caught.value.retry_at == NOW + timedelta(seconds=10)
    budget.check(now=NOW + timedelta(seconds=10))


def test_a_used_up_day_pauses_for_longer():
    budget = Budget({})
    headers = {"X-HubSpot-RateLimit-Daily-Remaining": "0", "X-HubSpot-RateLimit-Remaining": "99"}
    budget.note(read_limits(headers), now=NOW)
    with pytest.raises(Throttled):
        budget.check(now=NOW + timedelta(minutes=14))


def test_the_budget_is_kept_between_senders():
    first = Budget({})
    first.note(read_limits({"X-HubSpot-RateLimit-Remaining": "0"}), now=NOW)
    with pytest.raises(Throttled):
        Budget(first.state).check(now=NOW)


def test_an_answer_without_rate_headers_says_nothing():
    budget = Budget({"remaining": 5})
    budget.note(read_limits({}), now=NOW)
    assert budget.state == {"remaining": 5}


@pytest.mark.parametrize(
    "event",
    [
        {"subscriptionType": "company.propertyChange", "objectId": 151},
        {"subscriptionType": "deal.associationChange", "fromObjectId": 151, "toObjectId": 7},
        {"subscriptionType": "object.creation", "objectId": 151, "objectTypeId": "0-48"},
    ],
)
def test_the_number_of_a_company_a_deal_or_a_call_is_not_taken_for_a_contacts(event):
    found = events.parse(json.dumps([event]).encode())
    assert (found.changes, found.unreadable) == ([], [])


@pytest.mark.parametrize(
    "event",
    [
        {"subscriptionType": "contact.creation", "objectId": 151},
        {"subscriptionType": "contact.associationChange", "fromObjectId": 151, "toObjectId": 7001},
        {"subscriptionType": "object.propertyChange", "objectId": 151, "objectTypeId": "0-1"},
    ],
)
def test_an_event_of_a_contact_is_read_in_each_form_that_it_comes_in(event):
    assert [each.remote_id for each in events.parse(json.dumps([event]).encode()).changes] == ["151"]


def test_a_rule_of_the_vendors_admin_is_told_in_the_vendors_words():
    words = "A value for firstname must be provided"
    listed = [
        {"code": "MISSING_REQUIRED_PROPERTY", "message": words, "context": {"propertyName": ["firstname"]}}
    ]
    said = errors.refusal({"message": "The property values provided are invalid", "errors": listed})
    assert said.properties == {"firstname": "MISSING_REQUIRED_PROPERTY"}
    assert words in said.message
