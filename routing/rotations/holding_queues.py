"""A rotation's waiting line: a queue of its own where leads wait until somebody is on duty."""

from routing.models import Queue, Rotation


def line_of(rotation: Rotation) -> Queue:
    """The rotation's line, made when it is first needed. The caller holds the rotation's lock."""
    if rotation.waiting_line is not None:
        return rotation.waiting_line
    # The team that will answer: its calendar counts while the lead waits.
    team = rotation.members.filter(active=True, owner__team__isnull=False).values_list(
        "owner__team", flat=True
    )
    line, _made = Queue.objects.get_or_create(
        name=name_of(rotation), defaults={"waiting_line": True, "team_id": team.order_by("pk").first()}
    )
    rotation.waiting_line = line
    rotation.save(update_fields=["waiting_line"])
    return line


def name_of(rotation: Rotation) -> str:
    """What a rotation's line is called."""
    return f"{rotation.name}: waiting line"[:120]
