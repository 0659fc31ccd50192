"""Whether a value fits its property, by what the CRM says of it: pure."""

from collections.abc import Mapping
from datetime import date, datetime

from crm_sync.connectors.definitions import PropertyDefinition

# Properties that take options: a value that does not fit can be translated to one that does.
OPTIONS = frozenset({"choice", "choices", "boolean"})


def misfit(value: str, definition: PropertyDefinition | None, *, list_separator: str) -> str:
    """Why the CRM would refuse a text, as `LeftOutValue.Why`; "" where nothing speaks against it.

    `definition` is None where the property does not exist. "" clears a value, and fits every property that can be written.
    """
    if definition is None or definition.archived:
        return "missing"
    if definition.read_only:
        return "read_only"
    if not value:
        return ""
    match definition.type:
        case "choice" | "choices":
            several = definition.type == "choices"
            parts = [part for part in value.split(list_separator) if part] if several else [value]
            allowed = {option for option, _ in definition.options}
            return "" if allowed.issuperset(parts) else "option"
        case "boolean":
            allowed = {option for option, _ in definition.options}
            return "" if not allowed or value in allowed else "option"
        case "number":
            return "" if _is_number(value) else "type"
        case "date" | "datetime":
            return "" if _is_moment(value, whole_day=definition.type == "date") else "type"
    too_long = definition.length is not None and len(value) > definition.length
    return "length" if too_long else ""


def translated(
    value: str,
    values: Mapping[str, str],
    definition: PropertyDefinition | None,
    *,
    passes: bool,
    list_separator: str,
) -> str | None:
    """What is to stand there for a value of ours: None where there is no word for it, and nothing is written.

    `passes`: a value without a translation goes to a property that takes options as it is, and has to fit. Of a list, each
    value is translated where the property takes several.
    """
    if not values or not value:
        return value
    if value in values:
        return str(values[value])
    passes = passes and definition is not None and definition.type in OPTIONS
    if definition is None or definition.type != "choices":
        return value if passes else None
    theirs = [str(values.get(part, part if passes else "")) for part in value.split(list_separator)]
    return list_separator.join(dict.fromkeys(filter(None, theirs))) or ("" if passes else None)


def without_option(
    value: str, values: Mapping[str, str], definition: PropertyDefinition, *, list_separator: str
) -> list[str]:
    """The values in a text of ours that would be no option there: itself, or of a list those for which there is none."""
    allowed = {"", *(option for option, _ in definition.options)}
    parts = value.split(list_separator) if definition.type == "choices" and value not in values else [value]
    return [part for part in parts if part and str(values.get(part, part)) not in allowed]


def _is_number(value: str) -> bool:
    try:
        number = float(value)
    except ValueError:
        return False
    return number - number == 0


def _is_moment(value: str, *, whole_day: bool) -> bool:
    try:
        if whole_day:
            date.fromisoformat(value)
        else:
            datetime.fromisoformat(value)
    except ValueError:
        return value.isdecimal()
    return True
