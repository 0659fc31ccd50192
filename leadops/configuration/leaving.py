"""Owners whom a file switches off: what that means is said by `diff` and `apply`, and done by `routing.handover.deactivation`."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User

from leadops.configuration.section import ACTIVE
from routing.handover import deactivation
from routing.handover.deactivation import Leaving
from routing.models import Owner


def leavers(sections: Mapping[str, Any]) -> list[Leaving]:
    """What happens to those who are active until the file is applied; ask before it is."""
    if "owners" not in sections:
        return []
    staying = {item["email"].lower() for item in sections["owners"] if item.get(ACTIVE, True)}
    active = Owner.objects.filter(active=True).select_related("team").order_by("name")
    return [deactivation.preview(owner) for owner in active if owner.email.lower() not in staying]


def let_go(
    leaving: Iterable[Leaving], sections: Mapping[str, Any], *, by: str, user: User | None, now: datetime
) -> None:
    """Rotations and accounts that the file has a section for are as the file says. The leads move after the commit."""
    for one in leaving:
        deactivation.switch_off(
            one.owner,
            actor=by,
            user=user,
            leave_rotations="rotations" not in sections,
            leave_accounts="named_accounts" not in sections,
            now=now,
        )


def lines(leaving: Iterable[Leaving]) -> list[str]:
    """One paragraph per owner."""
    return [f"{one.owner.name} is switched off. {' '.join(one.sentences())}" for one in leaving]
