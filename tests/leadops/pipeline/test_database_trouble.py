"""Trouble of the database is not the data's fault: the batch is tried again, or left to whoever comes next (I1)."""

import time
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from exception_queue.models import ExceptionItem
from intake import pipeline, runner
from intake.batch import Batch
from intake.models import Lead, Submission
from leadops.pipeline import LEAD_PIPELINE
from routing.models import Assignment, RotationTurn
from tests import make

DEADLOCK, SHUTDOWN = "40P01", "57P01"
EDITED: list[str] = []
# What PostgreSQL says the next times that a batch is worked.
TROUBLE: list[str] = []
SEEN: list[object] = []


@pytest.fixture
def with_stage(settings):
    """Puts a stage of this module before the named one."""

    def put(name: str, *, before: str) -> None:
        at = next(place for place, line in enumerate(LEAD_PIPELINE) if line.endswith(before))
        EDITED[:] = [*LEAD_PIPELINE[:at], f"{__name__}.{name}", *LEAD_PIPELINE[at:]]
        settings.LEADOPS_PIPELINE = f"{__name__}.EDITED"
        pipeline.pipeline.cache_clear()

    yield put
    pipeline.pipeline.cache_clear()
    TROUBLE.clear()
    SEEN.clear()


def meets_trouble(batch: Batch) -> None:
    """PostgreSQL itself ends the statement."""
    if TROUBLE:
        with connection.cursor() as cursor:
            cursor.execute(f"DO $$ BEGIN RAISE SQLSTATE '{TROUBLE.pop()}'; END $$")


def outlives_its_lease(batch: Batch) -> None:
    """Slow, until the lease has been renewed twice; not for ever."""
    (work,) = batch.works
    deadline = time.monotonic() + 10
    while len(set(SEEN)) < 3 and time.monotonic() < deadline:
        SEEN.append(Submission.objects.values_list("claimed_until", flat=True).get(pk=work.submission.pk))
        time.sleep(0.05)


@pytest.mark.django_db
def test_a_batch_that_was_the_victim_of_a_deadlock_is_tried_again_whole(acme, with_stage):
    with_stage("meets_trouble", before="notify_owner")
    TROUBLE[:] = [DEADLOCK, DEADLOCK]
    for values in make.crowd(3):
        make.submitted(values)
    runner.drain()
    assert set(Submission.objects.values_list("status", flat=True)) == {Submission.Status.HANDED_OFF}
    assert Lead.objects.count() == Assignment.objects.count() == RotationTurn.objects.count() == 3
    assert not ExceptionItem.objects.exists()


@pytest.mark.django_db
def test_trouble_with_the_database_holds_no_lead_and_leaves_it_to_the_next_worker(acme, with_stage):
    with_stage("meets_trouble", before="notify_owner")
    TROUBLE[:] = [SHUTDOWN] * 9
    submission = make.submitted(make.person())
    with pytest.raises(OperationalError):
        runner.drain()
    submission.refresh_from_db()
    assert submission.status == Submission.Status.RECEIVED
    assert submission.claim_token is not None
    assert not ExceptionItem.objects.exists()
    TROUBLE.clear()
    Submission.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    runner.drain()
    submission.refresh_from_db()
    assert submission.status == Submission.Status.HANDED_OFF


@pytest.mark.django_db(transaction=True)
def test_a_batch_that_is_longer_than_its_lease_keeps_it(committed_acme, with_stage, monkeypatch):
    monkeypatch.setattr(runner, "LEASE", timedelta(seconds=1.5))
    with_stage("outlives_its_lease", before="enrich")
    submission = make.submitted(make.person())
    runner.drain()
    assert len(set(SEEN)) >= 3
    submission.refresh_from_db()
    assert submission.status == Submission.Status.HANDED_OFF
    assert Lead.objects.count() == 1
