"""Every kind on the way in: a retry that fails keeps its item, one that works closes it in the name of who tried."""

from uuid import uuid4

import pytest
from django.utils import timezone

from exception_queue import kinds, queue
from exception_queue.models import ExceptionItem
from intake import runner
from intake.models import IntakeForm, Submission
from tests import make
from tests.exception_queue.trying import fails_again, only, works_now
from tests.structure.repository import BASE

pytestmark = pytest.mark.django_db


def held(values, *, form="demo-request", **fields):
    IntakeForm.objects.filter(key=form).update(on_invalid="hold", **fields)
    make.submitted(values, form=form)
    runner.drain()


def test_a_required_field_is_missing(acme):
    held(make.person(), required=["email", "job_title"])
    item = only("intake.required_missing")
    fails_again(item, runner.drain)
    IntakeForm.objects.filter(key="demo-request").update(required=["email"])
    works_now(item, runner.drain)


def test_there_is_no_way_to_reach_the_person(acme):
    held({"Mail address": "eve.adams@firm.example", "country": "DE"}, required=[])
    item = only("intake.unreachable")
    fails_again(item, runner.drain)
    IntakeForm.objects.filter(key="demo-request").update(field_map={"Mail address": "email"})
    works_now(item, runner.drain)


def test_an_address_is_damaged(acme):
    held(make.person(email="jana\r\n@firm.example", phone="+49 30 901820"), required=[])
    item = only("intake.unfit_contact")
    works_now(item, runner.drain)


def test_a_field_map_is_broken(acme):
    held(make.person(), field_map={"x": "no_such_field"})
    item = only("intake.field_map")
    fails_again(item, runner.drain)
    IntakeForm.objects.filter(key="demo-request").update(field_map={})
    works_now(item, runner.drain)


def test_what_looks_like_spam_goes_through(acme):
    held(make.person(email="eve@mailinator.com"))
    works_now(only("intake.spam_uncertain"), runner.drain)


def test_what_cannot_be_processed(acme):
    make.submitted(make.person())
    dead_workers = {
        "status": "received",
        "attempts": 5,
        "claim_token": uuid4(),
        "claimed_until": timezone.now(),
    }
    Submission.objects.update(**dead_workers)
    runner.drain()
    works_now(only("intake.poison"), runner.drain)


def test_what_is_held_for_another_reason_afterwards_is_one_item_of_that_reason(acme):
    held({"country": "DE"}, required=["job_title"])
    item = only("intake.required_missing")
    IntakeForm.objects.filter(key="demo-request").update(required=[])
    queue.retry([item], by="ops")
    runner.drain()
    item.refresh_from_db()
    assert (item.status, item.resolved_by) == ("resolved", "ops")
    assert [one.kind for one in ExceptionItem.objects.filter(status="open")] == ["intake.unreachable"]


def test_each_kind_that_can_be_tried_again_is_tried_in_a_test():
    tried = "".join(path.read_text() for path in BASE.glob("tests/**/test_trying_again.py"))
    names = {"routing.holding_queue_stuck": "STUCK", "routing.nobody_available": "no_rule_matched"}
    for kind in kinds.all_kinds():
        own = kind.key.removeprefix("crm.").upper() if kind.key.startswith("crm.") else kind.key
        if kind.retry and not kind.key.startswith("exception_queue."):
            assert names.get(kind.key, own) in tried, kind.key
