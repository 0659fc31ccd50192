"""What `manage.py doctor` says about people who left."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from django.utils import timezone

from plumbing.counting import counted
from plumbing.findings import Finding
from routing.handover import deactivation
from routing.models import Owner

LONG = timedelta(hours=1)


def check_leavers() -> Iterator[Finding]:
    """Open leads that should have left somebody a while ago and have still not moved."""
    since = timezone.now() - LONG
    for owner in Owner.objects.filter(deactivation.LEAVES, leads_leave_at__lte=since).order_by("name"):
        if left := deactivation.still_there(owner):
            yield Finding(
                "warn",
                f"{counted(left, 'open lead')} of {owner.name}, who {_is(owner)}, should have moved.",
                hint="Is there a fallback queue, and do beat and the workers run? The log says what failed.",
                fix=partial(_move_on, owner),
            )


def _is(owner: Owner) -> str:
    return owner.unavailable_text if owner.active else "is switched off"


def _move_on(owner: Owner) -> str:
    moved = deactivation.move_on(owner, most=deactivation.A_SWEEP, now=timezone.now())
    return f"{moved} leads of {owner.name} moved, {deactivation.still_there(owner)} are left."
