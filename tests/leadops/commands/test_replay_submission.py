"""I9: a decision replays to the same answer, with the same reasons."""

import json
import random
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.management.base import CommandError
from django.utils import timezone

from intake import runner
from intake.models import Lead, Submission
from routing.models import (
    Absence,
    Assignment,
    Decision,
    NamedAccount,
    Owner,
    Rotation,
    RotationMember,
    RotationTurn,
    RoutingRule,
)
from routing.rules import publishing
from routing.simulation import replaying
from tests import make
from tests.leadops.commands.running import run

pytestmark = pytest.mark.django_db


def owner(name):
    return Owner.objects.get(email=f"{name}@acme.test")


def unsettle(chance):
    """Something of the live world is different from now on."""
    amer = Rotation.objects.get(name="AMER round robin")
    dach = Rotation.objects.get(name="DACH round robin")
    member = RotationMember.objects.filter(rotation=amer).order_by("pk")[chance.randrange(3)]
    today = timezone.now().date()
    changes = [
        lambda: Owner.objects.filter(pk=member.owner_id).update(daily_cap=chance.choice([1, 5, None])),
        lambda: Owner.objects.filter(pk=member.owner_id).update(load_cap=chance.choice([2, 9, None])),
        lambda: Owner.objects.filter(pk=member.owner_id).update(active=chance.random() < 0.6),
        lambda: Absence.objects.create(
            owner=member.owner, starts_on=today, ends_on=today + timedelta(days=chance.randrange(5))
        ),
        lambda: Absence.objects.all().delete(),
        lambda: RotationMember.objects.filter(pk=member.pk).update(weight=chance.choice([1, 2, 5])),
        lambda: Rotation.objects.filter(pk=amer.pk).update(
            calendar_policy=chance.choice(Rotation.CalendarPolicy.values),
            overflow_to_off_duty=chance.random() < 0.5,
            when_empty=chance.choice(["fallback", "hold", "assign_anyway"]),
            required_skills=chance.choice([[], ["en"]]),
        ),
        lambda: Rotation.objects.filter(pk=amer.pk).update(when_empty="rotation", when_empty_rotation=dach),
        lambda: NamedAccount.objects.update(owner=chance.choice([owner("alice"), owner("frank"), None])),
        lambda: Assignment.objects.filter(owner__isnull=False).update(locked=chance.random() < 0.3),
        lambda: Lead.objects.update(status="contacted", contacted_at=timezone.now() - timedelta(days=2)),
    ]
    chance.choice(changes)()


def different(decisions):
    return {row.pk: replayed.differences for row in decisions if not (replayed := replaying.replay(row)).same}


@pytest.mark.parametrize("seed", range(3))
def test_every_decision_of_a_crowd_replays_to_the_same_answer(acme, seed):
    chance = random.Random(seed)
    strangers = make.crowd(48)
    known = [make.person(email="ceo@globex.com", company="Globex", country="US")]
    for start in range(0, 48, 8):
        group = [
            {
                **values,
                "country": chance.choice(["US", "US", "DE", "BR", "CA"]),
                "employee_count": chance.choice(["3", "900"]),
            }
            for values in strangers[start : start + 8]
        ]
        for values in (*group, *chance.sample(known, min(3, len(known))), group[0]):
            make.submitted(values)
        known += group
        runner.drain()
        unsettle(chance)
    decisions = list(Decision.objects.select_related("ruleset"))
    assert len(decisions) == Submission.objects.count()
    assert len({row.outcome["step"] for row in decisions}) >= 4
    assert any(row.outcome["turn"] for row in decisions)
    assert different(decisions) == {}


def test_it_says_same_with_the_reasons(acme):
    make.handed_off(make.american())
    submission = Submission.objects.get()
    status, shown, _ = run("replay_submission", str(submission.pk))
    assert status == 0
    assert shown.startswith("same  ")
    assert "rules version 1" in shown and "Hot North America" in shown
    assert "+ Whose turn is it in AMER round robin?" in shown
    assert "Changed since" not in shown


def test_what_changed_since_is_named_and_the_answer_is_still_the_same(acme):
    make.handed_off(make.american())
    carla = owner("carla")
    carla.skills = ["en"]
    carla.save()
    rule = RoutingRule.objects.get(name="Hot North America")
    rule.name = "North America"
    rule.save()
    publishing.publish(by="maria", now=timezone.now())
    Rotation.objects.update(when_empty="hold")
    RotationMember.objects.update(credit=0, last_turn=0)
    status, shown, _ = run("replay_submission", str(Submission.objects.get().pk))
    assert status == 0
    assert "Changed since: Owner Carla Cruz." in shown
    assert "Hot North America" in shown


def test_it_shows_what_differs(acme):
    make.handed_off(make.american())
    row = Decision.objects.get()
    row.facts["country"] = "BR"
    row.save()
    status, shown, _ = run("replay_submission", str(Submission.objects.get().pk))
    assert status == 1
    assert shown.startswith("differs")
    assert '    stored    "rule"\n    replayed  "fallback"' in shown


def test_a_ledger_that_was_tampered_with_is_seen(acme):
    make.handed_off(make.american())
    turn = RotationTurn.objects.get()
    turn.rows[0]["before"] += 7
    RotationTurn.objects.filter(pk=turn.pk).update(rows=turn.rows)
    status, shown, _ = run("replay_submission", str(Submission.objects.get().pk))
    assert status == 1
    assert "turn in the ledger" in shown


def test_it_speaks_json(acme):
    lead = make.handed_off(make.american())
    (notified,) = json.loads(run("replay_submission", str(Submission.objects.get().pk), json=True)[1])
    assert notified["same"] is True and notified["differences"] == []
    assert notified["outcome"]["assigned"]["id"] == Assignment.objects.get(lead=lead).owner_id
    assert notified["trace"] == Decision.objects.get().trace
    owners = set(notified["row_versions"]["owner"])
    assert {str(owner(name).pk) for name in ("alice", "bob", "carla")} <= owners
    assert len(notified["row_versions"]["member"]) == 3


def test_what_cannot_be_replayed_is_said_in_words(acme):
    with pytest.raises(CommandError, match="no submission"):
        run("replay_submission", str(uuid4()))
    with pytest.raises(CommandError, match="not the id of a submission"):
        run("replay_submission", "seven")
    held = make.submitted({"full_name": "Jana Weiß"}, form="typeform-quote")
    runner.drain()
    with pytest.raises(CommandError, match="Nothing was decided for it; it is"):
        run("replay_submission", str(held.pk))
