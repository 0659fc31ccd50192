"""How rotations and people stand: is it fair, who is next, why not me. Queries and the engine's own answers."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from django.db.models import Count, Q

from intake.models import Lead
from routing.engine.eligibility import eligible
from routing.engine.references import Ref
from routing.engine.rotation import shares
from routing.engine.rotation_state import LEAD, in_leads
from routing.models import Assignment, Owner, Rotation, RotationMember, RotationTurn
from routing.rotations import caps, ledger, roster
from routing.rotations.book import open_book

WINDOW = 500
"""Turns of the ledger that shares are counted over."""
SHOWN_TURNS = 20
SHOWN_PICKS = 5
FALLBACK = Ref("queue", 0, "the fallback queue")

State = Literal["ready", "waits", "out"]


@dataclass(frozen=True, slots=True)
class MemberStats:
    """`target` is what was due in the window, in leads; `reason` says why somebody cannot be picked now.

    `at_cap`: that reason is a cap; `at_cap_since` is since when where it is one on assignments (who has too many open leads has
    them since no one instant).
    """

    owner: Owner
    weight: Decimal
    actual: int
    target: float
    credit: int
    state: State
    reason: str = ""
    at_cap: bool = False
    at_cap_since: datetime | None = None

    @property
    def due_minus_got(self) -> str:
        """Of all leads ever, in leads."""
        return in_leads(self.credit)


@dataclass(frozen=True, slots=True)
class RotationStats:
    """`picks` are who gets the next leads if nothing else happens, caps and load played forward; once nobody can be picked
    any more, `then` names the queue that gets them."""

    members: list[MemberStats]
    picks: list[Owner]
    then: str
    turns: list[RotationTurn]
    counted: int
    since: datetime | None
    group: str

    @property
    def largest(self) -> float:
        """The longest bar; at least one lead, so that a new rotation has no full bars."""
        return max([1.0, *(max(member.actual, member.target) for member in self.members)])

    @property
    def furthest_off(self) -> float:
        """Of a member, in leads, rounded up to a tenth."""
        return -(-10 * max((abs(member.credit) for member in self.members), default=0) // LEAD) / 10


@dataclass(frozen=True, slots=True)
class Duty:
    """How many of a rotation's members are there now, of how many."""

    on_duty: int
    members: int


def of_rotation(rotation: Rotation, *, now: datetime) -> RotationStats:
    """About a dozen queries, whatever the number of members."""
    rows = list(
        RotationMember.objects.filter(rotation=rotation, active=True, owner__active=True).order_by("pk")
    )
    turns = list(
        RotationTurn.objects.filter(rotation=rotation)
        .select_related("owner", "lead")
        .order_by("-number")[:WINDOW]
    )
    people = roster.load(now=now)
    book = open_book([rotation.pk], people, fallback=FALLBACK, lock=False)
    settings = book.rotations.settings_of(rotation, people)
    judged = eligible(
        [one for one in settings.candidates if people.owners[int(one.owner_id)].active],
        policy=settings.calendar_policy,
        overflow_to_off_duty=settings.overflow_to_off_duty,
        skills=[str(skill) for skill in rotation.required_skills],
    )
    full = {left.owner_id for left in judged.left_out if left.why == "capped"}
    since = caps.reached_at([people.owners[int(owner_id)] for owner_id in full], now=now)
    counted = shares(ledger.turn_of(turn) for turn in reversed(turns))
    why = {left.owner_id: left.reason for left in judged.left_out}
    members = [
        MemberStats(
            owner=people.owners[row.owner_id],
            weight=row.weight,
            actual=counted[row.owner_id].actual if row.owner_id in counted else 0,
            target=float(counted[row.owner_id].target) if row.owner_id in counted else 0.0,
            credit=row.credit,
            state="ready" if row.owner_id in judged.qualified else "out",
            reason=why.get(row.owner_id, ""),
            at_cap=row.owner_id in full,
            at_cap_since=since.get(row.owner_id),
        )
        for row in rows
    ]
    targets = book.next_targets(rotation, SHOWN_PICKS) if rotation.active and rows else []
    return RotationStats(
        members=members,
        picks=[people.owners[int(one.id)] for one in targets if one.kind == "owner"],
        then=next((one.name for one in targets if one.kind != "owner"), ""),
        turns=turns[:SHOWN_TURNS],
        counted=sum(turn.kind == RotationTurn.Kind.PICK for turn in turns),
        since=turns[-1].at if turns else None,
        group=judged.group,
    )


def duty_by_rotation(rotation_ids: Collection[int], *, now: datetime) -> dict[int, Duty]:
    """For lists: two queries and those of the roster, for any number of rotations."""
    pairs = list(
        RotationMember.objects.filter(rotation__in=rotation_ids, active=True, owner__active=True).values_list(
            "rotation_id", "owner_id"
        )
    )
    people = roster.load(now=now, owner_ids={owner_id for _, owner_id in pairs})
    there = {
        owner_id
        for owner_id, owner in people.owners.items()
        if owner.available and people.away(owner_id) is None and people.on_duty(owner)
    }
    found = {}
    for rotation_id in rotation_ids:
        members = [owner_id for rotation, owner_id in pairs if rotation == rotation_id]
        found[rotation_id] = Duty(sum(owner_id in there for owner_id in members), len(members))
    return found


@dataclass(frozen=True, slots=True)
class OwnerStats:
    """`presence` is how they are now, `detail` until when: "off duty", "(back Monday 09:00)"."""

    state: Literal["on", "off", "away", "inactive"]
    presence: str
    detail: str
    today: int
    open_leads: int
    waiting: int


def of_owners(owners: Iterable[Owner], *, now: datetime) -> dict[int, OwnerStats]:
    """By owner id. `today` counts automatic assignments of the owner's local day, as the caps do."""
    ids = [owner.pk for owner in owners]
    people = roster.load(now=now, owner_ids=ids)
    today = caps.given(people.owners.values(), now=now)
    loads = {
        row["owner"]: row
        for row in Assignment.objects.filter(owner__in=ids)
        .order_by()
        .values("owner")
        .annotate(
            open=Count("pk", filter=Q(lead__status__in=roster.OPEN_STATUSES)),
            waiting=Count("pk", filter=Q(lead__status=Lead.Status.NEW)),
        )
    }
    found = {}
    for owner_id, owner in people.owners.items():
        candidate = people.candidate(owner_id)
        state: Literal["on", "off", "away", "inactive"] = "on"
        presence, detail = "on duty", ""
        if not owner.active:
            state, presence = "inactive", "switched off"
        elif not owner.available:
            state, presence = "inactive", owner.unavailable_because
        elif candidate.absent:
            state, presence, detail = "away", "away", candidate.absent_text
        elif not candidate.on_duty:
            state, presence, detail = "off", "off duty", candidate.duty_text
        row = loads.get(owner_id, {"open": 0, "waiting": 0})
        found[owner_id] = OwnerStats(
            state, presence, detail, today[owner_id].today, row["open"], row["waiting"]
        )
    return found
