"""Conditions as sentences: "country is DE, AT or CH and segment is hot or warm"."""

from collections.abc import Mapping, Sequence
from typing import Any

from routing.engine.conditions import GROUPS, Condition, operator_of
from routing.engine.operator_words import PIECES, SAYS, STATES
from routing.engine.references import Row


def sentence(condition: Condition | None, labels: Mapping[str, str] | None = None) -> str:
    """labels gives fields other names than their own with spaces. An empty condition reads "always"."""
    return _say(condition, labels or {}, inside=False) if condition else "always"


def why_not(row: Row, labels: Mapping[str, str] | None = None) -> str:
    """A row of `conditions.explain` that is not ok: "country is FR, not DE, AT or CH"."""
    label = _label(row["field"], labels or {})
    actual = row["actual"]
    if row["holds"]:
        return _leaf(row["field"], row["operator"], row["wanted"], labels or {})
    if actual is None or actual in ("", []):
        return f"{label} is empty"
    if row["operator"] in ("eq", "in"):
        return f"{label} is {_values(actual, ' and ')}, not {_values(row['wanted'], ' or ')}"
    wanted = _leaf(row["field"], row["operator"], row["wanted"], labels or {})
    return f"{label} is {_values(actual, ' and ')}; asked: {wanted}"


def _say(node: Condition, labels: Mapping[str, str], *, inside: bool) -> str:
    if "field" in node:
        operator = operator_of(node)
        return _leaf(node["field"], operator, node[operator], labels)
    groups = [(group, node[group]) for group in GROUPS if group in node]
    said = [_group(group, parts, labels, inside=inside or len(groups) > 1) for group, parts in groups]
    return " and ".join(said)


def _group(group: str, parts: Sequence[Condition], labels: Mapping[str, str], *, inside: bool) -> str:
    said = PIECES[group].join(_say(part, labels, inside=len(parts) > 1) for part in parts)
    if group == "none":
        return f"not ({said})"
    return f"({said})" if inside and group == "any" and len(parts) > 1 else said


def _leaf(field: str, operator: str, wanted: Any, labels: Mapping[str, str]) -> str:
    label = _label(field, labels)
    if operator == "is":
        return f"{label} {STATES[wanted]}"
    if operator == "between":
        return f"{label} {SAYS['between']} {wanted[0]} and {wanted[1]}"
    if isinstance(wanted, bool) and operator in ("eq", "ne"):
        yes = wanted is (operator == "eq")
        if " is " in label:
            return label if yes else label.replace(" is ", " is not ", 1)
        return f"{label} is {'yes' if yes else 'no'}"
    return f"{label} {SAYS[operator]} {_values(wanted, ' or ')}"


def _values(value: Any, last: str) -> str:
    """ "DE, AT or CH" """
    items = [str(item) for item in value] if isinstance(value, (list, tuple)) else [str(value)]
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + last + items[-1]


def _label(field: str, labels: Mapping[str, str]) -> str:
    return labels.get(field) or field.removeprefix("extra.").replace("_", " ")
