"""A posted form becomes an owned lead, with everything that goes with it."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from crm_sync.models import OutboxEntry
from exception_queue import queue
from exception_queue.models import ExceptionItem
from intake import runner
from intake.models import (
    BlockedSender,
    CompanyProfile,
    ConsentRecord,
    IntakeForm,
    Lead,
    LeadIdentity,
    Submission,
)
from routing.handover import actions
from routing.models import (
    Assignment,
    Decision,
    LeadScore,
    OwnerNotice,
    Queue,
    Rotation,
    RotationMember,
    RotationTurn,
    RuleSet,
    SlaClock,
)
from routing.rules import publishing
from tests import make

pytestmark = pytest.mark.django_db


def test_it_becomes_a_lead_with_owner_reason_history_clock_notice_and_outbox_row(acme):
    lead = make.handed_off(make.person(job_title="Head of Sales"))
    assignment = Assignment.objects.get(lead=lead)
    assert assignment.owner.team.name == "DACH Sales"
    assert (assignment.reason, assignment.rule_name, assignment.ruleset_version) == ("DACH", "DACH", 1)
    history = assignment.history.get()
    assert (history.owner_id, history.reason, history.source) == (assignment.owner_id, "DACH", "pipeline")
    score = LeadScore.objects.get(lead=lead)
    assert (score.points, score.segment) == (90, "hot")
    assert [reason["label"] for reason in score.reasons] == [
        "Enterprise size",
        "Asked for a demo",
        "Decision maker",
    ]
    assert SlaClock.objects.get(lead=lead).policy_name == "Hot leads"
    assert OwnerNotice.objects.get(lead=lead).owner == assignment.owner
    assert OutboxEntry.objects.get(lead=lead).status == "pending"
    decision = Decision.objects.get(lead=lead)
    assert decision.outcome["rule"]["name"] == "DACH"
    assert decision.outcome["turn"]["picked"] == assignment.owner_id
    verbs = list(lead.timeline_entries.values_list("verb", flat=True))
    assert verbs == ["intake.submitted", "routing.scored", "routing.assigned", "routing.clock_started"]


@pytest.mark.parametrize(("said", "granted"), [("yes", True), ("no", False)])
def test_what_somebody_says_about_consent_is_kept_as_said(acme, said, granted):
    lead = make.handed_off(make.person(marketing_consent=said))
    consent = ConsentRecord.objects.get(lead=lead, kind="marketing")
    assert consent.granted is granted


def test_it_normalizes_and_keeps_what_was_typed(acme):
    lead = make.handed_off(
        make.person(email=" Jana.Weiss@Beispiel-Werke.example ", phone="030 901820", shoe_size="43")
    )
    assert (lead.email, lead.country, lead.phone) == (
        "jana.weiss@beispiel-werke.example",
        "DE",
        "+4930901820",
    )
    assert (lead.first_name, lead.last_name) == ("Jana", "Weiß")
    assert lead.raw["country"] == "Deutschland"
    assert lead.extra == {"shoe_size": "43"}


def test_it_routes_by_queue_rule_without_an_exception(acme):
    lead = make.handed_off(make.american(utm_source="Partner"))
    assert Assignment.objects.get(lead=lead).queue.name == "Partner desk"
    assert not ExceptionItem.objects.exists()


def test_it_sends_what_no_rule_wants_to_the_fallback_queue_with_an_exception(acme):
    lead = make.handed_off(make.person(country="France"))
    assert Assignment.objects.get(lead=lead).queue.name == "Triage"
    item = ExceptionItem.objects.get()
    assert (item.kind, item.subject_id) == ("routing.no_rule_matched", str(lead.pk))


def test_a_named_account_goes_to_its_owner(acme):
    lead = make.handed_off(make.person(email="kim.lee@globex.de"))
    assignment = Assignment.objects.get(lead=lead)
    assert (assignment.owner.email, assignment.reason) == ("alice@acme.test", "Named account")
    assert not RotationTurn.objects.exists()


def test_a_disqualified_lead_keeps_an_owner_or_queue_without_clock_or_notice(acme):
    lead = make.handed_off(make.person(email="jo.miller@gmail.com", job_title="Student"))
    assert (lead.status, lead.disqualify_reason) == (Lead.Status.DISQUALIFIED, "student")
    assert Assignment.objects.filter(lead=lead).exists()
    assert not SlaClock.objects.exists()
    assert not OwnerNotice.objects.exists()


def test_a_bot_is_answered_like_anybody_and_becomes_no_lead(acme):
    answer = make.posted(make.person(company_fax="1"))
    assert answer.status_code == 202
    runner.drain()
    submission = Submission.objects.get()
    assert (submission.status, submission.lead) == (Submission.Status.SPAM, None)
    assert not Lead.objects.exists()


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("domain", "beispiel-werke.example"),
        ("email", "jana.weiss@beispiel-werke.example"),
        ("ip", "127.0.0.0/8"),
        ("ip", "127.0.0.1"),
    ],
)
def test_a_blocked_sender_is_spam(acme, kind, value):
    BlockedSender.objects.create(kind=kind, value=value)
    submission = make.submitted(make.person())
    runner.drain()
    submission.refresh_from_db()
    assert submission.status == Submission.Status.SPAM
    assert submission.reason == f"{value} is on the blocklist."


def test_a_sender_outside_a_blocked_network_is_a_lead(acme):
    BlockedSender.objects.create(kind="ip", value="192.0.2.0/24")
    assert make.handed_off().email == "jana.weiss@beispiel-werke.example"


def test_uncertain_spam_waits_for_a_person_and_then_goes_on_as_unchecked(acme):
    submission = make.submitted(make.person(email="a.b@mailinator.com"))
    runner.drain()
    submission.refresh_from_db()
    assert submission.status == Submission.Status.HELD
    assert submission.due_at - timezone.now() <= timedelta(minutes=15)
    item = ExceptionItem.objects.get()
    assert item.kind == "intake.spam_uncertain"
    runner.drain(now=submission.due_at)
    submission.refresh_from_db()
    assert submission.status == Submission.Status.HANDED_OFF
    assert submission.unchecked
    item.refresh_from_db()
    assert item.status == ExceptionItem.Status.RESOLVED


def test_the_customers_clock_runs_from_received_through_the_hold(acme):
    submission = make.submitted(make.person(email="a.b@mailinator.com"))
    runner.drain()
    submission.refresh_from_db()
    runner.drain(now=submission.due_at)
    assert SlaClock.objects.get().started_at == submission.received_at


def test_a_form_that_cannot_reach_anybody_is_held_and_resumes_when_the_map_is_mended(acme):
    form = IntakeForm.objects.get(key="demo-request")
    form.required = []
    form.save()
    submission = make.submitted({"Mail address": "eve.adams@firm.example", "country": "DE"})
    runner.drain()
    submission.refresh_from_db()
    assert submission.status == Submission.Status.HELD
    item = ExceptionItem.objects.get()
    assert item.kind == "intake.unreachable"
    form.field_map = {"Mail address": "email"}
    form.save()
    queue.retry([item], by="ops")
    runner.drain()
    submission.refresh_from_db()
    assert submission.status == Submission.Status.HANDED_OFF
    assert submission.lead.email == "eve.adams@firm.example"


def test_company_facts_are_filled_from_the_company_table_only_where_the_form_is_silent(acme):
    CompanyProfile.objects.create(
        domain="beispiel-werke.example", name="Beispiel Werke AG", employee_count=1200, industry="Machines"
    )
    values = make.person()
    del values["employee_count"]
    lead = make.handed_off(values)
    assert (lead.employee_count, lead.industry, lead.company) == (1200, "Machines", "Beispiel Werke GmbH")


def test_a_returning_uncontacted_lead_keeps_owner_and_clock(acme):
    lead = make.handed_off(make.american())
    clock = SlaClock.objects.get(lead=lead)
    again = make.handed_off(make.american(message="Hello?"))
    assert again.pk == lead.pk
    assert Assignment.objects.get(lead=lead).history.count() == 1
    assert SlaClock.objects.get(lead=lead).pk == clock.pk
    assert RotationTurn.objects.count() == 1
    assert OwnerNotice.objects.count() == 1  # the same form within ten minutes


def test_a_returning_lead_only_gets_more_urgent(acme):
    lead = make.handed_off(
        make.american(intent="newsletter", employee_count="900", job_title="Head of IT"), now=ago(hours=1)
    )
    before = SlaClock.objects.get(lead=lead)
    assert before.policy_name == "Everyone else"
    make.handed_off(make.american(intent="demo_request", job_title="Head of IT"))
    after = SlaClock.objects.get(lead=lead)
    assert (after.pk, after.policy_name) == (before.pk, "Hot leads")
    assert after.due_at < before.due_at
    assert {step.status for step in before.steps.filter(position=0)} == {"skipped"}


def test_a_reminder_that_was_sent_stays_sent_when_the_lead_gets_more_urgent(acme):
    lead = make.handed_off(
        make.american(intent="newsletter", employee_count="900", job_title="Head of IT"), now=ago(hours=1)
    )
    clock = SlaClock.objects.get(lead=lead)
    clock.steps.filter(position=0).update(status="done")
    make.handed_off(make.american(intent="demo_request", job_title="Head of IT"))
    assert SlaClock.objects.get(lead=lead).due_at < clock.due_at
    assert clock.steps.get(position=0).status == "done"


def test_a_returning_lead_never_gets_less_urgent(acme):
    lead = make.handed_off(make.american(), now=ago(hours=1))
    before = SlaClock.objects.get(lead=lead)
    steps = list(before.steps.values_list("status", "due_at"))
    assert before.policy_name == "Hot leads"
    make.handed_off(make.american(message="Hello?"))
    after = SlaClock.objects.get(lead=lead)
    assert (after.due_at, after.policy_name) == (before.due_at, before.policy_name)
    assert list(after.steps.values_list("status", "due_at")) == steps


def test_an_ambiguous_duplicate_is_created_routed_to_the_candidates_owner_and_reviewed(acme):
    first = make.handed_off(make.american(email="robert.hill@bigcorp.example", full_name="Robert Hill"))
    second = make.handed_off(make.american(email="bob.hill@bigcorp.example", full_name="Bob Hill"))
    assert second.pk != first.pk
    assert second.possible_duplicate_of == first
    assert Assignment.objects.get(lead=second).owner == Assignment.objects.get(lead=first).owner
    assert ExceptionItem.objects.get().kind == "intake.ambiguous_duplicate"


def test_a_shared_mailbox_is_nobodys_key(acme):
    lead = make.handed_off(make.american(email="info@bigcorp.example"))
    assert not LeadIdentity.objects.get(lead=lead, kind="email").exclusive


def test_without_published_rules_leads_wait_and_go_on_by_themselves(acme):
    RuleSet.objects.all().delete()
    submission = make.submitted(make.person())
    runner.drain()
    submission.refresh_from_db()
    assert submission.status == Submission.Status.HELD
    assert ExceptionItem.objects.get().kind == "routing.no_ruleset"
    publishing.publish(by="ops", now=timezone.now())
    runner.drain(now=submission.due_at)
    submission.refresh_from_db()
    assert submission.status == Submission.Status.HANDED_OFF
    assert ExceptionItem.objects.get().status == ExceptionItem.Status.RESOLVED


def ago(**time: int) -> datetime:
    return timezone.now() - timedelta(**time)


def contact(lead: Lead, *, now: datetime) -> None:
    actions.mark_contacted(
        lead_id=lead.pk, at=now, by="x", evidence="claimed", source="api", actor="x", now=now
    )


def test_a_contacted_lead_that_comes_back_is_new_again_and_stays_with_its_owner(acme):
    lead = make.handed_off(make.american(), now=ago(days=2))
    owner = Assignment.objects.get(lead=lead).owner
    contact(lead, now=ago(days=1))
    again = make.handed_off(make.american(message="Back again"))
    row = Assignment.objects.get(lead=lead)
    assert (again.pk, again.status, row.owner) == (lead.pk, Lead.Status.NEW, owner)
    assert row.reason == f"Stays with {owner.name}"
    assert RotationTurn.objects.count() == 1  # sticky picks use no turn
    assert SlaClock.objects.filter(lead=lead, status="running").count() == 1


def test_the_bond_ends_after_its_days_and_when_the_owner_has_left_the_rotation(acme):
    lead = make.handed_off(make.american(), now=ago(days=95))
    contact(lead, now=ago(days=94))
    make.handed_off(make.american(), now=ago(days=3))
    assert RotationTurn.objects.count() == 2
    owner = Assignment.objects.get(lead=lead).owner
    contact(lead, now=ago(days=2))
    RotationMember.objects.filter(owner=owner).update(active=False)
    make.handed_off(make.american())
    assert Assignment.objects.get(lead=lead).owner != owner


def test_the_bond_is_counted_from_the_last_contact_where_that_is_later_than_the_assignment(acme):
    lead = make.handed_off(make.american(), now=ago(days=91))
    contact(lead, now=ago(days=2))
    make.handed_off(make.american(message="Back again"))
    assert Assignment.objects.get(lead=lead).reason.startswith("Stays with")
    assert RotationTurn.objects.count() == 1


def test_a_content_form_goes_on_the_timeline_only(acme):
    lead = make.handed_off(make.american(), now=ago(days=2))
    IntakeForm.objects.create(key="paper", name="White paper", purpose="content")
    contact(lead, now=ago(days=1))
    make.handed_off(make.american(), form="paper")
    lead.refresh_from_db()
    assert lead.status == Lead.Status.CONTACTED
    assert not SlaClock.objects.filter(status="running").exists()
    assert lead.timeline_entries.filter(verb="intake.returned").count() == 1


def test_two_likely_duplicates_in_one_batch_go_to_one_owner(acme):
    make.submitted(make.american(email="robert.hill@bigcorp.example", full_name="Robert Hill"))
    make.submitted(make.american(email="bob.hill@bigcorp.example", full_name="Bob Hill"))
    runner.drain()
    assert Lead.objects.count() == 2
    assert len(set(Assignment.objects.values_list("owner", flat=True))) == 1


def test_a_rotation_that_is_switched_off_picks_nobody_though_a_published_rule_names_it(acme):
    Rotation.objects.filter(name="AMER round robin").update(active=False)
    lead = make.handed_off(make.american())
    assert Assignment.objects.get(lead=lead).queue == Queue.objects.get(fallback=True)
    assert not RotationTurn.objects.exists()
