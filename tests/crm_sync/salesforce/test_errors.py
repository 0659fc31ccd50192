"""What Salesforce's refusals mean: for one record, and for a call as a whole."""

from datetime import UTC, datetime, timedelta

import pytest

from crm_sync.connectors.base import SetupProblem
from crm_sync.connectors.salesforce import errors
from plumbing.http import Answer, AuthLost, Permanent, Throttled, Transient


def refused(status, code="", message="It says why."):
    body = [{"errorCode": code, "message": message}] if code else None
    return Permanent(message, status=status, body=body, answer=Answer(status, {}, body))


def item(code, message="It says why.", *fields):
    said = {"statusCode": code, "message": message, "fields": list(fields)}
    return errors.item_error({"success": False, "errors": [said]})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (item("INVALID_EMAIL_ADDRESS", "Email: invalid email address: x", "Email"), {"Email"}),
        (item("REQUIRED_FIELD_MISSING", "Required fields are missing: [Company]"), {"Company"}),
        (item("STRING_TOO_LONG", "Title: data value too large: … (max length=128)"), {"Title"}),
        (item("INACTIVE_OWNER_OR_USER", "operation performed with inactive user [005…]"), {"OwnerId"}),
        (
            item("FIELD_INTEGRITY_EXCEPTION", "… before specifying a state value for field: State"),
            {"State", "StateCode"},
        ),
        (item("FIELD_CUSTOM_VALIDATION_EXCEPTION", "A phone number is needed."), set()),
    ],
)
def test_a_refusal_names_the_field_it_is_about(given, expected):
    assert set(given.refusal.properties) == expected
    assert given.refusal.message == given.message


@pytest.mark.parametrize(
    ("code", "passing", "gone"),
    [
        ("UNABLE_TO_LOCK_ROW", True, False),
        ("STORAGE_LIMIT_EXCEEDED", True, False),
        ("ENTITY_IS_DELETED", False, True),
        ("CANNOT_UPDATE_CONVERTED_LEAD", False, True),
        ("STRING_TOO_LONG", False, False),
    ],
)
def test_what_passes_by_itself_and_what_is_gone_are_told_apart(code, passing, gone):
    assert (item(code).is_passing, item(code).is_gone) == (passing, gone)


def test_a_field_that_is_not_there_is_named_by_the_words():
    said = errors.of_call(refused(400, "INVALID_FIELD", "No such column 'Town__c' on sobject of type Lead"))
    assert errors.unknown_field(said) == "Town__c"
    assert errors.unknown_field(item("STRING_TOO_LONG", "Title: too long", "Title")) == ""


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (refused(403, "API_DISABLED_FOR_ORG"), AuthLost),
        (refused(400, "UNABLE_TO_LOCK_ROW"), Transient),
        (refused(404), Transient),
        (refused(400, "INVALID_FIELD"), Permanent),
        (refused(403, "INSUFFICIENT_ACCESS_OR_READONLY"), Permanent),
    ],
)
def test_a_call_that_is_refused_says_what_to_do_next(given, kind):
    assert type(errors.judged(given, version="v66.0")) is kind


@pytest.mark.parametrize(
    ("words", "longer"), [("TotalRequests Limit exceeded.", True), ("ConcurrentRequests …", False)]
)
def test_a_days_limit_waits_longer_than_too_many_at_once(words, longer):
    found = errors.judged(refused(403, "REQUEST_LIMIT_EXCEEDED", words), version="v66.0")
    assert isinstance(found, Throttled)
    assert (found.retry_at > datetime.now(UTC) + timedelta(minutes=1)) == longer


@pytest.mark.parametrize(("status", "words"), [(410, "choose a newer one"), (300, "external id and unique")])
def test_what_the_admin_has_to_mend_is_said_so(status, words):
    with pytest.raises(SetupProblem, match=words):
        errors.judged(refused(status), version="v30.0")
