"""Nobody's post makes a page, an answer, a notice or a push fail."""

import json

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm_sandbox.server import SandboxServer
from crm_sync.models import CrmConnection, OutboxEntry
from crm_sync.outbound import sending as pushing
from exception_queue.models import ExceptionItem
from intake import bodies, runner
from intake.models import Lead, Submission
from plumbing import secrets
from routing.notices import sending as notifying
from tests import make
from tests.intake.hostile_bodies import REFUSED, TAKEN
from tests.leadops.api import forms
from tests.leadops.api.calling import refused, staff


@pytest.fixture
def people(db):
    """An administrator's browser and programs."""
    client = Client(headers=make.HOST)
    client.force_login(User.objects.create_superuser("maria", "maria@acme.test"))
    return client, staff("program", superuser=True)


@pytest.mark.parametrize("name", TAKEN)
def test_it_opens_every_page_of_a_hostile_body(acme, people, name):
    body, content_type = TAKEN[name]
    forms.form(on_invalid="hold", required=["email"])
    answer = forms.raw(body, content_type)
    assert answer.status_code == 202, answer.content
    runner.drain()
    submission = Submission.objects.select_related("lead").get()
    assert bytes(submission.body) == body
    assert submission.status in ("handed_off", "held"), submission.reason
    items = ExceptionItem.objects.all()
    assert not items.filter(kind="intake.poison").exists()
    pages = [
        reverse("admin:intake_submission_change", args=(submission.pk,)),
        *(reverse("admin:exception_queue_exceptionitem_change", args=(item.pk,)) for item in items),
    ]
    addresses = [f"submissions/{submission.pk}", *(f"exceptions/{item.pk}" for item in items)]
    if submission.lead:
        for kind in ("change", "history", "contacted", "reassign"):
            pages.append(reverse(f"admin:intake_lead_{kind}", args=(submission.lead.pk,)))
        addresses += [f"leads/{submission.lead.pk}", f"leads/{submission.lead.pk}/timeline"]
    opens(people, pages, addresses)


def opens(people, pages, addresses):
    """Every page and answer is there, and carries nothing that hides or breaks what stands around it."""
    browser, api = people
    for page in pages:
        seen = browser.get(page)
        assert seen.status_code == 200, page
        assert not set(seen.content.decode()) & set("\x00\x08\x1b\u202e\u2066"), page
    for address in addresses:
        assert api.get(address).status_code == 200, address


def test_it_opens_every_list_with_all_of_them(acme, people):
    form = forms.form(on_invalid="hold", required=["email"])
    for body, content_type in TAKEN.values():
        forms.raw(body, content_type)
    runner.drain()
    pages = [
        reverse("admin:intake_intakeform_change", args=(form.pk,)),
        reverse("admin:intake_submission_changelist"),
        reverse("admin:exception_queue_exceptionitem_changelist"),
        reverse("admin:intake_lead_changelist"),
        reverse("admin:index"),
        reverse("admin:crm_sync_outboxentry_changelist"),
        reverse("admin:search") + "?s=hostile",
    ]
    opens(people, pages, ["leads", "exceptions"])


@pytest.mark.parametrize("name", REFUSED)
def test_it_keeps_nothing_of_a_body_that_is_none(acme, name):
    body, content_type, status = REFUSED[name]
    refused(forms.raw(body, content_type), status)
    assert not Submission.objects.exists()


def test_it_tells_owners_and_the_crm_of_everybody_who_can_be_reached(committed_acme, tmp_path, settings):
    settings.LEADOPS_NOTICE_GRACE = 0
    settings.EMAIL_URL = "memorymail://"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    forms.form(on_invalid="hold", required=["email"])
    for body, content_type in TAKEN.values():
        assert forms.raw(body, content_type).status_code == 202
    with SandboxServer(data_dir=tmp_path) as server:
        CrmConnection.objects.update(
            base_url=f"{server.url}/hubspot", token=secrets.encrypt("sandbox-token"), token_env=""
        )
        runner.drain()
        pushing.drain_all()
        notifying.send_due(now=timezone.now())
    assert Lead.objects.count() > len(TAKEN) / 2
    assert not OutboxEntry.objects.exists()
    assert (
        not ExceptionItem.objects.exclude(kind__startswith="intake.")
        .exclude(kind__startswith="routing.no_")
        .exists()
    )
    assert mail.outbox
    for one in mail.outbox:
        assert "\n" not in one.subject
        one.message().as_bytes()


def test_a_body_is_shown_with_everything_that_is_in_it():
    hidden = bodies.shown(b'{"a": "\\ud800 \\u202e \\u0000", "b": {}}', "application/json")
    assert hidden == '{\n  "a": "\\ud800 \\u202e \\u0000",\n  "b": {}\n}'
    assert (
        bodies.shown("x\x00\u202e\r\ny\xff".encode("latin-1", "replace"), "text/plain")
        == "x\\u0000?\r\ny\ufffd"
    )
    twice = b'{"a": 1, "a": 2}'
    assert bodies.shown(twice, "application/json") == twice.decode()
    deep = b"[" * 100_000
    assert bodies.shown(deep, "application/json") == deep.decode()


@pytest.mark.django_db
def test_what_is_sent_twice_or_not_read_is_noted_where_people_see_it(acme, people):
    forms.form(on_invalid="hold")
    expected = {
        "a name twice": "“email” was sent twice with different values",
        "many values": "More than 1,000 values were sent",
        "nested 30 deep": "nested more than 24 levels deep",
        "a number without end": "“n” has too many digits",
    }
    for name, words in expected.items():
        answer = forms.raw(*TAKEN[name])
        submission = Submission.objects.get(pk=answer.json()["submission_id"])
        runner.drain()
        page = people[0].get(reverse("admin:intake_submission_change", args=(submission.pk,)))
        assert words in page.content.decode()


@pytest.mark.django_db
def test_a_refusal_is_kept_with_its_notes(acme):
    body = b'{"full_name": "One", "full_name": "Two"}'
    refused(forms.raw(body, "application/json"), 422)
    assert [note["code"] for note in Submission.objects.get().notes] == ["sent_twice"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "ja\x00na@beispiel.example"),
        ("email", "jana@beispiel.example\r\nBcc: all@beispiel.example"),
        ("email", "ja\ufffdna@beispiel.example"),
        ("email", "ja\ud800na@beispiel.example"),
        ("phone", "+49 30\n901820"),
        ("phone", "+49 30 90\x0718 20"),
    ],
)
def test_an_address_or_a_phone_number_is_taken_as_it_is_or_refused(acme, field, value):
    values = {"email": "jana@beispiel.example", "country": "DE", field: value}
    said = refused(forms.raw(json.dumps(values).encode(), "application/json"), 422)
    assert list(said["errors"]) == [field]
    assert "Send it again without" in said["errors"][field][0]
    forms.form(on_invalid="hold")
    assert forms.raw(json.dumps(values).encode(), "application/json").status_code == 202
    runner.drain()
    assert not Lead.objects.exists()
    item = ExceptionItem.objects.get()
    assert item.kind == "intake.unfit_contact"
    assert item.detail["notes"] == said["errors"][field]


@pytest.mark.django_db
def test_white_space_around_an_address_is_no_part_of_it(acme):
    assert (
        forms.post({"email": " jana@beispiel.example\r\n", "full_name": "\tJana\tWeiß "}).status_code == 202
    )
    runner.drain()
    lead = Lead.objects.get()
    assert (lead.email, lead.full_name) == ("jana@beispiel.example", "Jana Weiß")


@pytest.mark.django_db
def test_a_lead_with_a_damaged_phone_number_goes_on_without_it_once_somebody_has_looked(acme, people):
    forms.form(on_invalid="hold")
    forms.post({"email": "jana@beispiel.example", "phone": "+49 30\ufffd901820", "country": "DE"})
    runner.drain()
    item = ExceptionItem.objects.get()
    assert people[1].post(f"exceptions/{item.pk}/retry").status_code == 200
    runner.drain()
    lead = Lead.objects.get()
    assert (lead.email, lead.phone) == ("jana@beispiel.example", "")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "read"),
    [("Jana\nWeiß", "Jana Weiß"), ("Jana\x1bWeiß", "Jana Weiß"), ("Jana Wei\ufffd", "Jana Wei\ufffd")],
)
def test_a_name_on_two_lines_is_still_the_name_and_loses_nobody(acme, name, read):
    values = {"email": "jana@beispiel.example", "country": "DE", "full_name": name}
    assert forms.raw(json.dumps(values).encode(), "application/json").status_code == 202
    runner.drain()
    assert Lead.objects.get().full_name == read
