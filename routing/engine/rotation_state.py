"""What a rotation is made of: members with their credit, and turns, the rows of its ledger.

Credit is what is due to a member minus what it got. It is counted in integer units, `LEAD` of which are one
lead; over all members, also those who are away or switched off, it sums to 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Literal, Self

from routing.engine.references import Id, Row, id_order

LEAD = 10**9
"""Units of credit in one lead."""

SCALE = 100
"""Weights have up to two decimals and are counted in hundredths, as integers."""

HUNDREDTHS, LEADS = 1, 2
"""Formats of a turn. HUNDREDTHS is how turns were counted at first: credits in hundredths of weight,
one lead being the weight of all present. Such turns are only read, replayed and given back."""

SpecialistLeads = Literal["count", "extra"]
SPECIALIST_LEADS: tuple[SpecialistLeads, ...] = ("count", "extra")
MAX_LEADS_AHEAD = 3

TurnKind = Literal["pick", "give_back", "spread"]


class RotationError(ValueError):
    """The rotation cannot do this; the message says why."""


def scaled(weight: Decimal | int | float | str) -> int:
    """A weight as people write it (1, 2.5) -> hundredths. Raises RotationError."""
    try:
        exact = Decimal(str(weight)) * SCALE
    except InvalidOperation as error:
        raise RotationError(f"{weight!r} is not a weight: write a number like 1 or 2.5.") from error
    if not exact.is_finite() or exact <= 0 or exact != exact.to_integral_value():
        raise RotationError(f"{weight} is not a weight: it is above 0 and has two decimals at most.")
    return int(exact)


def split(amount: int, weights: Mapping[Id, int]) -> dict[Id, int]:
    """Integers that sum to amount, in proportion to the weights, by largest remainder, ties by id. A negative
    amount is split like the positive one. Without any weight everybody gets 0."""
    total = sum(weights.values())
    if not amount or not total:
        return dict.fromkeys(weights, 0)
    sign, size = (1, amount) if amount > 0 else (-1, -amount)
    parts, rests = {}, {}
    for one, weight in weights.items():
        parts[one], rests[one] = divmod(size * weight, total)
    if missing := size - sum(parts.values()):
        for one in sorted(rests, key=lambda one: (-rests[one], id_order(one)))[:missing]:
            parts[one] += 1
    return parts if sign > 0 else {one: -part for one, part in parts.items()}


def in_leads(credit: int, unit: int = LEAD) -> str:
    """For people, with one decimal: "+0.7" is still due, "−1.2" is ahead, "0.0"."""
    text = f"{credit / unit:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text.replace("-", "−")


@dataclass(frozen=True, slots=True)
class MemberState:
    """weight in hundredths, credit in units; last_turn is the number of the turn that last went to this member,
    0 for never. Whoever is not active was switched off: it gets and costs nothing, and its credit waits."""

    owner_id: Id
    weight: int
    credit: int = 0
    last_turn: int = 0
    active: bool = True


@dataclass(frozen=True, slots=True)
class RotationState:
    """turn counts the ledger's rows, of whatever kind. specialist_leads says to whom a lead is due that only some
    of those present can take: "count", to all present, or "extra", to those who could take it. With "count" no
    such lead takes anybody further than max_leads_ahead leads ahead of what was due."""

    rotation_id: Id
    members: tuple[MemberState, ...]
    turn: int = 0
    specialist_leads: SpecialistLeads = "count"
    max_leads_ahead: int = MAX_LEADS_AHEAD
    format: int = LEADS

    @property
    def credits(self) -> dict[Id, int]:
        return {member.owner_id: member.credit for member in self.members}


@dataclass(frozen=True, slots=True)
class TurnRow:
    """What a turn did to the credit of one member. part is what a pick made due to it; moved is what the limit of
    leads ahead gave to the one who was picked and took from the others.
    A pick: after = before + part + moved, minus one lead for whoever was picked."""

    owner_id: Id
    weight: int
    before: int
    after: int
    qualified: bool
    part: int = 0
    moved: int = 0

    def to_json(self) -> Row:
        data: Row = {
            "owner_id": self.owner_id,
            "weight": self.weight,
            "before": self.before,
            "after": self.after,
            "qualified": self.qualified,
        }
        if self.part:
            data["part"] = self.part
        if self.moved:
            data["moved"] = self.moved
        return data


@dataclass(frozen=True, slots=True)
class Turn:
    """A row of the ledger. rows are the members whose credit it could change; reverses is, for a give-back, the
    number of the turn that came back. picked is who got or gives back the lead, or who left (spread)."""

    rotation_id: Id
    number: int
    kind: TurnKind
    picked: Id
    rows: tuple[TurnRow, ...]
    picked_last_turn: int
    reverses: int | None = None
    format: int = LEADS

    @property
    def due(self) -> dict[Id, int]:
        """Of a pick: the part of its lead that was due to each member, in units, summing to LEAD. What the limit of
        leads ahead moved is in it."""
        if self.format == HUNDREDTHS:
            return split(LEAD, {row.owner_id: row.weight for row in self.rows})
        return {row.owner_id: row.part + row.moved for row in self.rows}

    @property
    def unit(self) -> int:
        """How much of the credits in its rows is one lead."""
        return LEAD if self.format != HUNDREDTHS else sum(row.weight for row in self.rows) or SCALE

    def to_json(self) -> Row:
        """{"rotation_id", "number", "kind", "picked", "picked_last_turn", "reverses", "format", "rows":
        [{"owner_id", "weight", "before", "after", "qualified", "part", "moved"}]}; part and moved only where they
        are not 0, format only where it is not HUNDREDTHS."""
        names = ("rotation_id", "number", "kind", "picked", "picked_last_turn", "reverses")
        data: Row = {name: getattr(self, name) for name in names}
        if self.format != HUNDREDTHS:
            data["format"] = self.format
        return data | {"rows": [row.to_json() for row in self.rows]}

    @classmethod
    def from_json(cls, data: Row) -> Self:
        rows = tuple(TurnRow(**row) for row in data["rows"])
        fields: dict[str, Any] = {"format": HUNDREDTHS, **data, "rows": rows}
        return cls(**fields)


@dataclass(frozen=True, slots=True)
class Share:
    """What a member got, in leads, and what was due to it, in units."""

    owner_id: Id
    actual: int
    due: int

    @property
    def target(self) -> Fraction:
        """What was due, in leads."""
        return Fraction(self.due, LEAD)
