"""A part of the configuration: its shape, and how it stands in the database."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.contrib.auth.models import User
from django.db.models import Model, QuerySet

from leadops.configuration.schema import REQUIRED, Field, Item, Kind, ListOf, Notes, Path, Shape

CHANGE_REASON = "config apply"
ACTIVE = "active"


class Saver:
    """Saves rows one by one, so that each change is a history row that says where it came from."""

    def __init__(self, *, now: datetime, user: User | None = None) -> None:
        self.now, self.user = now, user

    def save(self, row: Model) -> None:
        setattr(row, "_change_reason", CHANGE_REASON)  # noqa: B010 (read by simple-history)
        setattr(row, "_history_user", self.user)  # noqa: B010
        row.save()

    def save_if_changed(self, row: Model, before: Item) -> None:
        if row.pk is None or columns(row) != before:
            self.save(row)


def columns(row: Model) -> Item:
    return {column.attname: getattr(row, column.attname) for column in row._meta.concrete_fields}


class Section(ABC):
    """`read` and the checked file have the same plain form; `items` cuts it into named pieces
    that are compared.
    """

    name: ClassVar[str]
    shape: Kind
    ordered: ClassVar[bool] = False

    @abstractmethod
    def read(self) -> Any:
        """What the database holds, in the form that export prints."""

    @abstractmethod
    def items(self, plain: Any) -> dict[str, Item]: ...

    @abstractmethod
    def write(self, plain: Any, changed: Collection[str], saver: Saver) -> None:
        """Make the database say the same for the items that are named; what `plain` leaves
        out is deactivated.
        """

    def link(self, plain: Any, changed: Collection[str], saver: Saver) -> None:  # noqa: B027 (few need it)
        """Second pass, after every section's rows are there."""

    def comparable(self, item: Item) -> Item:
        """The item without what makes no difference."""
        return item

    def stays(self, item: Item) -> bool:
        """Whether it stays as it is where a file does not name it: something else has made it."""
        return False

    def tidy(self, plain: Any) -> Any:
        return self.shape.check(plain, (), Notes())


@dataclass(frozen=True)
class Reference(Kind):
    """The name of another section's item; the row holds a foreign key to it."""

    section: str
    model: type[Model]
    by: str = "name"
    lower: bool = False

    def check(self, value: Any, at: Path, notes: Notes) -> Any:
        if not isinstance(value, str) or not value.strip():
            notes.problem(at, f"Write the {self.by.replace('_', ' ')} of one of the {self.section} here.")
            return value
        value = value.strip().lower() if self.lower else value.strip()
        notes.refers(at, self.section, value)
        return value

    def to_row(self, value: Any) -> Any:
        if value is None:
            return None
        lookup = f"{self.by}__iexact" if self.lower else self.by
        return self.model._default_manager.get(**{lookup: value})

    def from_row(self, value: Any) -> Any:
        return value and getattr(value, self.by)


@dataclass(frozen=True)
class Weight(Kind):
    """A number more than 0, with two decimals at most; whole ones are integers."""

    def check(self, value: Any, at: Path, notes: Notes) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float):
            notes.problem(at, f"Write a number, not “{value}”.")
            return value
        exact = Decimal(str(value))
        if not exact.is_finite() or not 0 < exact < 10_000 or exact != round(exact, 2):
            notes.problem(
                at, f"A weight is more than 0, less than 10000, and has two decimals at most: not {value}."
            )
            return value
        return self.from_row(exact)

    def to_row(self, value: Any) -> Any:
        return Decimal(str(value))

    def from_row(self, value: Any) -> Any:
        return int(value) if value == value.to_integral_value() else float(value)


@dataclass(frozen=True)
class Items(ListOf):
    """A list whose items have names of their own."""

    keys: tuple[str, ...] = ("name",)

    def check(self, value: Any, at: Path, notes: Notes) -> Any:
        items = super().check(value, at, notes)
        if not isinstance(value, list):
            return items
        seen: set[Hashable] = set()
        for place, item in enumerate(items):
            if not isinstance(item, dict) or any(key not in item for key in self.keys):
                continue
            key = tuple(str(item[key]) for key in self.keys)
            if key in seen:
                notes.problem((*at, place), f"{' '.join(key)} stands here twice.")
            seen.add(key)
        return items


class RowSection(Section):
    """A list of items, each one row, known by `keys`."""

    model: ClassVar[type[Any]]
    item: ClassVar[Shape]
    keys: ClassVar[tuple[str, ...]] = ("name",)
    alone: ClassVar[str] = ""
    """A flag that one row at most may have."""

    def __init__(self) -> None:
        self.shape = Items(self.item, keys=self.keys)

    def rows(self) -> QuerySet[Any]:
        order = ("position", "id") if self.ordered else ("id",)
        rows: QuerySet[Any] = self.model._default_manager.order_by(*order)
        return rows

    def read(self) -> Any:
        return self.tidy([self.present(self.show(row)) for row in self.rows()])

    def items(self, plain: Any) -> dict[str, Item]:
        return {self.key(item): item for item in plain}

    def key(self, item: Item) -> str:
        return " ".join(str(item[key]) for key in self.keys)

    def show(self, row: Any) -> Item:
        """The row as an item with every key, in the file's words."""
        return {known.name: known.kind.from_row(getattr(row, known.attribute)) for known in self.item.fields}

    def present(self, item: Item) -> Item:
        defaults = {known.name: known.default for known in self.item.fields}
        return {
            name: value
            for name, value in item.items()
            if defaults[name] is REQUIRED or value != defaults[name]
        }

    def fill(self, row: Any, item: Item, fields: Iterable[Field]) -> None:
        full = self.item.full(item)
        for known in fields:
            setattr(row, known.attribute, known.kind.to_row(full[known.name]))

    def write(self, plain: Any, changed: Collection[str], saver: Saver) -> None:
        rows = {self.key(self.show(row)): row for row in self.rows()}
        items = self.items(plain)
        for key in changed:
            if key in rows and key not in items:
                self.deactivate(rows[key], saver)
        if self.alone:
            self._give_up_flag(rows, items, saver)
        position = 0
        early = [known for known in self.item.fields if not known.late]
        for key, item in items.items():
            row = rows.get(key) or self.model()
            before = columns(row)
            if key in changed:
                self.fill(row, item, early)
            if self.ordered:
                position = row.position = row.position if row.pk and row.position > position else position + 1
            saver.save_if_changed(row, before)
            if key in changed:
                self.write_children(row, item, saver)

    def link(self, plain: Any, changed: Collection[str], saver: Saver) -> None:
        late = [known for known in self.item.fields if known.late]
        if not late:
            return
        rows = {self.key(self.show(row)): row for row in self.rows()}
        for key, item in self.items(plain).items():
            if key in changed:
                before = columns(rows[key])
                self.fill(rows[key], item, late)
                saver.save_if_changed(rows[key], before)

    def write_children(self, row: Any, item: Item, saver: Saver) -> None:
        """Rows that belong to this one alone."""

    def deactivate(self, row: Any, saver: Saver) -> None:
        before = columns(row)
        row.active = False
        if self.alone:
            setattr(row, self.alone, False)
        saver.save_if_changed(row, before)

    def _give_up_flag(self, rows: dict[str, Any], items: dict[str, Item], saver: Saver) -> None:
        # The flag is unique: who loses it goes first.
        for key, row in rows.items():
            if getattr(row, self.alone) and not items.get(key, {}).get(self.alone, False):
                setattr(row, self.alone, False)
                saver.save(row)
