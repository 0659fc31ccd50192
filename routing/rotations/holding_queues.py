"""A rotation's holding queue: a queue of its own where leads wait until somebody is on duty."""

from routing.models import Queue, Rotation


def holding_queue_of(rotation: Rotation) -> Queue:
    """The rotation's holding queue, made when it is first needed. The caller holds the rotation's lock."""
    if rotation.holding_queue is not None:
        return rotation.holding_queue
    # The team that will answer: its calendar counts while the lead waits.
    team = rotation.members.filter(active=True, owner__team__isnull=False).values_list(
        "owner__team", flat=True
    )
    line, _made = Queue.objects.get_or_create(
        name=name_of(rotation.name), defaults={"holding_queue": True, "team_id": team.order_by("pk").first()}
    )
    rotation.holding_queue = line
    rotation.save(update_fields=["holding_queue"])
    return line


def name_of(rotation: str) -> str:
    """What the holding queue of the rotation of this name is called."""
    return f"{rotation}: holding queue"[:120]
