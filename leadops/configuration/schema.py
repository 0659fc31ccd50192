"""What may stand in the file. A kind checks a value and hands back its plain form: what export prints.

Plain form: str, int, float, bool, date, lists and dicts of these; keys in the order of the shape; a value
equal to its default is left out, so that two spellings of the same thing compare equal. What is wrong is
noted and kept as it is, so that a database with odd values is still exported as it stands.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from plumbing.json_shapes import JsonShape, problems
from plumbing.secrets import why_not_named
from plumbing.spelling import did_you_mean

Path = tuple[str | int, ...]
Item = dict[str, Any]
REQUIRED: Any = object()


@dataclass(frozen=True, slots=True)
class ConfigError:
    """Something wrong in the file, and where: a path of keys and list positions."""

    at: Path
    message: str


@dataclass(frozen=True, slots=True)
class NameOf:
    """A name that must be one of another section's items."""

    at: Path
    section: str
    name: str
    any_case: bool = False


@dataclass
class Notes:
    """What checking a file has found."""

    problems: list[ConfigError] = field(default_factory=list)
    references: list[NameOf] = field(default_factory=list)

    def problem(self, at: Path, message: str) -> None:
        self.problems.append(ConfigError(at, message))

    def refers(self, at: Path, section: str, name: str, *, any_case: bool = False) -> None:
        self.references.append(NameOf(at, section, name, any_case))


class Kind:
    """What a value may be. Rows hold the plain form unless a kind says otherwise."""

    def check(self, value: Any, at: Path, notes: Notes) -> Any:
        """The plain form; problems and references go to the notes."""
        raise NotImplementedError

    def to_row(self, value: Any) -> Any:
        return value

    def from_row(self, value: Any) -> Any:
        return value


def listed(words: Iterable[str]) -> str:
    return ", ".join(words)


@dataclass(frozen=True)
class Text(Kind):
    """`also` says what else is wrong with a text, or "" if nothing is."""

    limit: int = 0
    also: Callable[[str], str] | None = None
    lower: bool = False

    def check(self, value: Any, at: Path, notes: Notes) -> Any:
        if not isinstance(value, str):
            notes.problem(at, _not_text(value))
            return value
        value = value.strip().lower() if self.lower else value.strip()
        if not value:
            notes.problem(at, "This is empty.")
        elif self.limit and len(value) > self.limit:
            notes.problem(at, f"This is longer than {self.limit} characters.")
        elif self.also and (wrong := self.also(value)):
            notes.problem(at, wrong)
        return value


@dataclass(frozen=True)
class Choice(Kind):
    options: tuple[str, ...]

    def check(self, value: Any, at: Path, notes: Notes) -> Any:
        if value not in self.options:
            hint = did_you_mean(str(value), self.options)
            notes.problem(at, f"“{value}” is not known here: use {listed(self.options)}.{hint}")
        # A row that was never saved holds Django's enumeration member.
        return str(value) if isinstance(value, str) else value


@dataclass(frozen=True)
class Flag(Kind):
    def check(self, value: Any, at: Path, notes: Notes) -> Any:
        if not isinstance(value, bool):
            notes.problem(at, f"Write true or false, not “{value}”.")
        return value


@dataclass(frozen=True)
class Whole(Kind):
    minimum: int = 0
    maximum: int = 2_147_483_647

    def check(self, value: Any, at: Path, notes: Notes) -> Any:
        if isinstance(value, bool) or not isinstance(value, int):
            notes.problem(at, f"Write a whole number, not “{value}”.")
        elif not self.minimum <= value <= self.maximum:
            notes.problem(at, f"{value} is out of range: {self.minimum} to {self.maximum}.")
        return value


@dataclass(frozen=True)
class OneOf(Kind):
    """Whole numbers from a short list."""

    options: tuple[int, ...]

    def check(self, value: Any, at: Path, notes: Notes) -> Any:
        if isinstance(value, bool) or value not in self.options:
            notes.problem(at, f"“{value}” is not known here: use {listed(map(str, self.options))}.")
        return value


@dataclass(frozen=True)
class Day(Kind):
    """A date; text in the same form is taken too."""

    def check(self, value: Any, at: Path, notes: Notes) -> Any:
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            notes.problem(at, f"“{value}” is not a date: write it like 2026-12-24.")
            return value


@dataclass(frozen=True)
class JsonDay(Day):
    """A date inside a JSON column."""

    def to_row(self, value: Any) -> Any:
        return value.isoformat() if isinstance(value, date) else value


@dataclass(frozen=True)
class Plain(Kind):
    """A single value: text, a number, or true or false."""

    def check(self, value: Any, at: Path, notes: Notes) -> Any:
        if isinstance(value, date):
            return value.isoformat()
        if not isinstance(value, str | int | float | bool):
            notes.problem(at, "Write one value here: text, a number, or true or false.")
        return value


@dataclass(frozen=True)
class ListOf(Kind):
    kind: Kind

    def check(self, value: Any, at: Path, notes: Notes) -> Any:
        if not isinstance(value, list):
            notes.problem(at, "Write a list here.")
            return value
        return [self.kind.check(item, (*at, place), notes) for place, item in enumerate(value)]

    def to_row(self, value: Any) -> Any:
        return [self.kind.to_row(item) for item in value]

    def from_row(self, value: Any) -> Any:
        return [self.kind.from_row(item) for item in value]


@dataclass(frozen=True)
class MapOf(Kind):
    """Keys are text; `key` checks them."""

    kind: Kind
    key: Kind = field(default_factory=Text)

    def check(self, value: Any, at: Path, notes: Notes) -> Any:
        if not isinstance(value, Mapping):
            notes.problem(at, "Write a table of names and values here.")
            return value
        found: Item = {}
        for name, item in value.items():
            key = self.key.check(name, (*at, name), notes)
            found[key] = self.kind.check(item, (*at, name), notes)
        return found

    def to_row(self, value: Any) -> Any:
        return {name: self.kind.to_row(item) for name, item in value.items()}


@dataclass(frozen=True)
class Field:
    """A key of a shape. A field without default must be there. `column` is the row's name for
    it, if another.
    """

    name: str
    kind: Kind
    default: Any = REQUIRED
    column: str = ""
    late: bool = False
    """Written in a second pass: it may point at a row that the first pass is still to make."""
    shown: bool = False
    """Stands in the plain form also where it equals the default: a reader looks for it."""

    @property
    def attribute(self) -> str:
        return self.column or self.name


@dataclass(frozen=True)
class Shape(Kind):
    """A table with known keys. `also` notes what is wrong between the keys; it sees only values that are
    right alone.
    """

    fields: tuple[Field, ...]
    also: Callable[[Item, Path, Notes], None] | None = None

    def check(self, value: Any, at: Path, notes: Notes) -> Any:
        if not isinstance(value, Mapping):
            notes.problem(at, f"Write a table here, with {listed(self.names)}.")
            return value
        before = len(notes.problems)
        found: Item = {}
        for known in self.fields:
            if known.name not in value:
                if known.default is REQUIRED:
                    notes.problem(at, f"“{known.name}” is missing here.")
                elif known.shown:
                    found[known.name] = known.default
                continue
            plain = known.kind.check(value[known.name], (*at, known.name), notes)
            if known.shown or not _same(plain, known.default):
                found[known.name] = plain
        found |= self._unknown(value, at, notes)
        if self.also and len(notes.problems) == before:
            self.also(found, at, notes)
        return found

    def to_row(self, value: Any) -> Any:
        kinds = {known.name: known.kind for known in self.fields}
        return {name: kinds[name].to_row(item) if name in kinds else item for name, item in value.items()}

    def full(self, item: Item) -> Item:
        """With the defaults of what is left out."""
        return {known.name: item.get(known.name, known.default) for known in self.fields}

    @property
    def names(self) -> list[str]:
        return [known.name for known in self.fields]

    def _unknown(self, value: Mapping[Any, Any], at: Path, notes: Notes) -> Item:
        unknown = {name: item for name, item in value.items() if name not in self.names}
        for name in unknown:
            free = [known for known in self.names if known not in value]
            hint = did_you_mean(str(name), free) or f" Known are {listed(self.names)}."
            notes.problem((*at, name), f"“{name}” is not known here.{hint}")
        return unknown


@dataclass(frozen=True)
class Shaped(Kind):
    """A table whose keys are those of a JSON column's type."""

    shape: type[JsonShape]

    def check(self, value: Any, at: Path, notes: Notes) -> Any:
        wrong = problems(self.shape, value)
        for place, message in wrong:
            notes.problem((*at, *place), message)
        return value if wrong else self.shape.model_validate(value).plain()

    def from_row(self, value: Any) -> Any:
        return value.plain()


_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def environment_name(text: str) -> str:
    if _ENVIRONMENT_NAME.fullmatch(text):
        return why_not_named(text)
    return "Write the name of an environment variable here (never the secret itself), like CRM_TOKEN."


def _same(value: Any, default: Any) -> bool:
    return type(value) is type(default) and bool(value == default)


def _not_text(value: Any) -> str:
    if value is None:
        return "This is empty."
    if isinstance(value, Mapping | list):
        return "Write text here."
    said = str(value).lower() if isinstance(value, bool) else str(value)
    return f"Write text here; put it in quotes if you mean the word “{said}”."
