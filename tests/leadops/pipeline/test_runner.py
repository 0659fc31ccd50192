"""The runner: one bad submission never takes its batch along, and nothing that was taken is lost (I1)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import DataError
from django.utils import timezone

from exception_queue import queue
from exception_queue.models import ExceptionItem
from intake import pipeline, runner
from intake.batch import Batch
from intake.models import Lead, Submission
from intake.outcomes import Hold, RetryAt
from leadops.pipeline import LEAD_PIPELINE
from routing.models import Assignment, RotationTurn
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def with_stage(settings):
    """Puts a stage of this module into the pipeline, before the named one."""

    def put(name: str, *, before: str) -> None:
        lines = list(LEAD_PIPELINE)
        at = next(i for i, line in enumerate(lines) if line.endswith(before))
        EDITED[:] = [*lines[:at], f"tests.leadops.pipeline.test_runner.{name}", *lines[at:]]
        settings.LEADOPS_PIPELINE = "tests.leadops.pipeline.test_runner.EDITED"
        pipeline.pipeline.cache_clear()

    SEEN.clear()
    WRITTEN.clear()
    yield put
    pipeline.pipeline.cache_clear()


EDITED: list[str] = []
# How often each submission of a batch had been taken up, batch by batch.
SEEN: list[list[int]] = []
# What a stage had written.
WRITTEN: list[str] = []


def fails_for_eve(batch: Batch) -> None:
    for work in batch.going():
        if work.values["email"].startswith("eve@"):
            raise DataError("value too long for somebody")


def holds_eve(batch: Batch) -> None:
    for work in batch.going():
        if work.values["email"].startswith("eve@"):
            work.outcome = Hold("intake.field_map", "Eve must wait")


def leaves_and_holds_eve(batch: Batch) -> None:
    for work in batch.going():
        batch.leave(write_names, work.values["email"])
    holds_eve(batch)


def write_names(rows: Sequence[str], *, now: datetime) -> None:
    WRITTEN.extend(rows)


def finds_nothing_wrong(batch: Batch) -> None:
    """The stage after it was fixed."""


def remembers(batch: Batch) -> None:
    SEEN.append(sorted(work.submission.attempts for work in batch.going()))


def retries_once(batch: Batch) -> None:
    for work in batch.going():
        if work.submission.status != Submission.Status.RETRYING:
            work.outcome = RetryAt(batch.now + timedelta(minutes=1), "Not yet")


def status_of(email: str) -> str:
    return Submission.objects.get(body__contains=email.encode()).status


def test_one_bad_submission_is_held_and_the_others_go_through(acme, with_stage):
    with_stage("fails_for_eve", before="score")
    for values in [
        *make.crowd(6),
        make.american(email="eve@firm.example", full_name="Eve Adams", company="Firm"),
    ]:
        make.submitted(values)
    runner.drain()
    assert Lead.objects.count() == 6
    item = ExceptionItem.objects.get()
    assert item.kind == "intake.poison"
    assert "value too long for somebody" in item.cause
    assert Submission.objects.get(status=Submission.Status.HELD).lead is None


def test_a_retry_from_the_exception_queue_really_resumes(acme, with_stage):
    with_stage("fails_for_eve", before="score")
    submission = make.submitted(make.american(email="eve@firm.example"))
    runner.drain()
    with_stage("finds_nothing_wrong", before="score")
    queue.retry(ExceptionItem.objects.all(), by="ops")
    runner.drain()
    submission.refresh_from_db()
    assert submission.status == Submission.Status.HANDED_OFF


def test_a_hold_below_the_mark_leaves_no_lead_and_uses_no_turn(acme, with_stage):
    with_stage("holds_eve", before="notify_owner")
    for values in (
        make.american(email="eve@firm.example", full_name="Eve Adams", company="F"),
        *make.crowd(3),
    ):
        make.submitted(values)
    runner.drain()
    assert Lead.objects.count() == Assignment.objects.count() == 3
    assert RotationTurn.objects.count() == 3
    held = Submission.objects.get(status=Submission.Status.HELD)
    assert held.stage == "deduplicate"


def test_a_hold_by_the_first_stage_of_the_transaction_writes_nothing_of_it_either(acme, with_stage):
    with_stage("leaves_and_holds_eve", before="deduplicate")
    others = make.crowd(2)
    for values in (make.american(email="eve@firm.example", full_name="Eve Adams", company="F"), *others):
        make.submitted(values)
    runner.drain()
    assert sorted(WRITTEN) == sorted(values["email"] for values in others)
    assert Lead.objects.count() == 2


def test_a_stage_can_ask_to_be_run_again_later(acme, with_stage):
    with_stage("retries_once", before="enrich")
    submission = make.submitted(make.person())
    runner.drain()
    submission.refresh_from_db()
    assert submission.status == Submission.Status.RETRYING
    assert submission.stage == "retries_once"
    runner.drain(now=submission.due_at)
    submission.refresh_from_db()
    assert submission.status == Submission.Status.HANDED_OFF


def test_what_is_run_again_later_goes_on_where_it_stopped(acme, with_stage):
    with_stage("retries_once", before="enrich")
    EDITED.insert(0, f"{__name__}.remembers")
    submission = make.submitted(make.person())
    runner.drain()
    submission.refresh_from_db()
    assert runner.drain(now=submission.due_at) == 1
    assert len(SEEN) == 1


def test_what_is_to_be_run_later_waits_though_others_are_due(acme, with_stage):
    with_stage("retries_once", before="enrich")
    later = make.submitted(make.person())
    runner.drain()
    with_stage("finds_nothing_wrong", before="enrich")
    make.submitted(make.american())
    assert runner.drain() == 1
    later.refresh_from_db()
    assert later.status == Submission.Status.RETRYING


def test_a_hold_is_not_written_by_whoever_has_lost_the_claim(acme):
    submission = make.submitted(make.person())
    batch = Batch([runner._take_up(submission)], now=timezone.now())
    batch.works[0].outcome = Hold("intake.field_map", "Eve must wait")
    runner._save_held(batch, token=uuid4())
    submission.refresh_from_db()
    assert submission.status == Submission.Status.RECEIVED
    assert not ExceptionItem.objects.exists()


def test_what_was_seen_of_a_body_is_not_forgotten_while_it_waits(acme, with_stage):
    with_stage("retries_once", before="validate")
    submission = make.submitted(make.person(company_fax="1"))
    runner.drain()
    submission.refresh_from_db()
    assert (submission.status, submission.stage) == (Submission.Status.RETRYING, "retries_once")
    runner.drain(now=submission.due_at)
    submission.refresh_from_db()
    assert (submission.status, submission.reason) == ("spam", "A field that people never see was filled in.")


def test_a_submission_that_kills_its_workers_is_held_as_poison(acme):
    submission = make.submitted(make.person())
    # Five workers claimed it and died: no outcome, the lease is over.
    Submission.objects.update(attempts=5, claim_token=uuid4(), claimed_until=timezone.now())
    runner.drain()
    submission.refresh_from_db()
    assert submission.status == Submission.Status.HELD
    assert ExceptionItem.objects.get().kind == "intake.poison"
    queue.retry(ExceptionItem.objects.all(), by="ops")
    runner.drain()
    submission.refresh_from_db()
    assert submission.status == Submission.Status.HANDED_OFF


def test_a_submission_that_killed_four_workers_is_tried_once_more(acme):
    submission = make.submitted(make.person())
    Submission.objects.update(attempts=4)
    runner.drain()
    submission.refresh_from_db()
    assert submission.status == Submission.Status.HANDED_OFF


def test_what_has_failed_three_times_is_tried_alone(acme, with_stage):
    with_stage("remembers", before="enrich")
    for values in make.crowd(4):
        make.submitted(values)
    for submission, attempts in zip(Submission.objects.order_by("pk"), (0, 2, 3, 4), strict=True):
        Submission.objects.filter(pk=submission.pk).update(attempts=attempts)
    assert runner.work_once() == 4
    # Taken up once more each.
    assert sorted(SEEN) == [[1, 3], [4], [5]]


def test_what_another_worker_has_taken_meanwhile_is_dropped(acme, with_stage):
    with_stage("loses_its_claim", before="enrich")
    submission = make.submitted(make.person())
    runner.work_once()
    submission.refresh_from_db()
    assert submission.status == Submission.Status.RECEIVED
    assert submission.claim_token == THIEF
    assert not Lead.objects.exists()


THIEF = uuid4()


def loses_its_claim(batch: Batch) -> None:
    Submission.objects.filter(pk__in=[work.submission.pk for work in batch.works]).update(
        claim_token=THIEF, claimed_until=timezone.now() + timedelta(minutes=1)
    )


def test_a_lease_that_ended_lets_somebody_else_take_over(acme):
    submission = make.submitted(make.person())
    Submission.objects.update(claim_token=uuid4(), claimed_until=timezone.now() + timedelta(minutes=1))
    assert runner.drain() == 0
    Submission.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert runner.drain() == 1
    submission.refresh_from_db()
    assert submission.status == Submission.Status.HANDED_OFF


@pytest.mark.parametrize(
    ("waited", "worked"), [(timedelta(0), 0), (runner.PATIENCE + timedelta(seconds=1), 1)]
)
def test_a_worker_leaves_a_new_lead_to_one_that_is_at_it_and_joins_in_when_it_has_waited(
    acme, waited, worked
):
    make.submitted(make.person())
    Submission.objects.update(claim_token=uuid4(), claimed_until=timezone.now() + timedelta(minutes=1))
    now = timezone.now()
    make.submitted(make.american(), now=now - waited)
    assert runner.drain(now=now) == worked


def test_a_worker_joins_in_when_a_whole_batch_waits(acme, settings):
    settings.LEADOPS_BATCH_SIZE = 2
    make.submitted(make.person())
    Submission.objects.update(claim_token=uuid4(), claimed_until=timezone.now() + timedelta(minutes=1))
    now = timezone.now()
    for values in make.crowd(2):
        make.submitted(values, now=now)
    assert runner.drain(now=now) == 2
