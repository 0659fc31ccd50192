"""How deep a JSON value may be nested. Whatever walks one later, to show or to copy it, may then do so by calling itself."""

from typing import Any

MOST_LEVELS = 64
TOO_DEEP = f"The body is nested more than {MOST_LEVELS} levels deep."


def is_too_deep(value: Any, *, text: str) -> bool:
    """Whether a value that was read from `text` has more than MOST_LEVELS objects and lists inside each other."""
    # Counting characters costs next to nothing, and almost every body has fewer brackets than levels that are allowed.
    return text.count("{") + text.count("[") > MOST_LEVELS and _levels_exceed(value, MOST_LEVELS)


def _levels_exceed(value: Any, most: int) -> bool:
    level = [value]
    for _ in range(most):
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return False
    return any(isinstance(one, dict | list) for one in level)
