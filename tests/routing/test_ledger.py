"""The ledger of turns: what comes back, what was written at first, and what the migration makes of credits that ran then."""

import importlib
from decimal import Decimal

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from intake.models import Submission
from routing.engine.rotation_state import HUNDREDTHS, LEAD, LEADS
from routing.models import Assignment, Decision, Owner, Rotation, RotationMember, RotationTurn
from routing.rotations import ledger
from routing.simulation import replaying
from tests import make
from tests.leadops.commands.running import run

pytestmark = pytest.mark.django_db


@pytest.fixture
def amer(acme) -> Rotation:
    return Rotation.objects.get(name="AMER round robin")


@pytest.fixture
def turn(amer) -> RotationTurn:
    make.handed_off(make.american())
    return amer.turns.get()


def migrate() -> None:
    """The step of the migration that converts credits, with the models as they were at it."""
    step = ("routing", "0005_credit_in_leads")
    module = importlib.import_module(".".join(("routing", "migrations", step[1])))
    module.convert(MigrationLoader(connection).project_state(step).apps, None)


def credits(rotation: Rotation) -> dict[int, int]:
    return dict(rotation.members.values_list("owner", "credit"))


def as_at_first(turn: RotationTurn) -> None:
    """Make it, and the decision that used it, what the code of then has written: credits in hundredths of weight."""
    total = sum(row["weight"] for row in turn.rows)
    turn.format = HUNDREDTHS
    turn.rows = [
        {
            "owner_id": row["owner_id"],
            "weight": row["weight"],
            "before": 0,
            "after": row["weight"] - (total if row["owner_id"] == turn.owner_id else 0),
            "qualified": row["qualified"],
        }
        for row in turn.rows
    ]
    turn.save()
    decision = Decision.objects.get()
    then = {name: value for name, value in decision.outcome["turn"].items() if name != "format"}
    then["rows"] = turn.rows
    decision.outcome["turn"] = then
    for row in decision.trace:
        if "turn" in row:
            row["turn"] = then
    for rotation in decision.seen["rotations"]:
        del rotation["specialist_leads"], rotation["max_leads_ahead"]
    decision.save()


def test_a_turn_comes_back_once(turn):
    before = credits(turn.rotation)
    back = ledger.give_back(turn, now=timezone.now())
    assert (back.kind, back.reverses, back.number) == ("give_back", turn, 2)
    assert set(credits(turn.rotation).values()) == {0}
    assert before[turn.owner_id] < 0
    assert ledger.give_back(turn, now=timezone.now()) is None
    assert ledger.give_back(back, now=timezone.now()) is None
    assert turn.rotation.turns.count() == 2


def test_a_turn_says_when_it_was_whose_and_takes_that_back_with_it(amer):
    """Of two to whom as much is due, the one whose turn is longest ago comes first."""

    def last_turns() -> dict[int, int]:
        return dict(amer.members.values_list("owner", "last_turn"))

    make.handed_off(make.american())
    turn = amer.turns.get()
    assert last_turns() == {owner: int(owner == turn.owner_id) for owner in credits(amer)}
    ledger.give_back(turn, now=timezone.now())
    assert set(last_turns().values()) == {0}


def test_an_old_turn_that_came_back_goes_together_with_what_brought_it(turn):
    back = ledger.give_back(turn, now=timezone.now())
    ledger.forget([back.pk])
    assert not RotationTurn.objects.exists()


def test_a_row_of_the_ledger_says_what_was_due_to_whom(turn):
    assert turn.format == LEADS
    assert sum(row["part"] for row in turn.rows) == LEAD
    for row in turn.rows:
        paid = LEAD if row["owner_id"] == turn.owner_id else 0
        assert row["after"] == row["before"] + row["part"] - paid
    assert {row["owner_id"]: row["after"] for row in turn.rows} == credits(turn.rotation)


@pytest.mark.parametrize("says", ["count", "extra"])
def test_the_rotation_says_to_whom_a_lead_is_due_that_only_some_can_take(amer, says):
    alice = Owner.objects.get(email="alice@acme.test")
    alice.skills = ["nl"]
    alice.save()
    Rotation.objects.filter(pk=amer.pk).update(required_skills=["nl"], specialist_leads=says)
    lead = make.handed_off(make.american())
    assert Assignment.objects.get(lead=lead).owner == alice
    due_to_others = [credit for owner, credit in credits(amer).items() if owner != alice.pk]
    assert all(credit > 0 for credit in due_to_others) == (says == "count")
    assert credits(amer)[alice.pk] == (-LEAD // 2 if says == "count" else 0)
    assert replaying.replay(Decision.objects.get()).differences == []


def test_the_limit_of_leads_ahead_is_the_rotations(amer):
    alice = Owner.objects.get(email="alice@acme.test")
    alice.skills = ["nl"]
    alice.save()
    Rotation.objects.filter(pk=amer.pk).update(required_skills=["nl"], max_leads_ahead=1)
    for values in make.crowd(4):
        make.handed_off(values)
    assert credits(amer)[alice.pk] == -LEAD
    assert sum(credits(amer).values()) == 0
    assert {row["moved"] > 0 for row in amer.turns.first().rows if row.get("moved")} == {True, False}
    assert [one for one in map(replaying.replay, Decision.objects.all()) if not one.same] == []


def test_a_turn_comes_back_also_from_whoever_is_switched_off(turn):
    RotationMember.objects.exclude(owner=turn.owner).update(active=False)
    ledger.give_back(turn, now=timezone.now())
    assert set(credits(turn.rotation).values()) == {0}


def test_a_decision_of_the_first_ledger_replays_to_the_same_answer(turn):
    as_at_first(turn)
    assert replaying.replay(Decision.objects.get()).differences == []
    status, shown, _ = run("replay_submission", str(Submission.objects.get().pk))
    assert (status, shown.startswith("same")) == (0, True)


def test_a_first_row_that_was_tampered_with_is_seen(turn):
    as_at_first(turn)
    turn.rows[0]["after"] += 1
    turn.save()
    assert [one.what for one in replaying.replay(Decision.objects.get()).differences] == [
        "turn in the ledger"
    ]


def test_a_turn_of_the_first_ledger_comes_back_in_the_unit_of_today(turn):
    before = credits(turn.rotation)
    parts = {row["owner_id"]: row["part"] for row in turn.rows}
    as_at_first(turn)
    ledger.give_back(turn, now=timezone.now())
    after = credits(turn.rotation)
    assert {owner: after[owner] - before[owner] for owner in after} == {
        owner: (LEAD if owner == turn.owner_id else 0) - part for owner, part in parts.items()
    }


def test_the_migration_makes_leads_of_hundredths_and_keeps_the_sum_at_zero(amer):
    """3 : 2 : 1, so one lead was 600; whoever was switched off had given its credit away."""
    off = RotationMember.objects.create(
        rotation=amer, owner=Rotation.objects.get(name="DACH round robin").members.first().owner, active=False
    )
    for weight, credit in ((3, -300), (2, 200), (1, 100)):
        amer.members.filter(weight=weight).exclude(pk=off.pk).update(credit=credit)
    migrate()
    assert {one.weight: one.credit for one in amer.members.exclude(pk=off.pk)} == {
        Decimal(3): -LEAD // 2,
        Decimal(2): LEAD // 3,
        Decimal(1): LEAD // 6 + 1,
    }
    off.refresh_from_db()
    assert off.credit == 0
    assert sum(credits(amer).values()) == 0
    assert set(credits(Rotation.objects.get(name="DACH round robin")).values()) == {0}


@pytest.mark.parametrize("of_then", [(1, -1, 0), (599, -300, -299), (-7, 3, 4), (100, -200, 100)])
def test_the_migration_rounds_no_credit_by_more_than_a_unit(amer, of_then):
    for member, credit in zip(amer.members.order_by("pk"), of_then, strict=True):
        RotationMember.objects.filter(pk=member.pk).update(credit=credit)
    migrate()
    members = list(amer.members.order_by("pk"))
    assert sum(member.credit for member in members) == 0
    for member, credit in zip(members, of_then, strict=True):
        assert abs(member.credit * 600 - credit * LEAD) < 600
