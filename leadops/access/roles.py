"""The groups that are shipped, in words. Their permissions are rows, made once by a migration: people change them."""

from collections.abc import Mapping

MANAGER, OPS, REP, ENGINEER, VIEWER = "Manager", "Ops", "Rep", "Engineer", "Viewer"

ROLES: Mapping[str, str] = {
    MANAGER: "Looks after teams: owners, absences, rotations, territories, accounts and leads. Writes and publishes rules.",
    OPS: "Keeps everything flowing: works exceptions, keeps forms, aliases, alerts and CRM connections, corrects leads.",
    REP: "Answers leads: marks them as contacted, corrects them, gives them on or back, and enters absences.",
    ENGINEER: "Looks at everything, schedules included, and changes nothing.",
    VIEWER: "Looks at leads, people, rules, exceptions and connections, and changes nothing.",
}


def in_words(group: str) -> str:
    """What a group is for; "" for one that people made."""
    return ROLES.get(group, "")
