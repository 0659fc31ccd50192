"""What is over goes with age, in small batches; what anybody still needs stays."""

from datetime import timedelta
from io import StringIO

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from crm_sync.models import CrmConnection, InboundEvent
from exception_queue import queue
from exception_queue.models import ExceptionItem, ExceptionNote
from intake.models import Lead, Submission, TimelineEntry
from leadops.backups import database
from leadops.models import RetentionMark
from leadops.retention import going, progress
from routing.exception_kinds import NO_RULE_MATCHED
from routing.handover import actions
from routing.models import Assignment, Decision, OwnerNotice, RotationTurn, SlaClock, SlaStep
from routing.simulation.replaying import replay
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)

YEARS = timedelta(days=4 * 365)


def later() -> object:
    """Four years from now: everything that may go is old enough."""
    return timezone.now() + YEARS


@pytest.fixture
def at_rest(committed_acme) -> Lead:
    """A lead that was answered, and that nobody has touched since."""
    lead = make.handed_off(make.american())
    actions.mark_contacted(
        lead_id=lead.pk, at=timezone.now(), by="alice@acme.test", evidence="claimed", source="api", actor="alice",
        now=timezone.now(),
    )  # fmt: skip
    OwnerNotice.objects.update(status="sent")
    return Lead.objects.get(pk=lead.pk)


def rows_of(lead: Lead) -> dict[str, int]:
    models = {
        "timeline": TimelineEntry,
        "decisions": Decision,
        "turns": RotationTurn,
        "clocks": SlaClock,
        "notices": OwnerNotice,
    }
    return {name: model.objects.filter(lead=lead).count() for name, model in models.items()}


def test_of_a_lead_at_rest_everything_old_goes_and_the_lead_and_its_history_stay(at_rest, admin_client):
    assert min(rows_of(at_rest).values()) > 0
    holder, changes = Assignment.objects.get().owner, Assignment.history.count()
    going.sweep(now=later(), budget=60)
    assert rows_of(at_rest) == dict.fromkeys(rows_of(at_rest), 0)
    assert not SlaStep.objects.exists()
    assert Assignment.objects.get().owner == holder
    assert Assignment.history.count() == changes
    page = admin_client.get(reverse("admin:intake_lead_change", args=[at_rest.pk]))
    assert page.status_code == 200


@pytest.mark.parametrize("status", ["new", "working"])
def test_of_a_lead_that_somebody_has_to_answer_nothing_goes(committed_acme, status):
    lead = make.handed_off(make.american())
    Lead.objects.filter(pk=lead.pk).update(status=status)
    before = rows_of(lead)
    going.sweep(now=later(), budget=60)
    assert rows_of(lead) == before


def test_of_a_lead_that_has_changed_lately_nothing_goes(at_rest):
    before = rows_of(at_rest)
    Lead.objects.update(updated_at=later() - timedelta(days=10))
    going.sweep(now=later(), budget=60)
    assert rows_of(at_rest) == before


def test_what_is_younger_than_its_days_stays(at_rest):
    before = rows_of(at_rest)
    assert going.sweep(now=timezone.now() + timedelta(days=29), budget=60) == 0
    assert rows_of(at_rest) == before
    assert bytes(Submission.objects.get().body)


def test_the_body_of_a_submission_goes_and_its_page_says_so(at_rest, admin_client):
    submission = Submission.objects.get()
    going.sweep(now=later(), budget=60)
    emptied = Submission.objects.get()
    assert (bytes(emptied.body), emptied.headers, emptied.raw_values, emptied.ip) == (b"", {}, {}, None)
    assert emptied.values == submission.values
    assert emptied.body_hash == submission.body_hash
    for page in (("intake_submission", submission.pk), ("intake_lead", at_rest.pk)):
        shown = admin_client.get(reverse(f"admin:{page[0]}_change", args=[page[1]])).content.decode()
        assert "Removed for its age on" in shown
        assert submission.body_hash in shown


def test_a_body_that_is_still_to_be_read_stays(committed_acme):
    submission = make.submitted(make.american())
    Submission.objects.update(status="held", due_at=None)
    going.sweep(now=later(), budget=60)
    assert bytes(Submission.objects.get().body) == bytes(submission.body)


def test_turns_go_with_their_give_backs_and_the_credits_stay(at_rest):
    turn = RotationTurn.objects.get()
    assignment = Assignment.objects.get()
    actions.decline(
        lead_id=at_rest.pk, reason="wrong territory", source="api", actor="alice", now=timezone.now()
    )
    assert RotationTurn.objects.filter(reverses=turn).exists()
    Lead.objects.update(status="contacted")
    credit = sorted(turn.rotation.members.values_list("owner", "credit"))
    going.sweep(now=later(), budget=60, batch=1)
    assert not RotationTurn.objects.exists()
    assert sorted(turn.rotation.members.values_list("owner", "credit")) == credit
    assert Assignment.objects.get().pk == assignment.pk
    assert make.handed_off(make.american(email="next@one.example", full_name="Ne Xt", company="One"))
    assert RotationTurn.objects.get().number > turn.number


def test_a_decision_that_stays_can_be_replayed_because_its_turn_stays_too(at_rest, settings):
    settings.LEADOPS_KEEP_DECISIONS = 0
    settings.LEADOPS_KEEP_TURNS = 0  # as the settings make it of any number, when decisions stay for ever
    going.sweep(now=later(), budget=60)
    assert [replay(row).same for row in Decision.objects.select_related("ruleset")] == [True]


def test_events_that_were_worked_go_and_those_that_wait_stay(committed_acme):
    now = timezone.now()
    for status in ("waiting", "done", "ignored", "failed"):
        InboundEvent.objects.create(
            connection=CrmConnection.objects.get(), dedupe_key=status, remote_id="1", payload={}, received_at=now, due_at=now,
            status=status,
        )  # fmt: skip
    going.sweep(now=later(), budget=60)
    assert list(InboundEvent.objects.values_list("status", flat=True)) == ["waiting"]


def test_settled_exceptions_go_with_their_notes_and_open_ones_stay(committed_acme):
    for id_ in ("a", "b"):
        subject = queue.Subject("lead", id_, id_)
        queue.open_items([queue.ExceptionReport(NO_RULE_MATCHED, subject, "why")], now=timezone.now())
    queue.resolve(ExceptionItem.objects.filter(subject_id="a"), by="ops")
    going.sweep(now=later(), budget=60)
    assert list(ExceptionItem.objects.values_list("subject_id", flat=True)) == ["b"]
    assert set(ExceptionNote.objects.values_list("item__subject_id", flat=True)) == {"b"}


def test_nothing_goes_where_it_stays_for_ever(at_rest, settings):
    for expiry in going.expiries():
        setattr(settings, expiry.setting, 0)
    before = rows_of(at_rest)
    assert going.sweep(now=later(), budget=60) == 0
    assert rows_of(at_rest) == before


def test_a_row_that_somebody_holds_is_left_for_another_time_and_nobody_waits(at_rest):
    """Another connection holds the submission: the sweep goes past it, and takes everything else."""
    address = database.address_of(connection.get_connection_params())
    with psycopg.connect(address) as other:
        other.execute("SELECT 1 FROM intake_submission FOR UPDATE")
        going.sweep(now=later(), budget=60)
        assert bytes(Submission.objects.get().body)
        assert not TimelineEntry.objects.exists()
    RetentionMark.objects.all().delete()
    going.sweep(now=later(), budget=60)
    assert not bytes(Submission.objects.get().body)


def test_it_goes_on_where_its_time_was_up(at_rest):
    going.sweep(now=later(), budget=0)
    assert TimelineEntry.objects.exists()
    assert RetentionMark.objects.get(key="timeline").complete_at is None
    going.sweep(now=later(), budget=60, batch=1)
    assert not TimelineEntry.objects.exists()
    mark = RetentionMark.objects.get(key="timeline")
    assert mark.complete_at is not None and mark.removed > 1 and mark.next_at > mark.last_at


def test_doctor_says_what_does_not_go(at_rest):
    going.sweep(now=timezone.now() - timedelta(days=3), budget=0)
    (found,) = progress.check_retention()
    assert found.level == "warn" and "timeline entries" in found.title
    going.sweep(now=timezone.now(), budget=60)
    (found,) = progress.check_retention()
    assert found.level == "ok"


def test_the_command_says_what_would_go_and_removes_nothing(at_rest, settings):
    settings.LEADOPS_KEEP_NOTICES = 0
    said = StringIO()
    call_command("retention", "--dry-run", stdout=said)
    assert "0  timeline entries (LEADOPS_KEEP_TIMELINE: stay 1095 days)" in said.getvalue()
    assert "notices that were sent or given up (LEADOPS_KEEP_NOTICES: stay for ever)" in said.getvalue()
    assert "Nothing was removed." in said.getvalue()
    call_command("retention", stdout=said)
    assert TimelineEntry.objects.exists()


def test_old_logs_go_and_the_one_that_is_written_stays(settings, tmp_path):
    import os

    settings.LEADOPS_DATA_DIR = tmp_path
    (tmp_path / "logs").mkdir()
    for name in ("web.log", "web.log.1"):
        (tmp_path / "logs" / name).touch()
        os.utime(tmp_path / "logs" / name, (0, 0))
    going.sweep(now=timezone.now())
    assert [path.name for path in (tmp_path / "logs").iterdir()] == ["web.log"]


def test_prometheus_hears_how_many_have_gone(at_rest, client):
    going.sweep(now=later(), budget=60)
    text = client.get("/metrics", headers=make.HOST).content.decode()
    assert 'leadops_retention_removed_total{kind="decisions"} 1.0' in text
    assert 'leadops_retention_complete_timestamp_seconds{kind="turns"}' in text
