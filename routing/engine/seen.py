"""What a settlement looked at, as stored with its decision, so that it can be settled again (I9).

Weights and credits are not in it: they stand in the ledger's row of the turn, for everybody who was present;
nobody else's matter to a pick.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from datetime import datetime
from typing import Any, Self

from routing.engine.account_match import Judged
from routing.engine.eligibility import Candidate
from routing.engine.ownership import KnownOwner, KnownPerson, OwnershipContext, StickyOwner
from routing.engine.references import Id, Ref, Row
from routing.engine.resolve import EmptyPolicy, Resolution, RotationSettings
from routing.engine.returning import Returning
from routing.engine.rotation_state import (
    LEADS,
    MAX_LEADS_AHEAD,
    MemberState,
    RotationState,
    SpecialistLeads,
    Turn,
)

_DEFAULTS = {each.name: each.default for each in fields(Candidate) if each.default is not MISSING}


@dataclass(frozen=True, slots=True)
class SeenRotation:
    """A rotation before its turn: number of the last turn of all, and of each member."""

    settings: RotationSettings
    turn: int
    last_turns: Mapping[Id, int]
    specialist_leads: SpecialistLeads = "count"
    max_leads_ahead: int = MAX_LEADS_AHEAD

    def to_json(self) -> Row:
        settings = self.settings
        to = settings.when_empty.to
        return {
            "id": settings.id,
            "name": settings.name,
            "calendar_policy": settings.calendar_policy,
            "overflow_to_off_duty": settings.overflow_to_off_duty,
            "when_empty": {"kind": settings.when_empty.kind, "to": to.to_json() if to else None},
            "turn": self.turn,
            "specialist_leads": self.specialist_leads,
            "max_leads_ahead": self.max_leads_ahead,
            "members": [
                {**_candidate_json(one), "last_turn": self.last_turns[one.owner_id]}
                for one in settings.candidates
                if one.owner_id in self.last_turns
            ],
        }

    @classmethod
    def from_json(cls, data: Row) -> Self:
        to = data["when_empty"]["to"]
        settings = RotationSettings(
            id=data["id"],
            name=data["name"],
            candidates=[_candidate(member) for member in data["members"]],
            calendar_policy=data["calendar_policy"],
            overflow_to_off_duty=data["overflow_to_off_duty"],
            when_empty=EmptyPolicy(data["when_empty"]["kind"], Ref(**to) if to else None),
        )
        last_turns = {one["owner_id"]: one["last_turn"] for one in data["members"]}
        # Decisions from before there was a choice do not say; their turns know how they were picked.
        chosen = {name: data[name] for name in ("specialist_leads", "max_leads_ahead") if name in data}
        return cls(settings, data["turn"], last_turns, **chosen)

    def state(self, turn: Turn | None) -> RotationState:
        """Before `turn`, with the weights and credits of its row, to be picked by the rule of then; any numbers do for those it
        did not touch."""
        rows = {row.owner_id: row for row in turn.rows} if turn is not None else {}
        members = tuple(
            MemberState(
                owner_id,
                weight=rows[owner_id].weight if owner_id in rows else 1,
                credit=rows[owner_id].before if owner_id in rows else 0,
                last_turn=last_turn,
            )
            for owner_id, last_turn in self.last_turns.items()
        )
        return RotationState(
            self.settings.id,
            members,
            self.turn,
            self.specialist_leads,
            self.max_leads_ahead,
            turn.format if turn is not None else LEADS,
        )


@dataclass(frozen=True, slots=True)
class Seen:
    """`rotations` in the order they were asked; `skills` what the lead needed; `inactive_owners` of those it named."""

    rotations: tuple[SeenRotation, ...] = ()
    skills: tuple[str, ...] = ()
    inactive_owners: tuple[Id, ...] = ()

    def to_json(self) -> Row:
        return {
            "rotations": [rotation.to_json() for rotation in self.rotations],
            "skills": list(self.skills),
            "inactive_owners": list(self.inactive_owners),
        }

    @classmethod
    def from_json(cls, data: Row) -> Self:
        return cls(
            tuple(SeenRotation.from_json(one) for one in data["rotations"]),
            tuple(data["skills"]),
            tuple(data["inactive_owners"]),
        )


def seen_by(
    resolution: Resolution,
    *,
    states: Mapping[Id, RotationState],
    settings: Mapping[Id, RotationSettings],
    skills: Sequence[str],
    inactive_owners: Iterable[Id],
) -> Seen:
    """What of its inputs a settlement made use of: `states` as they were before it."""
    asked = dict.fromkeys(row["rotation_id"] for row in resolution.trace if "rotation_id" in row)
    rotations = []
    for rotation_id in asked:
        state = states[rotation_id]
        last_turns = {member.owner_id: member.last_turn for member in state.members}
        rotations.append(
            SeenRotation(
                settings[rotation_id], state.turn, last_turns, state.specialist_leads, state.max_leads_ahead
            )
        )
    return Seen(tuple(rotations), tuple(skills), tuple(inactive_owners))


def ownership_from_json(data: Row) -> OwnershipContext:
    """A standing as `dataclasses.asdict` and JSON have left it. Instants are ISO 8601 with their offset."""
    owners = ("manual_lock", "open_deal", "account_owner", "candidate_owner")
    sticky, current, back = data.get("sticky"), data.get("current"), data.get("returning")
    same_rotation, person = data.get("same_rotation"), data.get("person")
    return OwnershipContext(
        **{name: _known_owner(data.get(name)) for name in owners},
        person=_person(person) if person else None,
        account_name=data.get("account_name", ""),
        account_owner_of=data.get("account_owner_of", ""),
        account_by=data.get("account_by", ""),
        account_candidates=tuple(map(Judged.from_json, data.get("account_candidates", ()))),
        sticky=_sticky(sticky) if sticky else None,
        candidate_name=data.get("candidate_name", ""),
        current=Ref(**current) if current else None,
        current_active=data.get("current_active", True),
        current_waits=data.get("current_waits", False),
        returning=Returning(**back) if back else None,
        same_rotation=Ref(**same_rotation) if same_rotation else None,
    )


def _sticky(data: Row) -> StickyOwner:
    owner = _known_owner(data["owner"])
    assert owner is not None
    return StickyOwner(
        owner,
        datetime.fromisoformat(data["since"]),
        territory_lost=data["territory_lost"],
        purpose_differs=data["purpose_differs"],
    )


def _person(data: Row) -> KnownPerson:
    queue = data.get("customers")
    return KnownPerson(
        owner=_known_owner(data.get("owner")),
        owner_name=data["owner_name"],
        customer=data["customer"],
        deal=data["deal"],
        customers=Ref(**queue) if queue else None,
    )


def _known_owner(data: Row | None) -> KnownOwner | None:
    if not data:
        return None
    others = {name: _known_owner(data.get(name)) for name in ("backup", "sdr")}
    return KnownOwner(**{**data, **others})


def _candidate_json(one: Candidate) -> Row:
    """Only what is not as usual: most members of most rotations are simply there."""
    notified: Row = {"owner_id": one.owner_id, "name": one.name}
    for name, usual in _DEFAULTS.items():
        value = getattr(one, name)
        if value != usual:
            notified[name] = sorted(value) if isinstance(value, frozenset) else value
    return notified


def _candidate(data: Row) -> Candidate:
    notified: dict[str, Any] = {name: value for name, value in data.items() if name != "last_turn"}
    return Candidate(**{**notified, "skills": frozenset(notified.get("skills", ()))})
