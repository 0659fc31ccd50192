"""What operators and groups are called: the one table that sentences, the editor and its script read."""

from typing import Final

SAYS: Final = {
    "eq": "is",
    "in": "is",
    "ne": "is not",
    "not_in": "is not",
    "contains": "contains",
    "starts_with": "starts with",
    "has_word": "has the word",
    "gt": "is more than",
    "gte": "is at least",
    "lt": "is less than",
    "lte": "is at most",
    "between": "is between",
}
STATES: Final = {"present": "is filled in", "missing": "is empty", "named": "is a named account"}
"""Of the operator `is`."""
PIECES: Final = {"all": " and ", "any": " or ", "none": " or "}
"""Between the parts of a group in a sentence."""
GROUP_LABELS: Final = {
    "all": "All of these hold",
    "any": "Any of these holds",
    "none": "None of these holds",
}
JOINTS: Final = {"all": "and", "any": "or", "none": "nor"}
"""Before the lines of a group in the editor, but the first."""
_TRUTH = {"true": "is yes", "false": "is no"}


def label_of(choice: str) -> str:
    """The words of an operator, or of an operator with its value: `in`, `is:present`, `eq:true`."""
    operator, _, value = choice.partition(":")
    if operator == "is":
        return STATES[value]
    return _TRUTH[value] if value else SAYS[operator]


def table() -> dict[str, dict[str, str]]:
    """For the editor's script."""
    return {
        "says": dict(SAYS),
        "states": dict(STATES),
        "pieces": dict(PIECES),
        "groups": dict(GROUP_LABELS),
        "joints": dict(JOINTS),
    }
