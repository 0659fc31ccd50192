"""Which versions of the live rows a decision used: their newest history ids at that moment."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import CharField, Max, Model, QuerySet, Value

from routing.models import Decision, NamedAccount, Owner, Rotation, RotationMember

Versions = dict[str, dict[str, int]]
_KINDS: dict[str, type[Model]] = {
    "rotation": Rotation,
    "member": RotationMember,
    "owner": Owner,
    "account": NamedAccount,
}


def note(
    rows: Sequence[Decision],
    *,
    accounts: Mapping[UUID, int | None],
    members: Mapping[int, Sequence[RotationMember]],
) -> None:
    """Fill `row_versions` of decisions that are not written yet; one query, however many they are. `accounts` are ids by lead,
    `members` by rotation.

    Owners and accounts are not locked: one that is saved at this very moment may be noted with its next version. What
    the decision saw of them is stored with it either way.
    """
    places = {(row.rotation_id, row.owner_id): row.pk for listed in members.values() for row in listed}
    used = [_used(row, accounts.get(row.lead_id), places) for row in rows]
    known = newest({kind: {pk for one in used for pk in one[kind]} for kind in _KINDS})
    for row, one in zip(rows, used, strict=True):
        found = {
            kind: {str(pk): known[kind][str(pk)] for pk in pks if str(pk) in known[kind]}
            for kind, pks in one.items()
        }
        row.row_versions = {kind: versions for kind, versions in found.items() if versions}


def newest(ids: Mapping[str, Collection[int]]) -> Versions:
    """kind -> {id: newest history id}, without rows that have no history; one query, none if there is nothing to ask."""
    asked = [_newest(kind, pks) for kind, pks in ids.items() if pks]
    found: Versions = {kind: {} for kind in _KINDS}
    if asked:
        first, *others = asked
        for kind, pk, version in first.union(*others, all=True) if others else first:
            found[kind][str(pk)] = version
    return found


def name_of(kind: str, pk: int) -> str:
    """What the row is called, also when it is gone: by its newest version."""
    newest_row = _KINDS[kind].history.filter(id=pk).order_by("-history_id").first()  # type: ignore[attr-defined]
    return str(newest_row.instance) if newest_row is not None else str(pk)


def _newest(kind: str, pks: Collection[int]) -> QuerySet[Any, tuple[str, int, int]]:
    history: QuerySet[Any] = _KINDS[kind].history.filter(id__in=sorted(pks))  # type: ignore[attr-defined]
    rows: QuerySet[Any, tuple[str, int, int]] = (
        history.order_by()
        .annotate(kind=Value(kind, output_field=CharField()))
        .values("kind", "id")
        .annotate(version=Max("history_id"))
        .values_list("kind", "id", "version")
    )
    return rows


def _used(row: Decision, account: int | None, members: Mapping[tuple[int, int], int]) -> dict[str, set[int]]:
    owners = set(_owners_of(row.ownership))
    target = row.outcome["target"]
    if target["kind"] == "owner":
        owners.add(int(target["id"]))
    of_rotations: set[int] = set()
    for rotation in row.seen["rotations"]:
        for member in rotation["members"]:
            owners.add(int(member["owner_id"]))
            of_rotations.add(members[int(rotation["id"]), int(member["owner_id"])])
    return {
        "rotation": {int(rotation["id"]) for rotation in row.seen["rotations"]},
        "member": of_rotations,
        "owner": owners,
        "account": {account} if account is not None else set(),
    }


def _owners_of(ownership: Mapping[str, Any]) -> Iterable[int]:
    sticky = ownership.get("sticky") or {}
    claims = [
        ownership.get(name) for name in ("manual_lock", "open_deal", "account_owner", "candidate_owner")
    ]
    left = [*claims, sticky.get("owner")]
    while left:
        if claim := left.pop():
            yield int(claim["id"])
            left += [claim.get("backup"), claim.get("sdr")]
