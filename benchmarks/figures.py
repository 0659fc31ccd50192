"""Figures and how they are shown: what was measured, beside its baseline of the same run."""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the result. `ratio` is ours by the baseline's, above 1 where we do more (or wait longer)."""

    what: str
    value: float
    unit: str
    baseline: float | None = None
    ratio: float | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def against(what: str, ours: Sequence[float], baseline: Sequence[float], unit: str) -> Figure:
    """Medians of runs that were made in turn; the ratio is the median of the pairs' ratios, so that a slow minute of the machine
    falls on both."""
    ratio = statistics.median(one / other for one, other in zip(ours, baseline, strict=True))
    return Figure(what, statistics.median(ours), unit, statistics.median(baseline), ratio)


def alone(what: str, values: Sequence[float], unit: str) -> Figure:
    return Figure(what, statistics.median(values), unit)


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that at least this share of all values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def table(figures: Sequence[Figure]) -> str:
    """Markdown, aligned for a terminal."""
    rows = [("measured", "leadops", "baseline", "leadops / baseline", "unit")]
    rows += [
        (one.what, _number(one.value), _number(one.baseline), _number(one.ratio), one.unit) for one in figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = [_line(row, widths) for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
