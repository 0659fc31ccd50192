"""Reps see and act on their own leads and their team's queues, managers on their teams, Ops on everybody's."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from crm_sync.models import CrmConnection, InboundEvent
from exception_queue import queue
from exception_queue.models import ExceptionItem
from intake.models import Lead, Submission
from plumbing import access
from routing.exception_kinds import HOLDING_QUEUE_STUCK, NOTICE_FAILED
from routing.handover import actions
from routing.models import (
    Absence,
    Assignment,
    NamedAccount,
    Owner,
    OwnerNotice,
    Queue,
    Rotation,
    RoutingRule,
    Territory,
)
from tests import make
from tests.leadops.access.people import api, console, person

pytestmark = pytest.mark.django_db


def give(lead: Lead, to: str) -> Lead:
    owner = Owner.objects.filter(email=f"{to}@acme.test").first()
    where = {"owner_id": owner.pk} if owner else {"queue_id": Queue.objects.get(name=to).pk}
    row = Assignment.objects.get(lead=lead)
    if str(row) not in (to, getattr(owner, "name", "")):
        actions.reassign(
            lead_id=lead.pk, **where, reason="Test", source="api", actor="Test", now=timezone.now()
        )
    return lead


@pytest.fixture
def leads(acme) -> dict[str, Lead]:
    """By who has it: two of AMER, one in AMER's queue, one of DACH, one in DACH's queue."""
    crowd = make.crowd(5)
    holders = ("alice", "bob", "Triage", "eva", "Partner desk")
    return {to: give(make.handed_off(values), to) for to, values in zip(holders, crowd, strict=True)}


SEES = {
    ("Rep", "alice"): {"alice", "Triage"},
    ("Rep", "eva"): {"eva", "Partner desk"},
    ("Manager", "maria"): {"alice", "bob", "Triage"},
    ("Manager", "dieter"): {"eva", "Partner desk"},
    ("Rep", ""): set(),
    ("Manager", ""): set(),
    ("Ops", ""): {"alice", "bob", "Triage", "eva", "Partner desk"},
    ("Viewer", ""): {"alice", "bob", "Triage", "eva", "Partner desk"},
    ("Engineer", ""): {"alice", "bob", "Triage", "eva", "Partner desk"},
}


@pytest.mark.parametrize(("role", "owner"), SEES)
def test_each_role_sees_its_leads_everywhere_and_no_others(leads, role, owner):
    user = person(role, owner)
    browser, program = console(user), api(user)
    listed = browser.get("/admin/intake/lead/").text
    found = {one["id"] for one in program.get("/api/v1/leads").json()["results"]}
    exact = {one for one in leads if str(leads[one].pk) in found}
    assert exact == SEES[role, owner]
    for to, lead in leads.items():
        theirs = to in SEES[role, owner]
        page = reverse("admin:intake_lead_change", args=(lead.pk,))
        assert (f"{lead.pk}/change" in listed) == theirs
        assert (browser.get(page).status_code == 200) == theirs
        assert (
            str(lead.pk) in browser.get("/admin/search/", {"s": lead.email, "extended": "1"}).text
        ) == theirs
        for part in ("", "/timeline", "/assignments"):
            assert program.get(f"/api/v1/leads/{lead.pk}{part}").status_code == (200 if theirs else 404)
        if user.has_perm("intake.view_submission"):
            (row,) = Submission.objects.filter(lead=lead)
            assert (program.get(f"/api/v1/submissions/{row.pk}").status_code == 200) == theirs
            assert (browser.get(f"/admin/intake/submission/{row.pk}/change/").status_code == 200) == theirs
    assert browser.get("/admin/").status_code == 200


def test_a_rep_looks_at_the_people_of_the_team_and_acts_on_nobody(acme):
    alice, maria = person("Rep", "alice"), person("Manager", "maria")
    team = set(Owner.objects.filter(team=Owner.objects.get(user=alice).team))
    everybody = Owner.objects.all()
    assert len(team) > 1
    assert set(access.rows_for(alice, everybody, "look")) == team
    assert set(access.rows_for(alice, everybody, "act")) == set()
    assert set(access.rows_for(maria, everybody, "act")) == team


def test_whoever_has_left_a_rotation_of_another_team_sees_it_no_more(acme):
    alice, dach = person("Rep", "alice"), Rotation.objects.get(name="DACH round robin")
    member = dach.members.create(owner=Owner.objects.get(user=alice))
    assert access.may(alice, Rotation, dach.pk)
    dach.members.filter(pk=member.pk).update(active=False)
    assert not access.may(alice, Rotation, dach.pk)


def test_a_notice_that_was_not_sent_is_shown_to_whoever_has_its_lead(leads):
    alice = person("Rep", "alice")
    for to in ("alice", "bob"):
        notice = OwnerNotice.objects.filter(lead=leads[to]).first()
        subject = queue.Subject("notice", str(notice.pk), to)
        queue.open_items([queue.ExceptionReport(NOTICE_FAILED, subject, "x")], now=timezone.now())
    rows = access.rows_for(alice, ExceptionItem.objects.filter(subject_type="notice"))
    assert [item.subject_label for item in rows] == ["alice"]


def test_what_waits_in_a_rotation_is_the_business_of_whoever_manages_it(acme):
    rep, manager = person("Rep", "alice"), person("Manager", "maria")
    rotation = Rotation.objects.get(name="AMER round robin")
    assert access.may(rep, Rotation, rotation.pk)
    subject = queue.Subject("rotation", str(rotation.pk), rotation.name)
    queue.open_items([queue.ExceptionReport(HOLDING_QUEUE_STUCK, subject, "x")], now=timezone.now())
    seen = {user: access.rows_for(user, ExceptionItem.objects.all()).count() for user in (rep, manager)}
    assert seen == {rep: 0, manager: 1}


def test_what_a_crm_has_told_is_nobodys_own(acme):
    rep, ops = person("Rep", "alice"), person("Ops")
    now = timezone.now()
    InboundEvent.objects.create(
        connection=CrmConnection.objects.get(),
        dedupe_key="x",
        remote_id="1",
        payload={},
        received_at=now,
        due_at=now,
    )
    seen = {user: access.rows_for(user, InboundEvent.objects.all()).count() for user in (rep, ops)}
    assert seen == {rep: 0, ops: 1}


def test_nobody_acts_on_the_leads_of_others(leads):
    alice = person("Rep", "alice")
    browser, program = console(alice), api(alice)
    foreign, own = leads["bob"], leads["alice"]
    answers = {"contacted": {"by": "x", "ago": "0"}, "decline": {"reason": "busy"}, "disqualify": {"reason": "x"},
               "reassign": {"to": f"owner:{Owner.objects.get(name='Alice Ames').pk}", "reason": "x"}}  # fmt: skip
    before = list(Assignment.objects.filter(lead=foreign).values())
    for name, sent in answers.items():
        address = f"/admin/intake/lead/{foreign.pk}/{name}/"
        assert browser.get(address).status_code == 403
        assert browser.post(address, sent | {"_form_submitted": "on"}).status_code == 403
    assert browser.post(f"/admin/intake/lead/{foreign.pk}/change/", {"full_name": "X"}).status_code == 302
    for name, body in {"contacted": {}, "disqualify": {"reason": "x"}, "reject": {"reason": "busy"},
                       "reassign": {"owner": "alice@acme.test", "reason": "x"}}.items():  # fmt: skip
        answer = program.post(f"/api/v1/leads/{foreign.pk}/{name}", body, content_type="application/json")
        assert answer.status_code == 404
    assert list(Assignment.objects.filter(lead=foreign).values()) == before
    assert Lead.objects.get(pk=foreign.pk).status == "new"
    assert (
        program.post(f"/api/v1/leads/{own.pk}/contacted", {}, content_type="application/json").status_code
        == 200
    )


def test_leads_go_to_people_that_one_sees_and_to_the_fallback_queue(leads):
    eva = person("Rep", "eva")
    program = api(eva)
    offered = console(eva).get(f"/admin/intake/lead/{leads['eva'].pk}/reassign/").text
    assert "Dieter Dorn" in offered and "Triage" in offered and "Partner desk" in offered
    assert "Alice Ames" not in offered and "Nurture" not in offered
    address = f"/api/v1/leads/{leads['eva'].pk}/reassign"
    to_alice = {"owner": "alice@acme.test", "reason": "x"}
    assert program.post(address, to_alice, content_type="application/json").status_code == 422
    away = program.post(address, {"queue": "Triage", "reason": "x"}, content_type="application/json")
    # It answers with what has become of the lead, which they do not see any more.
    assert away.status_code == 200 and away.json()["assignment"]["queue"] == "Triage"
    assert program.get(f"/api/v1/leads/{leads['eva'].pk}").status_code == 404


def test_managers_look_after_their_own_teams_people_rotations_territories_and_rules(leads):
    dieter = console(person("Manager", "dieter"))
    eva, alice = Owner.objects.get(name="Eva Ernst"), Owner.objects.get(name="Alice Ames")
    Rotation.objects.filter(name="DACH round robin").update(max_leads_ahead=3)
    rows = {
        "owner": (eva, alice),
        "rotation": (Rotation.objects.get(name="DACH round robin"), Rotation.objects.get(name="AMER round robin")),
        "territory": (Territory.objects.get(name="DACH"), Territory.objects.get(name="North America")),
        "routingrule": (RoutingRule.objects.get(name="DACH"), RoutingRule.objects.get(name="Cold North America")),
        "queue": (Queue.objects.get(name="Partner desk"), Queue.objects.get(name="Nurture")),
        "team": (eva.team, alice.team),
    }  # fmt: skip
    everybodys = {"territory", "routingrule"}
    for model, (own, foreign) in rows.items():
        page = dieter.get(f"/admin/routing/{model}/{own.pk}/change/")
        assert 'name="_save"' in page.text, model
        other = dieter.get(f"/admin/routing/{model}/{foreign.pk}/change/")
        assert (other.status_code == 200) == (model in everybodys), model
        assert 'name="_save"' not in other.text, model
        sent = {"name": "Mine now", "post": "yes", "_save": "Save"}
        refused = dieter.post(f"/admin/routing/{model}/{foreign.pk}/change/", sent)
        assert refused.status_code == (403 if model in everybodys else 302), model
        history = dieter.get(f"/admin/routing/{model}/{foreign.pk}/history/")
        assert (history.status_code == 200) == (model in everybodys), model
        foreign.refresh_from_db()
        assert str(foreign) != "Mine now"
    assert dieter.get(f"/admin/routing/owner/{alice.pk}/switch_off/").status_code == 403
    assert dieter.post(f"/admin/routing/owner/{alice.pk}/switch_off/").status_code == 403
    listed = dieter.get("/admin/routing/owner/").text
    assert "Eva Ernst" in listed and "Alice Ames" not in listed and "AMER Sales" not in listed
    exported = dieter.post("/admin/routing/owner/export/", {"format": "0", "resource": "0"})
    assert "Alice" not in exported.text
    chosen = {"app_label": "routing", "model_name": "routingrule", "field_name": "target_owner", "term": ""}
    found = dieter.get("/admin/autocomplete/", chosen).json()["results"]
    assert {one["text"] for one in found} == {"Dieter Dorn", "Eva Ernst", "Frank Fuchs"}


def test_a_list_that_is_edited_in_place_or_acted_on_changes_only_rows_that_are_theirs(leads):
    dieter = console(person("Manager", "dieter"))
    rules = list(RoutingRule.objects.order_by("pk"))
    chosen = {"action": "switch_off", "_selected_action": [rule.pk for rule in rules]}
    dieter.post("/admin/routing/routingrule/", chosen)
    off = set(RoutingRule.objects.filter(active=False).values_list("name", flat=True))
    assert off == {"Partners", "DACH"}
    assert "form-0-active" not in dieter.get("/admin/routing/routingrule/").text
    sent = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": rules[-1].pk, "_save": "Save"}
    dieter.post("/admin/routing/routingrule/", sent)
    rules[-1].refresh_from_db()
    assert rules[-1].active
    assert dieter.post("/admin/routing/territory/order/", {"row": []}).status_code == 403
    assert dieter.get("/admin/routing/namedaccount/import/").status_code == 403


def test_nobody_gives_away_or_takes_what_is_another_teams(leads):
    dieter = console(person("Manager", "dieter"))
    amer, alice = Queue.objects.get(name="Nurture"), Owner.objects.get(name="Alice Ames")
    rule = {"name": "All mine", "when": '{"all": [{"field": "country", "eq": "US"}]}', "target_kind": "queue"}
    dieter.post("/admin/routing/routingrule/add/", rule | {"target_queue": amer.pk, "active": "on"})
    by_account = rule | {"target_kind": "account_owner", "active": "on"}
    assert dieter.post("/admin/routing/routingrule/add/", by_account).status_code == 403
    assert not RoutingRule.objects.filter(name="All mine").exists()
    dieter.post(
        "/admin/routing/namedaccount/add/", {"company": "Big", "domains": "big.example", "owner": alice.pk}
    )
    assert not NamedAccount.objects.filter(company="Big").exists()
    own = Queue.objects.get(name="Partner desk")
    dieter.post("/admin/routing/routingrule/add/", rule | {"target_queue": own.pk, "active": "on"})
    assert RoutingRule.objects.filter(name="All mine", target_queue=own).exists()


def test_a_rep_enters_an_absence_of_their_own_only(leads):
    eva = person("Rep", "eva")
    client, dates = console(eva), {"starts_on": "2030-01-01", "ends_on": "2030-01-02", "active": "on"}
    dieter = Owner.objects.get(name="Dieter Dorn")
    assert client.post("/admin/routing/absence/add/", dates | {"owner": dieter.pk}).status_code == 403
    mine = Owner.objects.get(user=eva)
    assert client.post("/admin/routing/absence/add/", dates | {"owner": mine.pk}).status_code == 302
    assert [row.owner for row in Absence.objects.all()] == [mine]


def test_exceptions_are_theirs_whose_the_subject_is(leads):
    def about(type_: str, id_: object) -> queue.ExceptionReport:
        return queue.ExceptionReport(
            "crm.rejected", queue.Subject(type_, str(id_), f"{type_} {id_}"), "No", {}
        )

    held = make.submitted(make.person(email="a.b@mailinator.com"))
    ExceptionItem.objects.all().delete()
    queue.open_items(
        [
            about("lead", leads["eva"].pk),
            about("lead", leads["bob"].pk),
            about("submission", Submission.objects.get(lead=leads["eva"]).pk),
            about("submission", held.pk),
            about("rotation", Rotation.objects.get(name="DACH round robin").pk),
            about("rotation", Rotation.objects.get(name="AMER round robin").pk),
            about("owner", "eva@acme.test"),
            about("owner", "bob@acme.test"),
            about("connection", "hubspot"),
        ],
        now=timezone.now(),
    )
    dieter = person("Manager", "dieter")
    theirs = access.rows_for(dieter, ExceptionItem.objects.all())
    labels = {item.subject_label.partition(" ")[0] for item in theirs}
    assert theirs.count() == 4 and labels == {"lead", "submission", "rotation", "owner"}
    browser, program = console(dieter), api(dieter)
    assert program.get("/api/v1/exceptions").json()["results"].__len__() == 4
    assert len(api(person("Ops")).get("/api/v1/exceptions").json()["results"]) == 9
    foreign = ExceptionItem.objects.get(subject_id=str(leads["bob"].pk))
    assert program.get(f"/api/v1/exceptions/{foreign.pk}").status_code == 404
    assert (
        program.post(
            f"/api/v1/exceptions/{foreign.pk}/claim", {}, content_type="application/json"
        ).status_code
        == 404
    )
    assert browser.get(f"/admin/exception_queue/exceptionitem/{foreign.pk}/change/").status_code == 404
    act = "/admin/exception_queue/exceptionitem/act/"
    browser.post(act, {"verb": "claim", "item": foreign.pk})
    browser.post(act, {"verb": "claim", "view": "?tab=all", "group": f"crm.rejected|{foreign.cause_key}"})
    assert ExceptionItem.objects.filter(claimed_by="dieter").count() == 4
    assert "All open <span>4" in browser.get("/admin/exception_queue/exceptionitem/?tab=all").text.replace(
        "</span>", ""
    )


def test_home_shows_each_what_is_theirs_and_strangers_nothing(leads):
    from django.contrib.auth.models import User

    strange = console(User.objects.create_user("strange", is_staff=True)).get("/admin/")
    assert strange.context["cards"] == [] and strange.context["health"] == []
    assert strange.context["causes"] is None and strange.context["shares"] is None
    assert "Ask an administrator for a role" in strange.text
    assert all(owner.name not in strange.text for owner in Owner.objects.all())
    rep = console(person("Rep", "eva")).get("/admin/")
    assert {card["title"]: card["value"] for card in rep.context["cards"]} == {
        "Leads, last 24 hours": 2, "Waiting for the CRM": 2, "Overdue answers": 0}  # fmt: skip
    assert "Alice Ames" not in rep.text and "HubSpot" not in rep.text
    manager = console(person("Manager", "maria")).get("/admin/")
    assert manager.context["cards"][0]["value"] == 3
    assert api(person("Manager")).get("/api/v1/metrics/handoff").status_code == 403
    assert api(person("Viewer")).get("/api/v1/metrics/handoff").status_code == 200


def test_only_superusers_say_whose_login_an_owner_is(leads):
    dieter, eva = person("Manager", "dieter"), Owner.objects.get(name="Eva Ernst")
    sent = {"name": "Eva Ernst", "email": "eva@acme.test", "team": eva.team_id, "user": dieter.pk,
            "absences-TOTAL_FORMS": "0", "absences-INITIAL_FORMS": "0", "skills": "new"}  # fmt: skip
    assert console(dieter).post(f"/admin/routing/owner/{eva.pk}/change/", sent).status_code == 302
    eva.refresh_from_db()
    assert eva.user is None and eva.skills == ["new"]


def test_whose_rows_costs_one_exists_and_four_small_queries(leads):
    user = person("Manager", "maria")
    user.has_perm("routing.all_teams")
    with CaptureQueriesContext(connection) as queries:
        list(access.rows_for(user, Lead.objects.all()))
        list(access.rows_for(user, Lead.objects.all()))
    assert len(queries) == 6
    assert str(access.rows_for(user, Lead.objects.all()).query).count("EXISTS") == 1
