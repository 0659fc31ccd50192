"""The OpenAPI document: complete, valid, and true."""

import re
from datetime import timedelta

import pytest
import schemathesis
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi import checks

from exception_queue.models import ExceptionItem
from intake import runner
from intake.models import Submission
from leadops.api.exceptions import ExceptionFilter
from leadops.api.lead_filters import LeadFilter
from leadops.wsgi import application
from tests import make
from tests.leadops.api import forms
from tests.leadops.api.described import foreseen, operations_of

SUBMIT = "/api/v1/forms/{form_key}/submissions"
PROBLEM = "application/problem+json"


def test_it_is_valid_openapi_without_a_warning(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yaml"))


def test_it_documents_every_address_of_the_api(document):
    addresses = {
        address
        for address in _addresses(get_resolver().url_patterns)
        if address.startswith("/api/v1/") or address in ("/healthz", "/readyz", "/metrics")
    }
    assert len(addresses) > 20
    assert addresses == set(document["paths"])


def test_it_says_of_every_refusal_that_it_is_a_problem(document):
    for path, method, operation in operations_of(document):
        for status, answer in operation["responses"].items():
            if 400 <= int(status) < 500:
                assert list(answer["content"]) == [PROBLEM], (path, method, status)
                assert answer["content"][PROBLEM]["schema"] == {"$ref": "#/components/schemas/Problem"}


def test_it_says_in_a_line_what_every_operation_does(document):
    summaries = [operation["summary"] for _, _, operation in operations_of(document)]
    assert len(set(summaries)) == len(summaries)
    assert all(summary and len(summary) < 60 and not summary.endswith(".") for summary in summaries)


def test_it_is_read_from_submissions_over_leads_to_webhooks(document):
    order = [tag["name"] for tag in document["tags"]]
    assert order == ["submissions", "leads", "exceptions", "simulate", "metrics", "webhooks", "health"]
    tags = [tag for _, _, operation in operations_of(document) for tag in operation["tags"]]
    assert list(dict.fromkeys(tags)) == order


def test_it_lists_every_filter_and_page_of_lists(document):
    parameters = {
        operation["operationId"]: {one["name"] for one in operation.get("parameters", [])}
        for _, _, operation in operations_of(document)
    }
    pages = {"cursor", "page_size"}
    assert parameters["list_leads"] == pages | set(LeadFilter.base_filters)
    assert parameters["list_exceptions"] == pages | set(ExceptionFilter.base_filters)
    assert {"email", "phone", "owner", "queue", "segment", "status", "created_after"} <= parameters[
        "list_leads"
    ]
    assert {"status", "kind"} <= parameters["list_exceptions"]
    assert parameters["read_handoff_metrics"] == {"since", "by"}


def test_it_names_a_security_scheme_or_none_for_every_operation(document):
    known = set(document["components"]["securitySchemes"])
    assert {"tokenAuth", "formToken", "vendorSignature", "hubspotSignature"} <= known
    for path, method, operation in operations_of(document):
        assert operation["security"], (path, method)
        assert {name for one in operation["security"] for name in one} <= known, (path, method)


def test_it_lists_every_status_of_the_contract_for_submissions(document):
    responses = document["paths"][SUBMIT]["post"]["responses"]
    statuses = "200 202 303 400 401 403 404 405 408 409 413 415 422 429 503 507"
    assert set(responses) == set(statuses.split())
    assert "Retry-After" in responses["429"]["headers"]
    assert "Idempotent-Replayed" in responses["202"]["headers"]
    types = {"application/json", "application/x-www-form-urlencoded", "multipart/form-data"}
    assert set(document["paths"][SUBMIT]["post"]["requestBody"]["content"]) == types


@pytest.mark.django_db
def test_it_describes_readiness_as_it_is(document):
    foreseen(document, "/readyz", "get", Client(headers={"host": "127.0.0.1"}).get("/readyz"))


@pytest.mark.django_db
def test_it_describes_answers_as_they_are(acme, api, document):
    lead = make.handed_off(make.person(phone="+49 30 901820", marketing_consent="yes"))
    lost = make.handed_off(
        make.person(email="ana@outra.example", full_name="Ana Lima", company="O", country="BR")
    )
    item = api.get("exceptions").json()["results"][0]["id"]
    accepted = forms.post(make.american())
    foreseen(document, SUBMIT, "post", accepted)
    asked = {
        "/api/v1/submissions/{submission_id}": accepted.json()["status_url"].removeprefix("/api/v1/"),
        "/api/v1/leads": "leads",
        "/api/v1/leads/{lead_id}": f"leads/{lead.pk}",
        "/api/v1/leads/{lead_id}/timeline": f"leads/{lead.pk}/timeline",
        "/api/v1/leads/{lead_id}/assignments": f"leads/{lead.pk}/assignments",
        "/api/v1/exceptions": "exceptions",
        "/api/v1/exceptions/{item_id}": f"exceptions/{item}",
        "/api/v1/metrics/handoff": "metrics/handoff",
    }
    for path, address in asked.items():
        foreseen(document, path, "get", api.get(address))
    for action, said in {
        "reassign": {"owner": "alice@acme.test", "reason": "x"},
        "contacted": {},
        "reject": {"reason": "busy"},
        "disqualify": {"reason": "student"},
    }.items():
        answer = api.post(f"leads/{lost.pk}/{action}", said)
        assert answer.status_code == 200
        foreseen(document, f"/api/v1/leads/{{lead_id}}/{action}", "post", answer)
    until = (timezone.now() + timedelta(hours=1)).isoformat()
    for action, said in {"claim": {}, "snooze": {"until": until}, "resolve": {}}.items():
        answer = api.post(f"exceptions/{item}/{action}", said)
        foreseen(document, f"/api/v1/exceptions/{{item_id}}/{action}", "post", answer)
    for action in ("retry", "dismiss"):
        open_one = _held()
        answer = api.post(f"exceptions/{open_one.pk}/{action}")
        foreseen(document, f"/api/v1/exceptions/{{item_id}}/{action}", "post", answer)
    refused = api.post(f"exceptions/{item}/claim")
    foreseen(document, "/api/v1/exceptions/{item_id}/claim", "post", refused)
    for facts in ({"country": "US"}, {"country": "DE"}, {}):
        foreseen(document, "/api/v1/simulate", "post", api.post("simulate", {"facts": facts}))


@pytest.mark.django_db(transaction=True)
def test_it_never_answers_anything_unforeseen_whatever_is_submitted(committed_acme):
    """Nor does the pipeline choke on what was taken."""
    forms.form(on_invalid="hold")
    forms.form("typeform-quote", kind="public")
    submit = schemathesis.openapi.from_wsgi("/api/schema/", application)[SUBMIT]["POST"]
    notified = [
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_schema_conformance,
    ]
    seen: set[int] = set()

    @settings(
        max_examples=60,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=submit.as_strategy(), key=st.sampled_from(["demo-request", "typeform-quote", "nothing"]))
    def call(case, key):
        case.path_parameters = {"form_key": key}
        response = case.call()
        seen.add(response.status_code)
        assert response.status_code < 500, response.text
        case.validate_response(response, checks=notified)

    call()
    assert {202, 404} <= seen
    runner.drain()
    assert not Submission.objects.filter(status="received").exists()
    assert not ExceptionItem.objects.filter(kind="intake.poison").exists()


def _held():
    """What is open about a submission that cannot go on."""
    number = Submission.objects.count()
    held = make.submitted({"full_name": f"Nobody {number}"}, form="typeform-quote")
    runner.drain()
    return ExceptionItem.objects.get(subject_id=str(held.pk))


def _addresses(patterns, before="/"):
    for pattern in patterns:
        address = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _addresses(pattern.url_patterns, address)
        elif isinstance(pattern, URLPattern) and "^" not in address:
            yield re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", address)
