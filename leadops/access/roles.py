"""The groups that are shipped, in words. Their permissions are rows, made once by a migration: people change them."""

from collections.abc import Mapping

MANAGER, OPS, REP, ENGINEER, VIEWER = "Manager", "Ops", "Rep", "Engineer", "Viewer"

ROLES: Mapping[str, str] = {
    MANAGER: "Looks after teams: their people, rotations, territories and leads, and the rules that send leads to them.",
    OPS: "Keeps everything flowing: works exceptions, keeps forms, aliases, alerts and CRM connections, corrects leads.",
    REP: "Answers their own leads and those in their team's queues; enters their own absences.",
    ENGINEER: "Looks at everything of everybody, schedules included, and changes nothing.",
    VIEWER: "Looks at everybody's leads, people, rules, exceptions and connections, and changes nothing.",
}


def in_words(group: str) -> str:
    """What a group is for; "" for one that people made."""
    return ROLES.get(group, "")
