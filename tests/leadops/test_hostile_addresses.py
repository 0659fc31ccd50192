"""Whatever stands in an address, it is never our error: every route of the resolver and every list, by everybody."""

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client, RequestFactory
from django.urls import reverse

from tests import make
from tests.leadops.console import permission_table as table

pytestmark = pytest.mark.django_db

# As they stand in an address.
PARTS = [
    "%00", "a%00b", "%ED%A0%80", "%FF", "%0A", "%E2%80%AE", "%C2%B2", "%D9%A3", "%25", "%3F", "'", "0", "-1", "9" * 30,
    "9" * 5000, "x" * 3000, "7f4ac28c", "00000000-0000-0000-0000-000000000000", "None", "..;",
]  # fmt: skip
VALUES = [
    *PARTS, "", "NaN", "1e400", "null", "[]", "0001-01-01", "9999-12-31", "9999-12-31T23:59:59Z", "2026-02-30", "24:00",
    "cD16eg%3D%3D", "cD05OTk5LTEyLTMx", "1,2", "%27%20OR%201%3D1",
]  # fmt: skip
# Of Django's lists and lookups, ours, and the API's.
NAMES = [
    "q", "p", "o", "e", "all", "_facets", "_popup", "_to_field", "_changelist_filters", "next", "s", "extended", "page",
    "term", "app_label", "model_name", "field_name", "format", "script", "lang", "action", "ids", "cursor", "page_size",
    "since", "by", "kind", "status", "email", "phone", "owner", "queue", "segment", "created_after", "tab", "group", "age",
    "search", "extra", "id__in", "pk", "password__startswith",
]  # fmt: skip


@pytest.fixture
def everybody(acme) -> dict[str, Client]:
    make.handed_off()
    knows = Client(headers=make.HOST, raise_request_exception=False)
    knows.force_login(User.objects.create_superuser("maria"))
    return {"anonymous": Client(headers=make.HOST, raise_request_exception=False), "superuser": knows}


def never_our_error(clients: dict[str, Client], address: str) -> None:
    for who, client in clients.items():
        with transaction.atomic():
            answer = client.get(address)
            connection.set_rollback(True)
        assert answer.status_code < 500, f"{who}: {address[:200]} is a {answer.status_code}"


def with_parts(route: str, part: str) -> str:
    """The route with this in the place of each of its parameters."""
    spelled = re.sub(r"<[^>]+>|\(\[\^/\]\+\)|\(\?P<\w+>[^)]*\)", lambda _: part, route.replace("(.+)/$", ""))
    return "/" + re.sub(r"[\^$]", "", spelled).replace("\\", "")


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part[:20])
def test_no_part_of_an_address_is_our_error(everybody, part):
    walked = 0
    for route in sorted(table.routes()):
        if (address := with_parts(route, part)) != "/" + route:
            never_our_error(everybody, address)
            walked += 1
    assert walked > 60


def lists() -> Iterator[tuple[str, list[str]]]:
    """Each list with the parameters of its filters."""
    request = RequestFactory().get("/")
    request.user = User.objects.get(username="maria")
    for model, page in admin.site._registry.items():
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        found = page.get_changelist_instance(request)
        filters = [name for spec in getattr(found, "filter_specs", []) for name in spec.expected_parameters()]
        yield reverse(f"admin:{name}_changelist"), [str(one) for one in filters if one]


@pytest.mark.parametrize("shift", range(2))
def test_no_parameter_of_a_list_is_our_error(everybody, shift):
    """Each parameter of each list, with values in turn."""
    only = {"superuser": everybody["superuser"]}
    asked = 0
    for address, filters in lists():
        for number, name in enumerate([*filters, "q", "p", "o", "_to_field", "_changelist_filters"]):
            for value in VALUES[(2 * number + shift) % 16 :: 16]:
                never_our_error(only, f"{address}?{quote(name)}={value}")
                asked += 1
    assert asked > 500


ELSEWHERE = [
    "/", "/admin/", "/admin/login/", "/admin/jsi18n/", "/admin/autocomplete/", "/admin/search/", "/admin/password_change/",
    "/api/schema/", "/api/docs/", "/api/v1/leads", "/api/v1/exceptions", "/api/v1/metrics/handoff", "/healthz", "/nowhere",
]  # fmt: skip


@pytest.mark.parametrize("address", ELSEWHERE)
def test_no_parameter_of_another_page_is_our_error(everybody, address):
    for number, name in enumerate(NAMES):
        for value in VALUES[number % 16 :: 16]:
            never_our_error(everybody, f"{address}?{quote(name)}={value}")


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part[:20])
@pytest.mark.parametrize(
    "address", ["/api/v1/forms/{}/submissions", "/api/v1/webhooks/{}", "/api/v1/leads/{}/contacted"]
)
def test_no_part_of_an_address_that_is_posted_to_is_our_error(everybody, address, part):
    for client in everybody.values():
        answer = client.post(address.format(part), "{}", content_type="application/json")
        assert answer.status_code < 500
        assert answer["Content-Type"] == "application/problem+json"
