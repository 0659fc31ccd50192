"""Tables that people fill row by row, for JSON columns that hold objects or lists of objects."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.datastructures import MultiValueDict
from unfold.widgets import INPUT_CLASSES, SELECT_CLASSES

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Column:
    """`choices` make it a select; `only_for` ("do=queue") shows it where another column of the row has that value."""

    name: str
    label: str
    choices: Sequence[tuple[str, str]] = ()
    placeholder: str = ""
    only_for: str = ""
    width: str = "minmax(0, 1fr)"

    def offered(self, used: Iterable[str]) -> list[tuple[str, str]]:
        """The choices, and what is in use without being one: a select must not lose a value silently."""
        known = {value for value, _ in self.choices}
        strangers = [(value, value) for value in dict.fromkeys(used) if value and value not in known]
        return [*self.choices, *strangers] if self.choices else []


class RowsWidget(forms.Widget):
    """Without JavaScript there are three empty rows to fill."""

    template_name = "admin_kit/rows.html"
    spare_rows = 3

    class Media:
        js = ("admin_kit/rows.js",)

    def __init__(self, columns: Sequence[Column], *, add: str = "Add a row") -> None:
        super().__init__()
        self.columns, self.add = columns, add

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        rows: list[Row] = [*(value or []), *({} for _ in range(self.spare_rows))]
        offered = {
            column.name: column.offered(row.get(column.name, "") for row in rows) for column in self.columns
        }
        always = [column for column in self.columns if not column.only_for]
        # What depends on a choice shares one place: one of them is shown at a time.
        shared = ["minmax(0, 1fr)"] if len(always) < len(self.columns) else []
        context["widget"] |= {
            "add": self.add,
            "columns": self.columns,
            "template": " ".join([*(column.width for column in always), *shared, "2.25rem"]),
            "shared_column": len(always) + 1,
            "rows": [
                [(column, offered[column.name], row.get(column.name, "")) for column in self.columns]
                for row in rows
            ],
            "input_class": " ".join(INPUT_CLASSES),
            "select_class": " ".join(SELECT_CLASSES),
        }
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[Row] | None:
        if not isinstance(data, MultiValueDict) or self.value_omitted_from_data(data, files, name):
            return None
        columns = [data.getlist(f"{name}-{column.name}") for column in self.columns]
        names = [column.name for column in self.columns]
        rows = [
            dict(zip(names, (str(cell).strip() for cell in cells), strict=True))
            for cells in zip(*columns, strict=False)
        ]
        return [row for row in rows if any(row.values())]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}-{self.columns[0].name}" not in data


class PairsField(forms.Field):
    """A JSON object of texts, edited as rows. Half a row or a name twice is an error."""

    def __init__(
        self,
        *,
        left: str,
        right: str,
        left_choices: Sequence[tuple[str, str]] = (),
        right_choices: Sequence[tuple[str, str]] = (),
        **kwargs: Any,
    ) -> None:
        columns = (Column("left", left, left_choices), Column("right", right, right_choices))
        super().__init__(widget=RowsWidget(columns), required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return _rows(value)

    def clean(self, value: Any) -> dict[str, str]:
        found: dict[str, str] = {}
        for row in _rows(value):
            name, target = row["left"], row["right"]
            if not name or not target:
                raise ValidationError(
                    f"“{name or target}” stands alone: fill in the other half, or clear the row."
                )
            if name in found:
                raise ValidationError(f"“{name}” stands there twice.")
            found[name] = target
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        return _rows(initial) != _rows(data)


def _rows(value: Any) -> list[Row]:
    if isinstance(value, Mapping):
        return [{"left": str(name), "right": str(target)} for name, target in value.items()]
    return list(value or [])
