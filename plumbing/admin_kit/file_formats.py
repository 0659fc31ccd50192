"""Files that people download, open in a spreadsheet and upload again."""

import re
from typing import Any

from import_export.formats import base_formats

# What makes a spreadsheet take a cell for a formula, with the quotes that an earlier export may have put before it.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")
_QUOTED = re.compile(r"''*[=+\-@\t\r]")


def harmless(cell: Any) -> Any:
    """A quote before whatever a spreadsheet would work out; numbers stay numbers."""
    if isinstance(cell, str) and _FORMULA.match(cell) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def as_it_was(cell: Any) -> Any:
    """The value behind the quote of `harmless`."""
    return cell[1:] if isinstance(cell, str) and _QUOTED.match(cell) else cell


def _each_cell(dataset: Any, change: Any) -> Any:
    changed = type(dataset)(headers=dataset.headers)
    for row in dataset:
        changed.append([change(cell) for cell in row])
    return changed


class _ForSpreadsheets(base_formats.TextFormat):
    def export_data(self, dataset: Any, **kwargs: Any) -> Any:
        return super().export_data(_each_cell(dataset, harmless), **kwargs)

    def create_dataset(self, in_stream: Any, **kwargs: Any) -> Any:
        return _each_cell(super().create_dataset(in_stream, **kwargs), as_it_was)


class Csv(_ForSpreadsheets, base_formats.CSV):
    pass


class Tsv(_ForSpreadsheets, base_formats.TSV):
    pass


class Json(base_formats.JSON):
    """For programs: nothing is put before a value. Raises ValueError for what is no JSON, and for nesting without end."""

    def create_dataset(self, in_stream: Any, **kwargs: Any) -> Any:
        try:
            return super().create_dataset(in_stream, **kwargs)
        except RecursionError as error:
            raise ValueError("The file is nested too deep.") from error
