"""JSON with placeholders: `{email}` inside a string is filled in, and a string that is nothing else becomes the value as it is.

Nothing is evaluated: a placeholder is a name that stands in a table, or it is refused. Keys are taken as they are written.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from plumbing import nesting
from plumbing.spelling import did_you_mean

LONGEST = 20_000
_NAME = re.compile(r"\{([^{}]+)\}")


class BadTemplate(ValueError):
    """One sentence: why this is no template."""


def read(text: str) -> dict[str, Any]:
    """The template that somebody typed: an object. Raises BadTemplate."""
    if len(text) > LONGEST:
        raise BadTemplate(f"It is longer than {LONGEST:,} characters.")
    try:
        found = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise BadTemplate(f"Line {error.lineno}, column {error.colno}: {_said(error)}") from error
    except RecursionError as error:
        raise BadTemplate(nesting.TOO_DEEP) from error
    check_shape(found, text=text)
    assert isinstance(found, dict)
    return found


def check_shape(template: Any, *, text: str | None = None) -> None:
    """Raises BadTemplate where it is no object, or nested too deep."""
    if not isinstance(template, dict):
        raise BadTemplate("It has to be an object: begin with { and end with }.")
    if nesting.is_too_deep(template, text=json.dumps(template) if text is None else text):
        raise BadTemplate(nesting.TOO_DEEP)


def check_names(template: Any, known: Collection[str], *, also: str = "") -> None:
    """Raises BadTemplate for the first placeholder that is not known. `also`: names that begin so are known too."""
    for name in names(template):
        if name not in known and not (also and name.startswith(also) and name != also):
            raise BadTemplate(f"There is no placeholder {{{name}}}.{did_you_mean(name, known)}")


def names(template: Any) -> list[str]:
    """Placeholders, each once, in their order."""
    return list(dict.fromkeys(_names(template)))


def fill(template: Any, values: Mapping[str, Any]) -> Any:
    """`values` are JSON values by name. One that is missing is nothing: null where it stands alone, no text inside one."""
    match template:
        case dict():
            return {key: fill(value, values) for key, value in template.items()}
        case list():
            return [fill(value, values) for value in template]
        case str():
            if whole := _NAME.fullmatch(template):
                return values.get(whole[1])
            return _NAME.sub(lambda found: _text(values.get(found[1])), template)
    return template


def shown(template: Any) -> str:
    """As people read and write it."""
    return json.dumps(template, indent=2, ensure_ascii=False)


def _names(template: Any) -> Iterator[str]:
    match template:
        case dict():
            for value in template.values():
                yield from _names(value)
        case list():
            for value in template:
                yield from _names(value)
        case str():
            yield from _NAME.findall(template)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise BadTemplate(f"“{key}” stands twice in one object.")
        found[key] = value
    return found


def _no_constant(word: str) -> None:
    raise BadTemplate(f"{word} is no value of JSON.")


def _said(error: json.JSONDecodeError) -> str:
    """What Python says of JSON, for people who write it."""
    at = error.doc[error.pos : error.pos + 1]
    if "delimiter" in error.msg or "double quotes" in error.msg:
        what = f"“{at}” is not expected here" if at.strip() else "something is missing here"
        return f"{what}: {error.msg[0].lower()}{error.msg[1:]}."
    if "Expecting value" in error.msg:
        return (
            f"a value is missing before “{at}”: texts stand in double quotes."
            if at.strip()
            else "a value is missing here."
        )
    return f"{error.msg}."
