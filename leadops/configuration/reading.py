"""From YAML text to plain data that knows its lines. YAML 1.2: NO is Norway, 09:30 is text."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import ScalarEvent
from ruamel.yaml.scalarbool import ScalarBoolean

from leadops.configuration.limits import TooMuch, refuse_too_much
from leadops.configuration.schema import ConfigError, Path

VERSION = 1
_FIRST_OF_NUMBERS = frozenset("0123456789+-")


@dataclass(frozen=True, slots=True)
class Complaint:
    """A problem with its line, for people. Lines count from 1."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


class UnreadableFile(Exception):
    """The file cannot be applied. `complaints` is everything that is wrong with it, by line."""

    def __init__(self, complaints: Iterable[Complaint]) -> None:
        self.complaints = sorted(complaints, key=lambda complaint: complaint.line)
        super().__init__("\n".join(map(str, self.complaints)))


@dataclass(frozen=True)
class Document:
    """`sections` is plain data by section; `lines` the line of each key and list item by its path."""

    sections: dict[str, Any]
    lines: Mapping[Path, int]

    def complain(self, problems: Iterable[ConfigError]) -> list[Complaint]:
        return [Complaint(self.line(problem.at), self._where(problem)) for problem in problems]

    def line(self, at: Path) -> int:
        """Of the path itself, or of the nearest thing around it."""
        while at and at not in self.lines:
            at = at[:-1]
        return self.lines.get(at, 1)

    def _where(self, problem: ConfigError) -> str:
        """The section, the item by its name and the key, before the message."""
        words: list[str] = []
        value: Any = self.sections
        for step in problem.at:
            inside: Any = value.get(step) if isinstance(value, Mapping) else None
            if isinstance(value, list) and isinstance(step, int) and step < len(value):
                inside = value[step]
                words.append(_name_of(inside) or f"item {step + 1}")
            else:
                words.append(str(step))
            value = inside
        return f"{' › '.join(words)}: {problem.message}" if words else problem.message


def read(text: str) -> Document:
    """Raises UnreadableFile where the text is not YAML or not a table of sections."""
    try:
        refuse_too_much(text)
        tree = YAML(typ="rt").load(text)
    except TooMuch as error:
        raise UnreadableFile([Complaint(error.line, str(error))]) from error
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = " ".join(str(error.problem or error.context or "this is not YAML").split())
        raise UnreadableFile(
            [Complaint(mark.line + 1 if mark else 1, f"This cannot be read: {said}.")]
        ) from error
    except YAMLError as error:
        raise UnreadableFile([Complaint(1, f"This cannot be read: {error}.")]) from error
    except ValueError as error:
        # The parser's own words for a date such as 2026-02-30, or a number of thousands of digits.
        line, value = _impossible(text)
        raise UnreadableFile([Complaint(line, f"“{value[:40]}” is no value: {error}.")]) from error
    if not isinstance(tree, CommentedMap):
        raise UnreadableFile(
            [Complaint(1, "This is not a configuration: it is a table of sections, like “teams:”.")]
        )
    lines: dict[Path, int] = {}
    sections = _plain(tree, (), lines)
    version = sections.pop("version", VERSION)
    if version != VERSION or isinstance(version, bool):
        line = lines.get(("version",), 1)
        raise UnreadableFile([Complaint(line, f"This leadops reads version {VERSION}, not {version}.")])
    return Document(sections, lines)


def _impossible(text: str) -> tuple[int, str]:
    """The line of the first value that looks like a date or a number and is none, and the value."""
    for event in YAML(typ="rt").parse(text):
        if isinstance(event, ScalarEvent) and (event.tag or event.value[:1] in _FIRST_OF_NUMBERS):
            try:
                YAML(typ="rt").load(f"{event.tag or ''} {event.value}")
            except ValueError:
                return event.start_mark.line + 1, event.value
            except YAMLError:
                continue
    return 1, "…"


def _plain(value: Any, at: Path, lines: dict[Path, int]) -> Any:
    if isinstance(value, CommentedMap):
        table = {}
        for key, item in value.items():
            name = key if isinstance(key, str) else str(key).lower() if isinstance(key, bool) else str(key)
            # Keys that come in by a merge (<<) have no place of their own.
            place = value.lc.data.get(key) if value.lc.data else None
            lines[(*at, name)] = place[0] + 1 if place else lines.get(at, 1)
            table[name] = _plain(item, (*at, name), lines)
        return table
    if isinstance(value, CommentedSeq):
        items = []
        for index, item in enumerate(value):
            place = value.lc.data.get(index) if value.lc.data else None
            lines[(*at, index)] = place[0] + 1 if place else lines.get(at, 1)
            items.append(_plain(item, (*at, index), lines))
        return items
    return _scalar(value)


def _scalar(value: Any) -> Any:
    """Without the wrappers in which the parser remembers how a value was written."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, ScalarBoolean):
        return bool(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, date):
        return value
    for plain in (int, float, str):
        if isinstance(value, plain):
            return plain(value)
    return str(value)


def _name_of(item: Any) -> str:
    if not isinstance(item, Mapping):
        return ""
    return next(
        (
            f"“{item[key]}”"
            for key in ("name", "key", "email", "company", "label", "reason", "owner")
            if key in item
        ),
        "",
    )
