"""What no configuration needs, and what would keep this machine busy: seen in the stream, before anything is built."""

from collections.abc import Iterable
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.events import (
    AliasEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

MOST_CHARACTERS = 4 * 1024 * 1024
DEEPEST = 64
MOST_VALUES = 300_000


class TooMuch(Exception):
    """One sentence, and the line (from 1) at which it is too much."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(slots=True)
class _Open:
    """A list or table that has begun; `values` is how many its anchor stands for."""

    anchor: str | None
    values: int = 1


def refuse_too_much(text: str) -> None:
    """Raises TooMuch, and what the parser raises where the text is no YAML.

    An alias counts as all that it stands for: nine lines of ten aliases each are a billion values.
    """
    if len(text) > MOST_CHARACTERS:
        raise TooMuch(1, f"The file is longer than {MOST_CHARACTERS // 1024**2} MiB.")
    _count(YAML(typ="rt").parse(text))


def _count(events: Iterable[Event]) -> None:
    known: dict[str, int] = {}
    inside = [_Open(None)]
    for event in events:
        line = event.start_mark.line + 1 if event.start_mark else 1
        match event:
            case SequenceStartEvent() | MappingStartEvent():
                inside.append(_Open(event.anchor))
                if len(inside) > DEEPEST:
                    raise TooMuch(line, f"This is nested more than {DEEPEST} deep.")
                continue
            case AliasEvent():
                if any(around.anchor == event.anchor for around in inside):
                    raise TooMuch(line, f"*{event.anchor} contains itself.")
                values = known.get(event.anchor, 1)
            case ScalarEvent():
                values = 1
                if event.anchor:
                    known[event.anchor] = values
            case SequenceEndEvent() | MappingEndEvent():
                ended = inside.pop()
                values = ended.values
                if ended.anchor:
                    known[ended.anchor] = values
            case _:
                continue
        inside[-1].values += values
        if inside[-1].values > MOST_VALUES:
            raise TooMuch(line, f"This stands for more than {MOST_VALUES:,} values.")
