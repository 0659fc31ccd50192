"""The page of a connection that tells: what it offers is true for it, and a body is judged when it is saved."""

import json

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from crm_sync.admin.connection_form import ConnectionForm
from crm_sync.models import CrmConnection
from tests.leadops.console.test_configuration_pages import filled
from tests.make import crm_sync as make
from tests.make import webhook

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def page(connection):
    return Page(connection)


class Page:
    def __init__(self, connection):
        self.connection = connection
        self.client = Client()
        self.client.force_login(User.objects.create_superuser("maria", "maria@acme.test"))
        self.url = reverse("admin:crm_sync_crmconnection_change", args=(connection.pk,))

    def shown(self):
        return self.client.get(self.url).content.decode()

    def send(self, **typed):
        data = filled(self.client, CrmConnection, self.connection) | typed
        return self.client.post(self.url, {name: value for name, value in data.items() if value is not None})

    def messages(self):
        return CrmConnection.objects.get(pk=self.connection.pk).messages.plain()


def error(answer, name):
    assert answer.status_code == 200, "It was saved."
    return answer.context["adminform"].form.errors[name][0]


def test_it_offers_nothing_that_a_receiver_cannot_do(page, connection):
    shown = page.shown()
    form = page.client.get(page.url).context["adminform"].form
    for name in (
        "api_version",
        "look_up_ms",
        "poll_seconds",
        "known_owner",
        "born_active",
        "task_when",
        "master_default",
    ):
        assert name not in form.fields, name
    assert {
        "body_lead_created",
        "body_lead_assigned",
        "tells_lead_assigned",
        "goes_owner",
        "goes_status",
    } <= set(form.fields)
    assert "tells_lead_created" not in form.fields
    for words in (
        "Compare now",
        "Read properties now",
        "owners known there",
        "properties there",
        "Asked for changes",
    ):
        assert words not in shown, words
    assert f"/api/v1/webhooks/{connection.key}" in shown
    assert "lead.assigned" in shown


def test_the_access_page_says_how_to_make_a_secret_and_tests_it(page, desk, connection):
    url = reverse("admin:crm_sync_crmconnection_access", args=(connection.pk,))
    shown = page.client.get(url).content.decode()
    assert "openssl rand -base64 32" in shown
    assert "by asking every" not in shown
    assert f"/api/v1/webhooks/{connection.key}" in shown
    tested = page.client.post(url, {"test": "1"}).content.decode()
    assert "The receiver believes our messages." in tested
    desk.fault("status", status=401, message="I do not know you.")
    assert "I do not know you." in page.client.post(url, {"test": "1"}).content.decode()
    # A test is no message about a lead.
    assert desk.messages() == []


def test_what_stays_as_it_usually_is_is_not_stored(page):
    assert page.send().status_code == 302
    assert page.messages() == {}


def test_a_body_of_ones_own_is_stored_and_what_is_not_told_switched_off(page):
    body = {"hello": "{full_name}"}
    assert page.send(body_lead_created=json.dumps(body), tells_lead_status=None).status_code == 302
    assert page.messages() == {"lead.created": {"body": body}, "lead.status": {"active": False}}
    assert page.send(body_lead_created="", tells_lead_status="on").status_code == 302
    assert page.messages() == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": "{emial}"}', "There is no placeholder {emial}. Did you mean “email”?"),
        ('{"a": "{before.queue}"}', "There is no placeholder {before.queue}."),
        ('{"a": 1,}', "Line 1, column 9: “}” is not expected here"),
        ('{"a": {b}}', "“b” is not expected here"),
        ('{"a": NaN}', "NaN is no value of JSON."),
        ('{"a": 1, "a": 2}', "“a” stands twice in one object."),
        ('["{email}"]', "It has to be an object"),
        ('{"a":' * 70 + "1" + "}" * 70, "more than 64 levels deep"),
        ('{"a": "' + "x" * 20_001 + '"}', "longer than 20,000 characters"),
    ],
)
def test_a_body_that_cannot_be_told_is_refused_with_what_is_wrong(page, text, words):
    assert words in error(page.send(body_lead_created=text), "body_lead_created")
    assert page.messages() == {}


def test_what_is_only_known_of_one_kind_can_stand_in_that_one(page):
    text = '{"was": "{before.queue}", "room": "{extra.room}"}'
    assert page.send(body_lead_assigned=text).status_code == 302


def test_a_line_is_a_placeholder_too(page, connection):
    connection.mappings.create(canonical="status", property="ticket_state", values={"new": "OPEN"})
    assert page.send(body_lead_created='{"state": "{ticket_state}"}').status_code == 302


def test_the_preview_shows_what_a_real_lead_would_be_told_by_and_sends_nothing(page, desk):
    make.lead(segment="hot", points=75)
    shown = page.send(
        body_lead_created='{"who": "{full_name}", "points": "{score}"}', _preview="1"
    ).content.decode()
    assert "&quot;who&quot;: &quot;Gina Green&quot;" in shown
    assert "&quot;points&quot;: 75" in shown
    assert "&quot;type&quot;: &quot;lead.assigned&quot;" in shown
    wrong = page.send(body_lead_created='{"who": "{ful_name}"}', _preview="1").content.decode()
    assert "There is no placeholder {ful_name}." in wrong
    assert page.messages() == {}
    assert desk.messages() == []


def test_it_can_be_chosen_and_needs_an_address_that_nobody_listens_on_the_way_to(page):
    add = reverse("admin:crm_sync_crmconnection_add")
    assert ("webhook", "Webhook") in ConnectionForm().fields["kind"].choices
    data = {
        "key": "desk2",
        "kind": "webhook",
        "active": "on",
        "known_owner": "keep",
        "on_duplicate": "link",
        "look_up_ms": "400",
        "poll_seconds": "30",
        "mappings-TOTAL_FORMS": "0",
        "mappings-INITIAL_FORMS": "0",
    }
    assert "has no address that all accounts share" in error(page.client.post(add, data), "base_url")
    clear = page.client.post(add, data | {"base_url": "http://desk.example/hook"})
    assert "use an address that starts with https://" in error(clear, "base_url")
    assert page.client.post(add, data | {"base_url": "https://desk.example/hook"}).status_code == 302
    assert CrmConnection.objects.get(key="desk2").messages.plain() == {}


def test_going_live_shows_what_would_be_told(page, connection):
    CrmConnection.objects.filter(pk=connection.pk).update(mode="observe")
    make.lead(queued=False)
    shown = page.client.get(f"{page.url}live/", headers={"HX-Request": "true"}).content.decode()
    if "lead.created" not in shown:
        shown = page.client.get(
            reverse("admin:crm_sync_crmconnection_live", args=(connection.pk,))
        ).content.decode()
    assert "lead.created" in shown


def test_a_second_desk_is_another_connection(crm, connection, desk):
    webhook.connection(crm.url, key="other", primary=False)
    make.lead()
    for row in CrmConnection.objects.all():
        make.drain(row)
    assert {each["body"]["connection"] for each in desk.messages()} == {"desk", "other"}
    assert len({each["id"] for each in desk.messages()}) == 2
