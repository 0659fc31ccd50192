"""The engine's linter over the drafts, with the live rows that they point to."""

from collections.abc import Mapping
from typing import Any, cast

from django.utils import timezone

from routing.engine import linter
from routing.engine.references import Ref
from routing.engine.resolve import EmptyPolicy, WhenEmptyKind
from routing.models import Owner, Queue, Rotation
from routing.rotations import specialist_load
from routing.rules.vocabulary import FACTS

Finding = linter.LintFinding


def find(snapshot: Mapping[str, Any]) -> list[Finding]:
    """Errors first; what is switched off counts as not there."""
    return linter.check(snapshot, live())


def live() -> linter.Live:
    overloads = specialist_load.sentences(now=timezone.now())
    rotations = Rotation.objects.filter(active=True).select_related("when_empty_rotation", "when_empty_queue")
    return linter.Live(
        rotations=[
            linter.LiveRotation(
                rotation.pk,
                rotation.name,
                members=[member.owner_id for member in rotation.members.all() if member.active],
                when_empty=_when_empty(rotation),
                overloads=overloads.get(rotation.pk, ()),
            )
            for rotation in rotations.prefetch_related("members")
        ],
        queues=dict(Queue.objects.filter(active=True, holding_queue=False).values_list("pk", "name")),
        owners=[
            linter.LiveOwner(owner.pk, owner.name, owner.available, owner.unavailable_text)
            for owner in Owner.objects.all()
        ],
        known_fields=FACTS,
    )


def _when_empty(rotation: Rotation) -> EmptyPolicy:
    to = None
    if rotation.when_empty_rotation and rotation.when_empty == Rotation.WhenEmpty.ROTATION:
        to = Ref("rotation", rotation.when_empty_rotation.pk, rotation.when_empty_rotation.name)
    elif rotation.when_empty_queue and rotation.when_empty == Rotation.WhenEmpty.QUEUE:
        to = Ref("queue", rotation.when_empty_queue.pk, rotation.when_empty_queue.name)
    return EmptyPolicy(cast(WhenEmptyKind, rotation.when_empty), to)
