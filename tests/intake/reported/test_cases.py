"""Every case as it was reported: posted, worked, and looked at from outside."""

import base64
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from crm_sync.connection import owners
from crm_sync.outbound import sending as pushing
from intake import runner
from intake.models import Lead
from plumbing import secrets
from routing.models import Assignment
from routing.notices import sending as notifying
from tests.crm_sync.test_lost_records import merge, told
from tests.intake.reported import house
from tests.leadops.commands.running import run
from tests.make.crm_sync import WEBHOOK_SECRET

_IN_THE_CRM = {"crm", "crm_in_sync", "not_in_crm"}


def cases(*, wanted):
    return [pytest.param(case, id=case["id"]) for case in house.CASES if wanted(case)]


def is_post(case) -> bool:
    return "body_b64" not in case and not case["form"].startswith("crm:") and case["form"] != "notice"


def looks_into_the_crm(case) -> bool:
    return bool(_IN_THE_CRM & set(case["expected"]))


def posted(case, api):
    """(the case's answer, its submission, the lead of the last post before it)."""
    before = None
    for earlier in case.get("before", []):
        before = house.worked(house.post(earlier["form"], earlier["body"])).lead
        assert before is not None
        if earlier.get("then") == "contacted":
            assert api.post(f"leads/{before.pk}/contacted").status_code == 200
    answer = house.post(case["form"], case["body"], case["content_type"])
    expected = case["expected"]["http"]
    assert answer.status_code in (expected if isinstance(expected, list) else [expected]), answer.content
    return answer, house.worked(answer), before


def assert_as_expected(case, answer, submission, before, api) -> None:
    expected = dict(case["expected"])
    expected.pop("http")
    lead: dict[str, Any] = {}
    if submission.lead is not None:
        lead = api.get(f"leads/{submission.lead.pk}").json()
    assignment = lead.get("assignment") or {"owner": None, "queue": None}
    owner = (assignment["owner"] or {}).get("email")
    for name, value in expected.pop("lead", {}).items():
        assert lead[name] == value, (name, lead[name], submission.notes)
    for name, values in expected.pop("one_of", {}).items():
        assert lead[name] in values, (name, lead[name], submission.notes)
    if "replayed" in expected:
        assert (answer.headers.get("Idempotent-Replayed") == "true") == expected.pop("replayed")
    if "same_lead" in expected:
        assert (submission.lead == before) == expected.pop("same_lead")
    if "queue" in expected:
        assert assignment["queue"] == expected.pop("queue")
    if "queue_not" in expected:
        assert assignment["queue"] not in expected.pop("queue_not")
    if "owner_in" in expected:
        assert owner in expected.pop("owner_in")
    if "owner_not" in expected:
        assert owner not in expected.pop("owner_not")
    if expected.pop("no_running_clock", False):
        assert lead.get("sla") is None or lead["sla"]["met_at"]
    assert not set(expected) - _IN_THE_CRM


@pytest.mark.parametrize("case", cases(wanted=lambda case: is_post(case) and not looks_into_the_crm(case)))
def test_what_was_posted_becomes_what_it_should(moved_in, case):
    api = house.administrator()
    answer, submission, before = posted(case, api)
    assert_as_expected(case, answer, submission, before, api)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("case", cases(wanted=lambda case: is_post(case) and looks_into_the_crm(case)))
def test_what_was_posted_reaches_the_crm_as_it_should(crm, connection, case):
    api = house.administrator()
    answer, submission, before = posted(case, api)
    pushing.drain_all()
    assert_as_expected(case, answer, submission, before, api)
    expected = case["expected"]
    if expected.get("not_in_crm"):
        assert crm.contacts() == []
        return
    lead = api.get(f"leads/{submission.lead.pk}").json()
    (copy,) = lead["crm"]
    if "crm_in_sync" in expected:
        assert copy["in_sync"] == expected["crm_in_sync"]
    for name, value in expected.get("crm", {}).items():
        path = f"/hubspot/crm/v3/objects/contacts/{copy['remote_id']}?properties={name}"
        assert crm.call("GET", path)["properties"][name] == value


@pytest.mark.django_db
@pytest.mark.parametrize("case", cases(wanted=lambda case: "body_b64" in case))
def test_every_row_of_a_file_is_imported_or_named(moved_in, tmp_path, case):
    file = tmp_path / "people.csv"
    file.write_bytes(base64.b64decode(case["body_b64"]))
    _status, _shown, notified = run("import_leads", str(file), "--form", case["form"])
    runner.drain()
    addresses = set(Lead.objects.values_list("email", flat=True))
    for email in case["expected"].get("imported", []):
        assert email in addresses
    for email, line in case["expected"].get("taken_or_named", {}).items():
        assert email in addresses or f"line {line}:" in notified, notified


def only(kind):
    (found,) = [case for case in house.CASES if case["kind"] == kind]
    return found


@pytest.mark.django_db(transaction=True)
def test_nobody_who_left_the_crm_gets_a_lead(crm, connection):
    """R45a."""
    case = only("crm-owner-left")
    (gone,) = case["expected"]["nobody_gets"]
    owners.refresh_all()
    crm.call("POST", "/control/owners", {"email": gone, "name": "Eva Ernst", "archived": True})
    owners.refresh_all()
    for body in case["body"]["leads"]:
        assert house.worked(house.post("contact", body)).lead is not None
    assert Assignment.objects.filter(owner__isnull=False).count() == len(case["body"]["leads"])
    assert not Assignment.objects.filter(owner__email=gone).exists()


@pytest.mark.django_db(transaction=True)
def test_a_record_that_was_merged_there_is_followed_to_the_one_that_is_left(crm, connection):
    """R44a: another contact is merged with ours, and a person gives the one that is left to somebody."""
    case = only("crm-merge")
    (wanted,) = case["expected"]["owner_in"]
    connection.webhook_secret, connection.webhook_secret_env = secrets.encrypt(WEBHOOK_SECRET), ""
    connection.save()
    owners.refresh_all()
    lead = house.worked(house.post("contact", case["body"])).lead
    pushing.drain_all()
    ours = crm.contact()["id"]
    other = crm.add_contact(email="other.r44a@crm-werk.example", firstname="Mona", lastname="Merger")
    left = merge(crm, other, ours)
    told("merge", left, primaryObjectId=int(other), mergedObjectIds=[int(ours)], newObjectId=int(left))
    crm.person_changes(left, hubspot_owner_id=crm.owner_id(wanted))
    told("propertyChange", left, propertyName="hubspot_owner_id", propertyValue=crm.owner_id(wanted))
    assert Assignment.objects.get(lead=lead).owner.email == wanted


@pytest.mark.django_db(transaction=True)
def test_a_queues_people_read_when_to_answer_in_their_own_time(moved_in, settings):
    """R54a."""
    case = only("queue-notice-in-utc")
    settings.EMAIL_URL = "memorymail://"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.LEADOPS_NOTICE_GRACE = 0
    house.worked(house.post("contact", case["body"]))
    notifying.send_due(now=timezone.now())
    (message,) = [one for one in mail.outbox if case["expected"]["to"] in one.to]
    (line,) = [line for line in message.body.splitlines() if line.startswith("Answer by:")]
    assert case["expected"]["answer_by_not"] not in line
