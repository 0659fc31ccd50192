"""Contacts that somebody else makes in the CRM become leads: once, by the rules, linked before anything is written there."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection as database
from django.db import connections
from django.utils import timezone

from crm_sync.born_there import counting, taking
from crm_sync.models import BornContact, CrmConnection, CrmLink, KnownContact, MirrorProgress
from crm_sync.polling import filling
from exception_queue.models import ExceptionItem
from intake import runner
from intake.models import IntakeForm, Lead, Submission
from plumbing.bulk import insert_rows
from routing.handover.actions import mark_contacted
from routing.models import Assignment, Decision, SlaClock
from tests import make
from tests.crm_sync.test_looking_up import BOB, connected, holder, there
from tests.make import crm_sync

pytestmark = pytest.mark.django_db(transaction=True)

EMAIL = "petra.new@bigcorp.example"
AMERICAN = {
    "firstname": "Petra",
    "lastname": "New",
    "company": "Bigcorp",
    "country": "US",
    "phone": "+12125550188",
}


def switched_on(connection: CrmConnection, **said) -> None:
    connection.born_there = {"active": True, "created_after": "2026-01-01", **said}
    connection.save()


@pytest.fixture
def connection(crm, committed_acme) -> CrmConnection:
    """The demo's, with the mirror read and contacts made there wanted."""
    found = connected(crm)
    switched_on(found)
    poll()
    return found


def poll() -> None:
    filling.fill_all()
    MirrorProgress.objects.update(polled_at=timezone.now() - timedelta(minutes=5))
    filling.fill_all()


def made_there(crm, email=EMAIL, *, source="CRM_UI", owner="", **properties) -> str:
    """Somebody there makes a contact; it is in our mirror."""
    body = {"source": source, "properties": {"email": email, **AMERICAN, **properties}}
    if owner:
        body["owner"] = owner
    answer = crm.call("POST", "/control/hubspot/contacts", body)
    poll()
    return str(answer["id"])


def all_the_way(connection) -> None:
    taking.take_all()
    runner.drain()
    crm_sync.drain(connection)


def only_lead() -> Lead:
    return Lead.objects.get()


def test_a_contact_made_by_a_person_becomes_a_lead_by_the_rules_and_is_linked(crm, connection):
    number = made_there(crm)
    all_the_way(connection)
    lead = only_lead()
    assert (lead.email, lead.first_name, lead.last_name) == (EMAIL, "Petra", "New")
    assert lead.first_form_key == "hubspot"
    assert Decision.objects.get(lead=lead).outcome["step"] == "rule"
    assert CrmLink.objects.get(lead=lead).remote_id == number
    (contact,) = crm.contacts()
    assert contact["leadops_lead_id"] == str(lead.pk)
    # Outside everybody's working hours it is a queue's.
    shown = crm.owner_id(holder(lead)) if "@" in holder(lead) else ""
    assert contact.get("hubspot_owner_id", "") == shown
    assert SlaClock.objects.filter(lead=lead, status="running").exists()
    born = BornContact.objects.get()
    assert (born.status, born.submission.lead) == ("taken", lead)
    assert born.submission.form.kind == "crm"
    assert lead.extra["crm_source"] == "CRM_UI"


def test_what_we_wrote_ourselves_never_comes_back_as_a_lead(crm, connection):
    make.handed_off(make.american())
    crm_sync.drain(connection)
    poll()
    all_the_way(connection)
    assert Lead.objects.count() == Submission.objects.count() == 1
    assert not BornContact.objects.exists()


def test_a_contact_is_taken_once_however_often_it_changes(crm, connection):
    number = made_there(crm)
    all_the_way(connection)
    for company in ("Bigcorp Two", "Bigcorp Three"):
        crm.person_changes(number, company=company)
        poll()
        all_the_way(connection)
    assert Submission.objects.count() == 1


def test_whoever_has_the_contact_there_keeps_it(crm, connection):
    number = made_there(crm, owner=BOB)
    all_the_way(connection)
    lead = only_lead()
    assert (holder(lead), Decision.objects.get(lead=lead).outcome["step"]) == (BOB, "record_owner")
    assert there(crm, number)["hubspot_owner_id"] == crm.owner_id(BOB)


def test_somebody_without_an_address_is_linked_by_their_record_and_not_made_anew(crm, connection):
    body = {"properties": {"firstname": "Petra", "lastname": "New", "phone": "+12125550188", "country": "US"}}
    number = str(crm.call("POST", "/control/hubspot/contacts", body)["id"])
    poll()
    taking.take_all()
    runner.drain()
    # The first try is lost on its way.
    crm.fault("reset", path="contacts", times=1)
    crm_sync.drain(connection)
    crm.heal()
    crm_sync.make_due(connection)
    crm_sync.drain(connection)
    assert CrmLink.objects.get().remote_id == number
    assert len(crm.contacts()) == 1


@pytest.mark.parametrize("order", ["form first", "contact first", "both at once"])
def test_the_forms_own_submission_of_the_same_second_is_one_lead(crm, connection, order):
    person = make.american(email=EMAIL)
    if order == "form first":
        make.handed_off(person)
    number = made_there(crm, source="FORM")
    if order == "both at once":
        make.submitted(person)
    all_the_way(connection)
    if order == "contact first":
        make.handed_off(person)
    crm_sync.drain(connection)
    lead = only_lead()
    assert CrmLink.objects.get(lead=lead).remote_id == number
    assert len(crm.contacts()) == 1
    assert SlaClock.objects.filter(lead=lead, status="running").count() == 1
    assert Assignment.objects.filter(lead=lead).count() == 1
    if order == "form first":
        assert BornContact.objects.get().status == "known"
        assert Submission.objects.count() == 1


def test_a_contact_made_for_somebody_who_asked_already_is_no_second_request(crm, connection):
    number = made_there(crm)
    taking.take_all()  # Nobody is a lead yet.
    later = timezone.now() + timedelta(hours=1)
    Submission.objects.update(due_at=later)
    lead = make.handed_off(make.american(email=EMAIL))
    mark_contacted(
        lead_id=lead.pk,
        at=timezone.now(),
        by="alice@acme.test",
        evidence="claimed",
        source="console",
        actor="alice@acme.test",
        now=timezone.now(),
    )
    runner.drain(now=later)
    assert set(Submission.objects.values_list("status", "lead")) == {("handed_off", lead.pk)}
    # Whoever asks again after an answer is new again; nobody has.
    assert only_lead().status == "contacted"
    assert set(SlaClock.objects.filter(lead=lead).values_list("status", flat=True)) == {"met"}
    crm_sync.drain(connection)
    assert CrmLink.objects.get(lead=lead).remote_id == number


@pytest.mark.parametrize(
    ("said", "made", "is_taken"),
    [
        ({"only_without_owner": True}, {"owner": BOB}, False),
        ({"only_without_owner": True}, {}, True),
        ({"lifecycles": ["Lead"]}, {"lifecyclestage": "subscriber"}, False),
        ({"lifecycles": ["Lead"]}, {"lifecyclestage": "lead"}, True),
        ({"sources": ["import"]}, {"source": "CRM_UI"}, False),
        ({"sources": ["import"]}, {"source": "IMPORT"}, True),
        ({"created_after": "2999-01-01"}, {}, False),
        ({"active": False}, {}, False),
    ],
)
def test_only_what_the_connection_asks_for_becomes_a_lead(crm, connection, said, made, is_taken):
    switched_on(connection, **said)
    made_there(crm, **made)
    all_the_way(connection)
    assert Lead.objects.exists() is is_taken


def test_one_that_fits_only_later_becomes_a_lead_then(crm, connection):
    switched_on(connection, lifecycles=["lead"])
    number = made_there(crm, lifecyclestage="subscriber")
    all_the_way(connection)
    assert not Lead.objects.exists()
    crm.person_changes(number, lifecyclestage="lead")
    poll()
    all_the_way(connection)
    assert only_lead().email == EMAIL


def test_somebody_whom_nobody_can_reach_is_left_until_somebody_types_how(crm, connection):
    number = str(crm.call("POST", "/control/hubspot/contacts", {"properties": {"firstname": "Petra"}})["id"])
    poll()
    all_the_way(connection)
    born = BornContact.objects.get()
    assert (born.status, born.result) == ("left", "It has neither e-mail nor phone.")
    assert not ExceptionItem.objects.exists()
    taking.take_all()
    assert BornContact.objects.get().begun_at == born.begun_at
    crm.person_changes(number, email=EMAIL)
    poll()
    all_the_way(connection)
    assert CrmLink.objects.get(lead=only_lead()).remote_id == number


def test_an_import_is_taken_at_the_connections_rate(crm, connection):
    switched_on(connection, per_minute=40)
    answer = crm.call("POST", "/control/hubspot/imports", {"count": 100, "properties": {"country": "US"}})
    poll()
    now = timezone.now()
    for minutes, taken in ((0, 40), (0.5, 40), (1.1, 80), (2.2, 100), (3.3, 100)):
        taking.take_all(now=now + timedelta(minutes=minutes))
        assert Submission.objects.count() == taken
    runner.drain(now=now + timedelta(minutes=4))
    crm_sync.make_due(connection)
    while crm_sync.drain(connection):
        crm_sync.make_due(connection)
    numbers = set(CrmLink.objects.values_list("remote_id", flat=True))
    assert numbers == set(answer["made"])


def test_nothing_is_taken_before_the_mirror_knows_accounts_and_deals(crm, connection):
    made_there(crm)
    MirrorProgress.objects.filter(kind="deals").update(loaded_at=None)
    assert taking.take_all() == 0
    MirrorProgress.objects.update(loaded_at=timezone.now())
    assert taking.take_all() == 1


def test_a_form_that_is_switched_off_takes_nothing_until_it_is_on(crm, connection):
    made_there(crm)
    taking.form_of(connection)
    IntakeForm.objects.filter(kind="crm").update(active=False)
    assert taking.take_all() == 0
    counted = counting.of_connection(connection, now=timezone.now())
    assert (counted.waiting, counted.is_paused) == (1, True)
    IntakeForm.objects.filter(kind="crm").update(active=True)
    assert taking.take_all() == 1


def test_a_crm_that_is_down_keeps_them_waiting(crm, connection):
    made_there(crm)
    crm.fault("status", status=503)
    assert taking.take_all() == 0
    assert BornContact.objects.get().status == "waiting"
    crm.heal()
    CrmConnection.objects.update(not_before=None)
    later = timezone.now() + timedelta(minutes=1)
    taking.take_all(now=later)
    runner.drain(now=later)
    assert only_lead().email == EMAIL


def test_whoever_was_killed_after_storing_the_submission_has_stored_it_once(crm, connection):
    made_there(crm)
    taking.take_all()
    born = BornContact.objects.get()
    # As if the answer had never been booked, which one transaction does not let happen.
    BornContact.objects.update(status="waiting", submission=None)
    taking.take_all(now=timezone.now() + timedelta(minutes=1))
    assert BornContact.objects.get().submission_id == born.submission_id
    assert Submission.objects.count() == 1


def test_a_contact_that_was_deleted_meanwhile_is_left(crm, connection):
    number = made_there(crm)
    crm.call("DELETE", f"/control/hubspot/contacts/{number}")
    taking.take_all()
    assert BornContact.objects.get().result == "It does not stand there any more."


def test_a_lead_from_there_belongs_there_whatever_the_connection_asks_of_others(crm, connection):
    connection.when = {"all": [{"field": "country", "in": ["JP"]}]}
    connection.save()
    number = made_there(crm)
    all_the_way(connection)
    assert CrmLink.objects.get(lead=only_lead()).remote_id == number


def test_one_that_cannot_be_stored_keeps_no_other_waiting(crm, connection):
    made_there(crm)
    made_there(crm, email="poison@bigcorp.example")
    with refusing("poison"):
        taking.take_all()
        item = ExceptionItem.objects.get(kind="crm.not_taken")
        assert "too bad" in item.cause
    assert sorted(BornContact.objects.values_list("status", flat=True)) == ["taken", "waiting"]
    taking.take_all(now=timezone.now() + timedelta(minutes=1))
    item.refresh_from_db()
    assert (item.status, Submission.objects.count()) == ("resolved", 2)


class refusing:
    """The database refuses submissions with this word in their body."""

    def __init__(self, word: str) -> None:
        self.word = word

    def __enter__(self) -> None:
        with database.cursor() as cursor:
            cursor.execute(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                f" IF position('{self.word}'::bytea IN NEW.body) > 0 THEN RAISE 'too bad'; END IF; RETURN NEW; END $$"
            )
            cursor.execute(
                "CREATE TRIGGER refuse BEFORE INSERT ON intake_submission FOR EACH ROW EXECUTE FUNCTION refuse()"
            )

    def __exit__(self, *_: object) -> None:
        with database.cursor() as cursor:
            cursor.execute("DROP FUNCTION refuse CASCADE")


def test_nobody_posts_to_the_form_of_a_crm(crm, connection):
    form = taking.form_of(connection)
    answer = make.posted({"email": EMAIL}, form=form.key)
    assert answer.status_code == 409
    assert "takes contacts from a CRM" in answer.json()["detail"]
    assert not Submission.objects.exists()


def test_two_sweeps_at_once_keep_to_the_rate(crm, connection):
    switched_on(connection, per_minute=10)
    now = timezone.now()
    insert_rows(
        [
            KnownContact(
                connection=connection,
                remote_id=str(900_000 + n),
                emails=[f"n{n}@bigcorp.example"],
                made_at=now,
                modified_at=now,
            )
            for n in range(30)
        ]
    )
    in_threads(taking.take_all, 4)
    assert BornContact.objects.count() == 10
    assert IntakeForm.objects.filter(key="hubspot").count() == 1


def in_threads(work, count: int) -> None:
    def run(_: int) -> None:
        try:
            work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(run, range(count)))
