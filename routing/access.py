"""Whose leads, people, rotations and rules somebody may look at and act on: the one place that decides.

With the permission EVERYBODY all of them. Without it: one's own leads and those in the queues of one's team; whoever
manages a team (its manager's login), also what is the team's. Rules and territories are looked at by all who may, since
they make one order, and changed by the managers of the team that they send leads to or belong to.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from plumbing.access import To
from routing.models import (
    Absence,
    Assignment,
    NamedAccount,
    Owner,
    Queue,
    Rotation,
    RotationMember,
    RoutingRule,
    Team,
    Territory,
)

EVERYBODY = "routing.all_teams"


@dataclass(frozen=True, slots=True)
class Reach:
    """Ids. `teams` are one's own and those that one manages; `owners` and `queues` are whose leads one may act on."""

    owner: int | None
    teams: frozenset[int]
    managed: frozenset[int]
    owners: frozenset[int]
    queues: frozenset[int]


def sees_everybody(user: Any) -> bool:
    """Whether nothing limits this user to their own and their team's."""
    return bool(user.has_perm(EVERYBODY))


def reach_of(user: Any) -> Reach:
    """Four small queries, once per request: a request has a user object of its own."""
    if not hasattr(user, "_reach"):
        user._reach = _reach(user)
    found: Reach = user._reach
    return found


def _reach(user: Any) -> Reach:
    own = Owner.objects.filter(user=user.pk or 0).values_list("pk", "team").first()
    managed = frozenset(Team.objects.filter(manager__user=user.pk or 0).values_list("pk", flat=True))
    owner, team = own or (None, None)
    teams = managed | ({team} if team is not None else set())
    owners = frozenset(Owner.objects.filter(team__in=managed).values_list("pk", flat=True))
    queues = frozenset(Queue.objects.filter(team__in=teams).values_list("pk", flat=True))
    return Reach(owner, teams, managed, owners | ({owner} if owner is not None else set()), queues)


def rows_for(user: Any, rows: "QuerySet[Any]", to: To) -> "QuerySet[Any]":
    """Of this layer's models; the very same rows where nothing limits them."""
    limit = LIMITS.get(rows.model)
    if limit is None or sees_everybody(user):
        return rows
    wanted = limit(reach_of(user), to)
    return rows if wanted is None else rows.filter(wanted)


def of_leads(user: Any, rows: "QuerySet[Any]", *, lead: str = "pk") -> "QuerySet[Any]":
    """Rows whose lead is theirs; `lead` is where a row has the lead's id. One EXISTS over the lead's assignment."""
    if sees_everybody(user):
        return rows
    return rows.filter(Exists(held(user, lead=lead)))


def held(user: Any, *, lead: str) -> "QuerySet[Assignment]":
    """What holds the lead of the row outside, if it is theirs."""
    reach = reach_of(user)
    theirs = Q(owner__in=reach.owners) | Q(queue__in=reach.queues)
    return Assignment.objects.filter(theirs, lead=OuterRef(lead))


def receivers(user: Any) -> tuple["QuerySet[Owner]", "QuerySet[Queue]"]:
    """To whom they may give a lead: people and queues that they see, and the queue for what nobody else takes."""
    queues = Queue.objects.all()
    theirs = rows_for(user, queues, "look")
    return rows_for(user, Owner.objects.all(), "look"), (
        theirs if theirs is queues else theirs | queues.filter(fallback=True)
    )


# Reach and purpose -> which rows; None for all of them.
Limit = Callable[[Reach, To], Q | None]


def _of_team(field: str) -> Limit:
    return lambda reach, to: Q(**{f"{field}__in": reach.managed if to == "act" else reach.teams})


def _owners(reach: Reach, to: To) -> Q:
    return Q(team__in=reach.managed) if to == "act" else Q(team__in=reach.teams) | Q(pk=reach.owner or 0)


def _of_owner(reach: Reach, to: To) -> Q:
    teams = reach.managed if to == "act" else reach.teams
    return Q(owner__team__in=teams) | Q(owner=reach.owner or 0)


def _accounts(reach: Reach, to: To) -> Q:
    return Q(owner__team__in=reach.managed) if to == "act" else _of_owner(reach, to)


def _rotations(reach: Reach, to: To) -> Q:
    if to == "act":
        return Q(team__in=reach.managed)
    own = RotationMember.objects.filter(owner=reach.owner or 0, active=True)
    return Q(team__in=reach.teams) | Q(pk__in=own.values("rotation"))


def _territories(reach: Reach, to: To) -> Q | None:
    return Q(team__in=reach.managed) if to == "act" else None


def _rules(reach: Reach, to: To) -> Q | None:
    if to == "look":
        return None
    targets = ("target_rotation__team", "target_queue__team", "target_owner__team")
    wanted = Q(pk__in=[])
    for target in targets:
        wanted |= Q(**{f"{target}__in": reach.managed})
    return wanted


LIMITS: Mapping[type[Model], Limit] = {
    Owner: _owners,
    Absence: _of_owner,
    NamedAccount: _accounts,
    Team: _of_team("pk"),
    Queue: _of_team("team"),
    Rotation: _rotations,
    Territory: _territories,
    RoutingRule: _rules,
}
