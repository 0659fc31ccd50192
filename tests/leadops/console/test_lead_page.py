"""The page of a lead: what happened to this person, and who has it."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from crm_sync.outbound import sending
from exception_queue import queue
from intake import bodies
from intake.models import Lead, LeadChange, TimelineEntry
from leadops.console.lead import page, why
from routing.engine.rotation_state import LEAD
from routing.handover import actions
from routing.models import Assignment, Decision, LeadScore, NamedAccount, Owner
from tests import make
from tests.leadops.console.conftest import EVERYTHING


def url_of(lead):
    return reverse("admin:intake_lead_change", args=(lead.pk,))


def hill(**values):
    return make.american(company="Hill Works", full_name="Bob Hill", email="bob@hill.example", **values)


def test_it_answers_who_has_it_by_when_and_why(maria, acme):
    lead = make.handed_off(make.person(city="Berlin", job_title="Head of Sales", phone="030 901820"))
    shown = page.context(lead, user=EVERYTHING, now=timezone.now())
    assert shown["owner"] == Assignment.objects.get(lead=lead).owner
    assert shown["place"] == "Berlin, DE"
    assert shown["due"].counts
    assert shown["why"].headline == "DACH"
    assert [check.says for check in shown["why"].checks] == ["territory is DACH"]
    assert [passed.rule for passed in shown["why"].passed] == ["Named account", "Partners"]
    assert {one.label: one.points for one in shown["score_reasons"]} == {
        "Asked for a demo": 45,
        "Enterprise size": 30,
        "Decision maker": 15,
    }
    text = maria.get(url_of(lead)).content.decode()
    for said in (
        "Jana Weiß",
        "Beispiel Werke GmbH",
        "Berlin, DE",
        "Deutschland",
        "030 901820",
        "Rule “DACH”",
    ):
        assert said in text


def test_it_shows_raw_spellings_beside_canonical_ones_only_where_they_differ(acme):
    lead = make.handed_off(make.person(city="Berlin"))
    facts = {
        fact.label: fact
        for section in page.context(lead, user=EVERYTHING, now=timezone.now())["sections"]
        for fact in section.facts
    }
    assert (facts["Country"].value, facts["Country"].raw) == ("DE", "Deutschland")
    assert (facts["City"].value, facts["City"].raw) == ("Berlin", "")


def test_it_says_in_leads_what_was_due_minus_what_was_got(acme):
    lead = make.handed_off()
    decision = Decision.objects.get(lead=lead)
    members = why.explain(decision, None).rotations[-1].members
    assert [(one.name, one.picked, one.before, one.after) for one in members] == [
        ("Dieter Dorn", True, "0.0", "−0.5"),
        ("Eva Ernst", False, "0.0", "+0.5"),
    ]
    # As it was written at first, in hundredths of weight.
    turn = decision.trace[-1]["turn"]
    del turn["format"]
    turn["rows"] = [{**row, "after": row["after"] * 200 // LEAD, "part": 0} for row in turn["rows"]]
    assert why.explain(decision, None).rotations[-1].members == members


def test_it_names_who_was_left_out_of_the_rotation_and_why(acme):
    Owner.objects.filter(email="dieter@acme.test").update(active=False)
    lead = make.handed_off()
    known = why.explain(Decision.objects.get(lead=lead), Assignment.objects.get(lead=lead))
    members = [member for rotation in known.rotations for member in rotation.members]
    assert [member.left_out for member in members if member.left_out] == ["Dieter Dorn is not active"]
    assert [(member.name, member.picked) for member in members if not member.left_out] == [
        ("Eva Ernst", True)
    ]


def test_it_says_why_the_rules_above_did_not_match(acme):
    lead = make.handed_off(make.person(country="ES"))
    known = why.explain(Decision.objects.get(lead=lead), Assignment.objects.get(lead=lead))
    assert not known.is_rule
    assert known.headline == "No rule matched"
    assert {passed.rule for passed in known.passed} >= {"DACH", "Partners", "Hot North America"}
    assert all(passed.why for passed in known.passed)


def test_it_says_which_account_the_lead_belongs_to_and_why_the_others_were_not_taken(acme):
    NamedAccount.objects.create(company="Globex, Inc.", country="JP")
    NamedAccount.objects.create(company="Globex Europe", domains=["globex.com"])
    lead = make.handed_off(make.american(email="jane@globex.com", company="Globex"))
    known = why.explain(Decision.objects.get(lead=lead), Assignment.objects.get(lead=lead))
    assert [(one.name, one.says, one.taken) for one in known.accounts] == [
        ("Globex", "found by the domain of the address", True),
        ("Globex Europe", "Globex has an owner", False),
        ("Globex, Inc.", "it has the name, and is in another country: JP, not US", False),
    ]
    elsewhere = make.handed_off(make.american())
    assert why.explain(Decision.objects.get(lead=elsewhere), None).accounts == []


def test_it_marks_the_branches_of_an_any_that_were_not_needed():
    rows = [
        {"path": "all[0]", "group": "all", "field": "territory", "operator": "in", "wanted": ["DACH"], "actual": ["DACH"],
         "holds": True, "ok": True},
        {"path": "all[1].any[0]", "group": "any", "field": "country", "operator": "eq", "wanted": "DE", "actual": "DE",
         "holds": True, "ok": True},
        {"path": "all[1].any[1]", "group": "any", "field": "country", "operator": "eq", "wanted": "CH", "actual": "DE",
         "holds": False, "ok": False},
    ]  # fmt: skip
    checks = why._checks(rows)
    assert [(check.ok, check.needed) for check in checks] == [(True, True), (True, True), (False, False)]
    assert checks[2].says == "country is DE, not CH"


def test_it_says_that_somebody_moved_it_after_the_rules(maria, acme):
    lead = make.handed_off()
    alice = Owner.objects.get(email="alice@acme.test")
    actions.reassign(
        lead_id=lead.pk,
        owner_id=alice.pk,
        reason="Knows them",
        source="console",
        actor="Maria",
        now=timezone.now(),
    )
    shown = page.context(lead, user=EVERYTHING, now=timezone.now())
    assert shown["why"].moved
    history = [(str(one["assigned_to"]), one["held"] == "") for one in shown["ownership"]]
    assert history[0] == ("Alice Ames", True)
    assert history[1][1] is False
    text = maria.get(url_of(lead)).content.decode()
    assert "Knows them" in text
    assert "Before that, by the rules" in text


def test_it_says_how_long_it_took_into_the_crm(maria, hubspot):
    lead = make.handed_off()
    waiting = page.context(lead, user=EVERYTHING, now=timezone.now())
    assert waiting["arrival"]["crm"] == ""
    assert [state.state for state in waiting["crm"]] == ["waiting"]
    sending.drain_all()
    shown = page.context(lead, user=EVERYTHING, now=timezone.now())
    assert shown["arrival"]["crm"] == "HubSpot"
    assert shown["arrival"]["took"].endswith("s")
    assert [(state.state, state.pushed_version) for state in shown["crm"]] == [("in_sync", lead.version)]
    text = maria.get(url_of(lead)).content.decode()
    assert "in sync" in text
    assert f"#{shown['crm'][0].remote_id}" in text


def test_a_change_that_nobody_has_taken_up_yet_is_not_in_sync(hubspot):
    lead = make.handed_off()
    sending.drain_all()
    actions.disqualify(lead_id=lead.pk, reason="Student", source="console", actor="Maria", now=timezone.now())
    assert LeadChange.objects.filter(lead=lead).exists()
    assert [state.state for state in page.context(lead, user=EVERYTHING, now=timezone.now())["crm"]] == [
        "waiting"
    ]


def test_open_exceptions_about_the_lead_and_its_submissions_stand_on_top(maria, acme):
    lead = make.handed_off()
    submission = lead.submissions.get()
    problems = [
        queue.ExceptionReport(
            "intake.spam_uncertain", queue.Subject("submission", str(submission.pk), "x"), "Looks odd"
        ),
        queue.ExceptionReport("crm.rejected", queue.Subject("lead", str(lead.pk), "Jana"), "No such option"),
        queue.ExceptionReport(
            "crm.rejected", queue.Subject("lead", "somebody else", "Other"), "Another lead's"
        ),
    ]
    queue.open_items(problems, now=timezone.now())
    shown = page.context(lead, user=EVERYTHING, now=timezone.now())["open_exceptions"]
    assert [item.kind for item in shown] == ["crm.rejected", "intake.spam_uncertain"]
    text = maria.get(url_of(lead)).content.decode()
    assert "No such option" in text
    assert "Another lead" not in text


def test_duplicates_are_seen_from_both_sides(maria, acme):
    first = make.handed_off(hill())
    second = make.handed_off(hill() | {"email": "robert.hill@hill.example", "full_name": "Robert Hill"})
    assert second.possible_duplicate_of == first
    for one, other in ((first, second), (second, first)):
        (found,) = page.context(one, user=EVERYTHING, now=timezone.now())["duplicates"]
        assert found["lead"] == other
        assert maria.get(found["compare"]).status_code == 200


def test_a_long_life_asks_the_database_no_more_than_a_short_one(acme):
    lead = make.handed_off()

    def asked():
        with CaptureQueriesContext(connection) as queries:
            page.context(Lead.objects.get(pk=lead.pk), user=EVERYTHING, now=timezone.now())
        return len(queries)

    short = asked()
    for email in ("alice", "bob", "eva", "dieter") * 3:
        owner = Owner.objects.get(email=f"{email}@acme.test")
        actions.reassign(
            lead_id=lead.pk,
            owner_id=owner.pk,
            reason="Next",
            source="console",
            actor="Maria",
            now=timezone.now(),
        )
    assert TimelineEntry.objects.filter(lead=lead).count() > 12
    assert asked() == short


def test_editing_goes_through_the_door_and_marks_what_was_typed(maria, acme):
    lead = make.handed_off()
    form = maria.get(url_of(lead), {"edit": "1"}).context["adminform"].form
    values = {name: value for name, value in form.initial.items() if value is not None}
    answer = maria.post(
        url_of(lead) + "?edit=1", values | {"company": "Beispiel AG", "existing_customer": "unknown"}
    )
    assert answer.status_code == 302, answer.context and answer.context["adminform"].form.errors
    changed = Lead.objects.get(pk=lead.pk)
    assert (changed.company, changed.typed_fields, changed.version) == (
        "Beispiel AG",
        ["company"],
        lead.version + 1,
    )
    assert LeadChange.objects.filter(lead=lead).exists()
    entry = TimelineEntry.objects.get(lead=lead, verb="intake.edited")
    assert (entry.actor, [one["field"] for one in entry.data["fields"]]) == ("Maria Mann", ["company"])


def test_a_lead_keeps_a_way_to_be_reached(maria, acme):
    lead = make.handed_off()
    answer = maria.post(url_of(lead) + "?edit=1", {"full_name": "Jana", "email": "", "phone": ""})
    assert answer.status_code == 200
    assert "Keep a way to reach the person" in answer.content.decode()
    assert Lead.objects.get(pk=lead.pk).email


def test_an_onlooker_sees_the_page_and_no_buttons(onlooker, acme):
    lead = make.handed_off()
    text = onlooker.get(url_of(lead)).content.decode()
    assert "Jana Weiß" in text
    assert f"{lead.pk}/reassign/" not in text
    assert "?edit=1" not in text
    assert onlooker.post(url_of(lead) + "reassign/", {"to": "owner:1"}).status_code in (403, 404)
    assert (
        onlooker.get(
            reverse("admin:intake_lead_change", args=(lead.pk,)).replace("change/", "reassign/")
        ).status_code
        == 403
    )


def test_a_lead_that_nobody_scored_or_assigned_by_rules_still_has_a_page(maria, acme):
    lead = make.handed_off()
    LeadScore.objects.filter(lead=lead).delete()
    Decision.objects.filter(lead=lead).delete()
    TimelineEntry.objects.filter(lead=lead).update(data={}, verb="elsewhere.happened")
    assert "Jana Weiß" in maria.get(url_of(lead)).content.decode()


@pytest.mark.parametrize("minutes", [5, -5])
def test_a_clock_says_how_much_of_its_time_has_gone(acme, minutes):
    lead = make.handed_off()
    shown = page.context(lead, user=EVERYTHING, now=timezone.now())
    clock = shown["clock"]
    clock.started_at, clock.due_at = (
        timezone.now() - timedelta(minutes=15),
        timezone.now() + timedelta(minutes=minutes),
    )
    clock.save()
    due = page.context(lead, user=EVERYTHING, now=timezone.now())["due"]
    assert (due.tone, due.share) == (("warning", 75) if minutes > 0 else ("danger", 100))


def test_raw_bodies_are_shown_indented_and_harmless(maria, acme):
    lead = make.handed_off(make.person(message="<script>alert(1)</script>"))
    text = maria.get(url_of(lead)).content.decode()
    assert "<script>alert(1)" not in text
    shown = bodies.shown(bytes(lead.submissions.get().body), "application/json")
    assert json.loads(shown)["message"] == "<script>alert(1)</script>"


def test_only_a_lead_with_an_owner_can_be_given_back(maria, acme):
    owned = make.handed_off()
    ana = make.person(email="ana@muestra.example", full_name="Ana Ruiz", company="Muestra SL", country="ES")
    queued = make.handed_off(ana)
    assert "Decline" in maria.get(url_of(owned)).content.decode()
    assert "Decline" not in maria.get(url_of(queued)).content.decode()


def test_steps_of_the_clock_are_told_in_words(maria, acme):
    text = maria.get(url_of(make.handed_off())).content.decode()
    assert "Remind owner" in text
    assert "remind_owner" not in text
