"""Can the others ever catch up? Hall's condition over past leads of a rotation.

Leads that only a group can take are a problem once they are more than the group's share of all leads: then no
order of picks gives everybody what is due. The groups come out of a largest flow from the leads to the members
who could take them, each member taking what was due to it at most: where leads are left over, those who could have
taken them are all full (the smallest cut).
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from routing.engine.references import Id
from routing.engine.rotation_state import LEAD

Able = frozenset[Id]
Step = tuple[Able, Id | None, Id]
"""Leads, who holds them (None: they wait), and who would take them."""


@dataclass(frozen=True, slots=True)
class Overloaded:
    """Of `leads` leads, `alone` could only be taken by these members, to whom `due` units were due."""

    owner_ids: Able
    alone: int
    due: int
    leads: int

    @property
    def percent_alone(self) -> int:
        return round(100 * self.alone / self.leads)

    @property
    def percent_due(self) -> int:
        return round(100 * self.due / (self.leads * LEAD))

    @property
    def leads_ahead(self) -> float:
        """By how many leads the group is ahead at the least."""
        return self.alone - self.due / LEAD


def overloaded(leads: Mapping[Able, int], due: Mapping[Id, int]) -> list[Overloaded]:
    """Groups that alone could take more leads than were due to them, the furthest ahead first. `leads` counts leads
    by who could take them, `due` is in units and sums to all leads."""
    full = _full(leads, due)
    found = []
    for group in _apart([able for able in leads if able and able <= full]):
        alone = sum(count for able, count in leads.items() if able and able <= group)
        one = Overloaded(group, alone, sum(due.get(each, 0) for each in group), sum(leads.values()))
        if one.alone * LEAD > one.due:
            found.append(one)
    return sorted(found, key=lambda one: -one.leads_ahead)


def _full(leads: Mapping[Able, int], due: Mapping[Id, int]) -> Able:
    """The members whom leads that are left over could have gone to, or leads that those have taken: all are full."""
    waiting = {able: count * LEAD for able, count in leads.items()}
    room = dict(due)
    taken: dict[Id, dict[Able, int]] = {one: {} for able in leads for one in able}
    while True:
        via = _reached(waiting, room, taken)
        end = next((one for one in reversed(via) if room.get(one)), None)
        if end is None:
            return frozenset(via)
        path: list[Step] = [(*via[end], end)]
        while (before := path[-1][1]) is not None:
            path.append((*via[before], before))
        _shift(path, waiting, room, taken)


def _reached(
    waiting: Mapping[Able, int], room: Mapping[Id, int], taken: Mapping[Id, Mapping[Able, int]]
) -> dict[Id, tuple[Able, Id | None]]:
    """Breadth first from the leads that wait, up to the first member with room, who comes last: each member with the
    leads it could take, and from whom it would take them (None: they wait)."""
    via: dict[Id, tuple[Able, Id | None]] = {}
    asked: deque[tuple[Able, Id | None]] = deque((able, None) for able, units in waiting.items() if units)
    seen = {able for able, _ in asked}
    while asked:
        able, holder = asked.popleft()
        for one in able - via.keys():
            via[one] = (able, holder)
            if room.get(one):
                return via
            others = [other for other, units in taken[one].items() if units and other not in seen]
            seen.update(others)
            asked.extend((other, one) for other in others)
    return via


def _shift(
    path: Sequence[Step], waiting: dict[Able, int], room: dict[Id, int], taken: dict[Id, dict[Able, int]]
) -> None:
    """Send as much as goes along the path, from its end, whose leads wait, to the member with room at its beginning."""
    passed_on = [(holder, able) for able, holder, _ in path if holder is not None]
    amount = min(room[path[0][2]], waiting[path[-1][0]], *(taken[holder][able] for holder, able in passed_on))
    room[path[0][2]] -= amount
    waiting[path[-1][0]] -= amount
    for able, _, taker in path:
        taken[taker][able] = taken[taker].get(able, 0) + amount
    for holder, able in passed_on:
        taken[holder][able] -= amount


def _apart(ables: list[Able]) -> list[Able]:
    """Unions of sets that share a member."""
    groups: list[Able] = []
    for able in ables:
        joined = [group for group in groups if group & able]
        groups = [group for group in groups if not group & able]
        groups.append(able.union(*joined))
    return groups
