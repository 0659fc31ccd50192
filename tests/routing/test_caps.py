"""A cap means the same to whoever asks: the pick, the rotation's page, the owner's page and the simulator."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from intake.models import Lead
from routing.handover import actions
from routing.models import Assignment, Owner, Rotation, WorkCalendar
from routing.rotations import caps, roster, rotation_stats
from routing.rules import publishing
from routing.simulation.simulator import facts_of, simulate
from tests import make

pytestmark = pytest.mark.django_db

AROUND_THE_CLOCK = {"mon-sun": ["00:00-24:00"]}


@pytest.fixture
def amer(acme) -> Rotation:
    WorkCalendar.objects.update(hours=AROUND_THE_CLOCK, holidays={})
    return Rotation.objects.get(name="AMER round robin")


def owner(name: str) -> Owner:
    return Owner.objects.get(email=f"{name}@acme.test")


def cap(name: str, **limits: int) -> Owner:
    Owner.objects.filter(email=f"{name}@acme.test").update(**limits)
    return owner(name)


def given(to: Owner, *times: datetime, lead: Lead | None = None, kind: str = "+") -> None:
    """Automatic assignments at these times, as they stand in the history."""
    rows = Assignment.history.model
    for at in times:
        rows.objects.create(
            id=1,
            lead_id=lead.pk if lead else uuid4(),
            owner=to,
            reason="x",
            automatic=True,
            assigned_at=at,
            history_date=at,
            history_type=kind,
        )


def seven() -> list[Lead]:
    return [make.handed_off(values) for values in make.crowd(7)]


def test_at_the_cap_the_page_never_says_that_somebody_is_next(amer):
    seven()
    bob = owner("bob")
    got = caps.given([bob], now=timezone.now())[bob.pk].today
    cap("bob", daily_cap=got)
    stats = rotation_stats.of_rotation(amer, now=timezone.now())
    assert bob not in stats.picks and len(stats.picks) == 5
    (row,) = [member for member in stats.members if member.owner == bob]
    assert (row.state, row.reason) == ("out", f"Bob Burke has reached the cap ({got} of {got} today)")
    filled = Assignment.history.filter(owner=bob).order_by("assigned_at").last().assigned_at
    assert row.at_cap_since == filled


def test_the_next_five_play_caps_forward(amer):
    seven()
    got = caps.given([owner("alice")], now=timezone.now())[owner("alice").pk].today
    cap("alice", daily_cap=got + 1)
    picks = rotation_stats.of_rotation(amer, now=timezone.now()).picks
    assert picks.count(owner("alice")) == 1
    assert len(picks) == 5


def test_the_next_five_play_open_leads_forward_and_say_where_leads_go_then(amer):
    for name in ("alice", "bob", "carla"):
        cap(name, load_cap=1)
    stats = rotation_stats.of_rotation(amer, now=timezone.now())
    assert {each.name for each in stats.picks} == {"Alice Ames", "Bob Burke", "Carla Cruz"}
    assert (len(stats.picks), stats.then) == (3, "Triage")
    cap("alice", load_cap=0)
    (alice, *_) = rotation_stats.of_rotation(amer, now=timezone.now()).members
    assert (alice.state, alice.reason) == ("out", "Alice Ames has 0 open leads, 0 at most")
    assert alice.at_cap_since is None


def test_the_next_five_are_the_next_five(amer):
    for name, limit in (("alice", 2), ("bob", 1)):
        cap(name, daily_cap=limit)
    foretold = rotation_stats.of_rotation(amer, now=timezone.now()).picks
    seven()
    turns = amer.turns.order_by("number").values_list("owner", flat=True)
    assert list(turns)[:5] == [each.pk for each in foretold]


def test_a_lead_that_came_back_and_was_given_again_counts_twice_for_everybody_who_asks(amer):
    alice, lead, now = owner("alice"), make.handed_off(make.american()), timezone.now()
    assert Assignment.objects.get(lead=lead).owner == alice
    given(alice, now, lead=lead)
    cap("alice", daily_cap=2)
    stats = rotation_stats.of_owners([owner("alice")], now=now)[alice.pk]
    assert stats.today == 2
    people = roster.load(now=now)
    roster.count(people)
    assert people.candidate(alice.pk).cap_text == "(2 of 2 today)"
    simulated = simulate(
        facts_of({**make.american(), "form": "demo-request"}), publishing.compiled(), now=now
    )
    assert simulated.owner != alice
    assert "Alice Ames has reached the cap (2 of 2 today)" in str(simulated.trace)
    assert make.handed_off(make.crowd(1)[0])
    assert Assignment.objects.exclude(lead=lead).get().owner != alice


def test_an_assignment_whose_lead_is_deleted_is_not_counted_a_second_time(amer):
    alice, now = owner("alice"), timezone.now()
    given(alice, now)
    given(alice, now, kind="-")
    assert caps.given([alice], now=now)[alice.pk].today == 1


@pytest.mark.parametrize(
    ("zone", "local_midnight"),
    [
        ("America/New_York", datetime(2026, 3, 3, 5, tzinfo=UTC)),
        ("Asia/Tokyo", datetime(2026, 3, 2, 15, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 3, 2, 23, tzinfo=UTC)),
    ],
)
def test_a_day_begins_at_midnight_where_the_owner_is(amer, zone, local_midnight):
    alice = owner("alice")
    WorkCalendar.objects.filter(name="US business hours").update(timezone=zone)
    alice = owner("alice")
    before, after = local_midnight - timedelta(seconds=1), local_midnight + timedelta(seconds=1)
    given(alice, before, local_midnight, after)
    noon = local_midnight + timedelta(hours=12)
    assert caps.given([alice], now=before)[alice.pk].today == 3  # counted up to whatever has been written
    counted = caps.given([alice], now=noon)[alice.pk]
    assert (counted.today, counted.this_week) == (2, 3)
    cap("alice", daily_cap=2)
    assert caps.reached_at([owner("alice")], now=noon) == {alice.pk: after}


def test_two_owners_in_two_zones_have_two_days(amer):
    tokyo = WorkCalendar.objects.create(name="Tokyo", timezone="Asia/Tokyo", hours=AROUND_THE_CLOCK)
    Owner.objects.filter(email="bob@acme.test").update(calendar=tokyo)
    alice, bob = owner("alice"), owner("bob")
    # Monday evening in New York is Tuesday morning in Tokyo.
    evening = datetime(2026, 3, 2, 23, tzinfo=UTC)
    for each in (alice, bob):
        given(each, datetime(2026, 3, 2, 14, tzinfo=UTC))
    found = caps.given([alice, bob], now=evening)
    assert (found[alice.pk].today, found[bob.pk].today) == (1, 0)
    assert (found[alice.pk].this_week, found[bob.pk].this_week) == (1, 1)


def test_a_week_begins_on_monday_where_the_owner_is(amer):
    alice = owner("alice")
    monday = datetime(2026, 3, 2, 5, tzinfo=UTC)
    given(alice, monday - timedelta(minutes=1), monday)
    assert caps.given([alice], now=monday + timedelta(days=3))[alice.pk].this_week == 1


def test_a_day_with_a_change_of_the_clocks_begins_at_its_own_midnight(amer):
    alice = owner("alice")
    midnight = datetime(2026, 3, 8, 5, tzinfo=UTC)  # New York, the night clocks go forward
    given(alice, midnight - timedelta(minutes=1), midnight)
    assert caps.given([alice], now=midnight + timedelta(hours=15))[alice.pk].today == 1


def test_a_lead_that_the_rules_put_into_a_queue_counts_toward_nobodys_cap(acme):
    lead = make.handed_off(make.person(country="ES"))
    row = Assignment.objects.get(lead=lead)
    assert row.queue is not None
    assert {row.automatic, *row.history.values_list("automatic", flat=True)} == {False}


def test_a_lead_that_a_person_gives_counts_toward_no_cap(amer):
    lead = make.handed_off(make.american())
    had = Assignment.objects.get(lead=lead).owner
    other = Owner.objects.exclude(pk=had.pk).filter(active=True).first()
    actions.reassign(
        lead_id=lead.pk, owner_id=other.pk, reason="x", source="console", actor="ops", now=timezone.now()
    )
    given = caps.given([had, other], now=timezone.now())
    assert (given[had.pk], given[other.pk]) == (caps.Given(1, 1), caps.NOTHING)
