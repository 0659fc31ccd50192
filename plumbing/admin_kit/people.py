"""How people are shown, and names of code as labels."""

from typing import Any


def name_of(user: Any) -> str:
    """Who acts, as histories, notes and claims say it."""
    return str(user.get_full_name() or user.get_username())


def as_label(name: str) -> str:
    """ "Remind owner" for remind_owner."""
    return name.replace("_", " ").capitalize()


def initials(name: str) -> str:
    """ "EE" for Eva Ernst, "T" for Triage."""
    words = [word for word in name.replace("@", " ").split() if word[0].isalnum()]
    letters = [word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)]
    return "".join(letters).upper() or "?"
