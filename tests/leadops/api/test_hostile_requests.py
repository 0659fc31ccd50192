"""Whatever is asked of the API, it is never our error, and the answer is one that the document knows."""

import json
from datetime import UTC
from typing import Any
from urllib.parse import urlencode

import pytest
import schemathesis
from django.contrib.auth.models import User
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks

from exception_queue.models import ExceptionItem
from intake.canonical import CANONICAL_FIELDS
from leadops.wsgi import application
from tests import make
from tests.leadops.api.described import foreseen, operations_of
from tests.make import access

# Each call of the WSGI application closes its connection, so that what is there has to be committed.
pytestmark = pytest.mark.django_db(transaction=True)

QUIET = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
CHECKS = [checks.status_code_conformance, checks.content_type_conformance, checks.response_schema_conformance]
# Submissions have tests of their own (test_openapi); the others answer the same to everybody.
ELSEWHERE = {"submit", "submit_preflight", "healthz", "readyz", "prometheus"}


@pytest.fixture
def ids(committed_acme) -> dict[str, Any]:
    """What the parameters in the addresses may stand for."""
    lead = make.handed_off(make.person(country="BR"))
    return {
        "lead_id": str(lead.pk),
        "item_id": ExceptionItem.objects.get().pk,
        "submission_id": str(make.submitted(make.american()).pk),
        "connection_key": "hubspot",
    }


@pytest.fixture
def headers(committed_acme) -> dict[str, str]:
    """Of somebody who may do everything."""
    token = access.token(User.objects.create_superuser("admin"))
    return {"host": "127.0.0.1", "authorization": f"Token {token}"}


@pytest.fixture
def client_of_staff(headers) -> Client:
    return Client(headers=headers, raise_request_exception=False)


@pytest.fixture
def operations(ids) -> dict[str, Any]:
    found = {}
    for result in schemathesis.openapi.from_wsgi("/api/schema/", application).get_all_operations():
        operation = result.ok()
        name = operation.definition.raw["operationId"]
        if name not in ELSEWHERE:
            found[name] = operation
    assert len(found) > 15
    return found


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_no_question_that_follows_or_breaks_the_document_is_our_error(operations, ids, headers, mode):
    def ask(operation):
        @QUIET
        @given(case=operation.as_strategy(generation_mode=mode), known=st.integers(0, 3))
        def asked(case, known):
            if known:
                case.path_parameters = {name: ids[name] for name in case.path_parameters or {}}
            response = case.call(headers=headers)
            assert response.status_code < 500, (operation.label, response.text)
            case.validate_response(response, checks=CHECKS)

        asked()

    unbroken = set()
    for name, operation in operations.items():
        try:
            ask(operation)
        except Unsatisfiable:
            unbroken.add(name)
    # An address with nothing but a key in it has nothing to break.
    assert unbroken <= {"receive_crm_events"}


# What generators of valid JSON never make, and what each layer below has choked on somewhere.
NASTY = st.sampled_from(
    [
        "\x00", "a\x00b", "\ud800", "\udc00x", "\ufffd", "\u202e", "%00", "%", "&", " ", "", "0", "-1", "1e400", "NaN",
        "9" * 30, "9" * 5000, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59Z",
        "2026-02-30T00:00:00Z", "24:00", "null", "[]", "{}", "' OR 1=1 --", "x" * 10_000, "ſ", "İ", "\n", "%s", "{0}",
        "draft", "published", "DE", "jana@beispiel.example",
    ]
)  # fmt: skip
SCALARS = st.one_of(
    NASTY,
    st.text(max_size=20),
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=-(10**400), max_value=10**400),
    st.floats(),
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(NASTY, st.text()), inner, max_size=4)
    ),
    max_leaves=12,
)


def _parameters(operation: dict[str, Any]) -> list[str]:
    return [one["name"] for one in operation.get("parameters", []) if one["in"] == "query"]


@pytest.mark.parametrize("operation_id", ["list_leads", "list_exceptions", "read_handoff_metrics"])
def test_no_query_is_our_error(client_of_staff, document, operation_id):
    path, _, operation = next(one for one in operations_of(document) if one[2]["operationId"] == operation_id)
    names = st.one_of(st.sampled_from(_parameters(operation)), NASTY)

    @settings(QUIET, max_examples=40)
    @given(query=st.lists(st.tuples(names, st.one_of(NASTY, st.text(max_size=20))), max_size=4))
    def ask(query):
        encoded = urlencode(query, errors="surrogatepass")
        foreseen(document, path, "get", client_of_staff.get(f"{path}?{encoded}"))

    ask()


@pytest.mark.parametrize(
    ("operation_id", "fields"),
    [
        ("reassign_lead", ("owner", "queue", "reason")),
        ("mark_lead_contacted", ("at",)),
        ("disqualify_lead", ("reason",)),
        ("reject_lead", ("reason",)),
        ("claim_exception", ("note",)),
        ("retry_exception", ("note",)),
        ("resolve_exception", ("note",)),
        ("dismiss_exception", ("note",)),
        ("snooze_exception", ("until", "note")),
        ("simulate", ("facts", "at", "ruleset")),
    ],
)
def test_no_body_is_our_error(client_of_staff, ids, document, operation_id, fields):
    path, _, _ = next(one for one in operations_of(document) if one[2]["operationId"] == operation_id)
    address = path.format_map(ids)
    shaped = st.fixed_dictionaries({}, optional=dict.fromkeys(fields, ANYTHING))
    texts = st.one_of(shaped, shaped, ANYTHING).map(json.dumps).map(str.encode)

    @settings(QUIET, max_examples=20)
    @given(body=st.one_of(texts, texts, st.binary(max_size=40)))
    @example(body=b"[" * 100_000)
    @example(body=b'{"reason": ' + b"[" * 100_000)
    def ask(body):
        answer = client_of_staff.post(address, body, content_type="application/json")
        foreseen(document, path, "post", answer)

    ask()


def test_no_set_of_facts_is_our_error(client_of_staff, document):
    """Facts have no shape of their own, and go through normalizing, scoring, every rule and the business calendar."""
    names = st.one_of(
        st.sampled_from([*CANONICAL_FIELDS, "form", "segment", "score", "extra", "extra.x"]), NASTY
    )
    moments = st.datetimes(timezones=st.just(UTC)).map(lambda at: at.isoformat())

    @settings(QUIET, max_examples=60)
    @given(facts=st.dictionaries(names, ANYTHING, max_size=6), at=moments)
    def ask(facts, at):
        body = json.dumps({"facts": facts, "at": at})
        answer = client_of_staff.post("/api/v1/simulate", body, content_type="application/json")
        foreseen(document, "/api/v1/simulate", "post", answer)

    ask()
