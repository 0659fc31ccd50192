"""Several fields that fill one property, and one field that fills several properties: pure.

| `combine` | what stands there                                                                     |
|-----------|---------------------------------------------------------------------------------------|
| ""        | the value of the line: it has its property for itself                                 |
| join      | every value that is not empty, in the order of the lines, with `separator` between    |
| first     | the first value that is not empty                                                     |

What several fields were made into cannot be taken apart again: it goes there only. Of the properties that a field has for
itself, the first is the one by which a change comes back. The day of a moment does not say the moment, and goes there only too.
"""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from crm_sync.connectors.definitions import PropertyDefinition
from crm_sync.schema import fitting

JOIN, FIRST = "join", "first"


class MappingLike(Protocol):
    """A line of the mapping, stored or as it is typed."""

    @property
    def canonical(self) -> str: ...
    @property
    def combine(self) -> str: ...
    @property
    def separator(self) -> str: ...
    @property
    def transform(self) -> str: ...
    @property
    def property(self) -> str: ...  # The last: it hides the decorator.


SomeLine = TypeVar("SomeLine", bound=MappingLike)


def by_property(lines: Sequence[SomeLine]) -> dict[str, list[SomeLine]]:
    """Active lines in their order."""
    found: dict[str, list[SomeLine]] = {}
    for line in lines:
        found.setdefault(line.property, []).append(line)
    return found


def read_back(lines: Sequence[SomeLine]) -> dict[str, SomeLine]:
    """Our field -> the line by which it comes back."""
    theirs = by_property(lines)
    found: dict[str, SomeLine] = {}
    for line in lines:
        if len(theirs[line.property]) == 1 and not line.transform:
            found.setdefault(line.canonical, line)
    return found


def text_of(lines: Sequence[MappingLike], texts: Sequence[str | None], *, several: bool) -> str | None:
    """What is to stand there for the text of each line; None where none of them has a word for it. `several`: the property
    takes several options, each once."""
    said = [text for text in texts if text is not None]
    if not said:
        return None
    full = [text for text in said if text]
    match lines[-1].combine if len(lines) > 1 else "":
        case "join":
            separator = lines[-1].separator
            parts = [part for text in full for part in text.split(separator)] if several else full
            return separator.join(dict.fromkeys(parts) if several else parts)
        case "first":
            return full[0] if full else ""
    # Of lines that do not say how, as they were once saved, the last one wins.
    return said[-1]


def blamed(
    lines: Sequence[SomeLine],
    texts: Sequence[str | None],
    definition: PropertyDefinition | None,
    *,
    list_separator: str,
) -> list[SomeLine]:
    """The lines because of which the property is left out: whose own value is no option, else the first that says anything."""
    full = [(line, text) for line, text in zip(lines, texts, strict=True) if text]
    if len(full) > 1 and lines[-1].combine == JOIN and definition is not None and definition.options:
        wrong = [
            line for line, text in full if fitting.misfit(text, definition, list_separator=list_separator)
        ]
        if wrong:
            return wrong
    if len(lines) > 1 and not lines[-1].combine:
        full.reverse()
    return [full[0][0] if full else lines[0]]
