"""Where a field map finds a value: `Email`, `$.data.email`,
`answers[0].text`, `data.fields[label=Email].value`."""

import re
from functools import lru_cache
from typing import Any

from plumbing.whole_numbers import whole_number

# A step of a path: a key, or in brackets an index, a condition on the items of a list, or a quoted key.
_STEP = re.compile(
    r"""\.?(?:
        (?P<key>[^.\[\]]+)
      | \[(?P<index>-?\d{1,6})\]
      | \[(?P<name>[^\]=\[]+)=(?:"(?P<quoted>[^"]*)"|'(?P<single>[^']*)'|(?P<plain>[^\]]*))\]
      | \[(?:"(?P<dquoted>[^"]*)"|'(?P<squoted>[^']*)')\]
    )""",
    re.VERBOSE,
)

Step = str | int | tuple[str, str]
_NOTHING = object()


@lru_cache(maxsize=4096)
def parse_path(source: str) -> tuple[Step, ...] | None:
    """The steps of a path: a key, an index, or (name, value) of the wanted list item. None for no path."""
    text = source.removeprefix("$")
    steps: list[Step] = []
    position = 0
    while position < len(text):
        match = _STEP.match(text, position)
        if not match:
            return None
        position = match.end()
        found = match.groupdict()
        if found["index"] is not None:
            steps.append(int(found["index"]))
        elif found["name"] is not None:
            wanted = next(found[part] for part in ("quoted", "single", "plain") if found[part] is not None)
            steps.append((found["name"].strip(), _fold(wanted)))
        else:
            steps.append(
                next(found[part] for part in ("key", "dquoted", "squoted") if found[part] is not None)
            )
    return tuple(steps) or None


def find_by_path(body: Any, source: str) -> tuple[bool, Any]:
    """(found, value) of a path in a body; never raises, whatever either of them is."""
    steps = parse_path(source)
    if steps is None:
        return False, None
    place, at = body, 0
    while at < len(steps):
        found, used = _step(place, steps[at]), 1
        while found is _NOTHING and (name := _dotted(steps, at, used + 1)):
            used += 1
            found = _step(place, name)
        if found is _NOTHING:
            return False, None
        place, at = found, at + used
    return True, place


def _dotted(steps: tuple[Step, ...], at: int, count: int) -> str:
    """These steps as one name: a key can have points of its own (`data.json`). "" where they are none."""
    names = [step for step in steps[at : at + count] if isinstance(step, str)]
    return ".".join(names) if len(names) == count else ""


def _step(place: Any, step: Step) -> Any:
    if isinstance(step, tuple):
        name, wanted = step
        items = place if isinstance(place, list) else place.values() if isinstance(place, dict) else ()
        for item in items:
            if isinstance(item, dict) and name in item and _fold(item[name]) == wanted:
                return item
        return _NOTHING
    if isinstance(step, int):
        return place[step] if isinstance(place, list) and -len(place) <= step < len(place) else _NOTHING
    if isinstance(place, list) and (index := whole_number(step)) is not None and index < len(place):
        # Some tools write `answers.0.text`.
        return place[index]
    return place.get(step, _NOTHING) if isinstance(place, dict) else _NOTHING


def _fold(value: Any) -> str:
    return " ".join(str(value).split()).casefold()
