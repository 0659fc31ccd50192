"""What speaks against a line of the mapping, before any lead is sent by it: pure.

What can never arrive is refused. What arrives with some leads and not with others is a warning: those values are left out,
and an exception names them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm_sync.connectors.definitions import PropertyDefinition, PropertyNames
from crm_sync.outbound import combining, crm_fields
from crm_sync.outbound.crm_fields import OWNER, STATUS
from crm_sync.schema import fitting
from intake.canonical import CANONICAL_FIELDS
from intake.models import Lead
from routing.engine.scoring import SEGMENTS

_MOST_NAMED = 6
# What a property of a type takes as it is; texts may be anything, so they may fit and may not.
_TAKES = {
    "number": {"integer", "number"},
    "date": {"date"},
    "datetime": {"datetime"},
    "boolean": {"boolean"},
}
_ANYTHING = frozenset({"text", "phone", "state"})
_IN_WORDS = {"datetime": "a moment", "date": "a day", "boolean": "yes or no", "number": "a number"}


@dataclass(frozen=True, slots=True)
class MappingLine:
    """One mapping as it is typed."""

    canonical: str
    property: str
    values: Mapping[str, str]
    mode: str = "overwrite"
    combine: str = ""
    separator: str = ""
    transform: str = ""
    zone: str = ""
    default: str = ""


@dataclass(frozen=True, slots=True)
class MappingTrouble:
    """`field` is where it stands in the form. What is not `refused` is a warning."""

    field: str
    words: str
    refused: bool = True


@dataclass(frozen=True, slots=True)
class CrmRules:
    """What a CRM says of its properties: `definitions` as they were read last."""

    crm: str
    names: PropertyNames
    definitions: Mapping[str, PropertyDefinition]
    encode: Callable[[Any], str]
    list_separator: str

    def troubles(self, line: MappingLine, *, beside: Sequence[MappingLine] = ()) -> Iterator[MappingTrouble]:
        """In the order in which they matter; the first refusal is enough. `beside`: other lines that fill the property."""
        yield from self._special(line, beside)
        definition = self.definitions.get(line.property)
        if definition is None:
            return
        if definition.archived:
            yield MappingTrouble(
                "property", f"“{line.property}” is there no more: choose another, or make it there again."
            )
        elif definition.read_only:
            yield MappingTrouble(
                "property", f"{self.crm} writes “{line.property}” itself: choose another property."
            )
        elif line.canonical != OWNER:
            yield from self._joined(line, definition) if beside else ()
            yield from self._translations(line, definition)
            yield from self._default(line, definition)
            yield from self._words(line, definition) if definition.options else self._type(line, definition)

    def _special(self, line: MappingLine, beside: Sequence[MappingLine]) -> Iterator[MappingTrouble]:
        if line.property in self.names.filled_by_us:
            yield MappingTrouble(
                "property",
                f"leadops fills “{line.property}” itself, to know its records again: choose another property.",
            )
        elif line.canonical == OWNER and line.property != self.names.owner:
            yield MappingTrouble(
                "property", f"The owner is written to “{self.names.owner}” and to nothing else."
            )
        elif line.property == self.names.owner and line.canonical != OWNER:
            yield MappingTrouble(
                "canonical",
                f"“{line.property}” takes the id of an owner there: only “Owner” is written to it.",
            )

        elif beside and line.property == self.names.email:
            yield MappingTrouble(
                "property", f"“{line.property}” says who somebody is there: one line fills it, and no other."
            )

    def _joined(self, line: MappingLine, definition: PropertyDefinition) -> Iterator[MappingTrouble]:
        if line.combine != combining.JOIN or definition.type == "text":
            return
        if definition.type != "choices":
            takes = "one option" if definition.options else _type_in_words(definition)
            yield MappingTrouble(
                "combine",
                f"“{line.property}” is {takes}, and joined values are a text: choose the first that is not empty.",
            )
        elif line.separator != self.list_separator:
            yield MappingTrouble(
                "combine",
                f"“{line.property}” takes several options, with “{self.list_separator}” between: join by that.",
            )

    def _translations(self, line: MappingLine, definition: PropertyDefinition) -> Iterator[MappingTrouble]:
        wrong = [
            theirs
            for theirs in line.values.values()
            if fitting.misfit(theirs, definition, list_separator=self.list_separator)
        ]
        if not wrong:
            return
        if definition.options:
            said = f"{_named(wrong)} no option of “{line.property}”. It takes {options_in_words(definition)}."
        else:
            said = (
                f"{_named(wrong)} nothing that “{line.property}” takes: it is {_type_in_words(definition)}."
            )
        yield MappingTrouble("values", said)

    def _default(self, line: MappingLine, definition: PropertyDefinition) -> Iterator[MappingTrouble]:
        why = fitting.misfit(line.default, definition, list_separator=self.list_separator)
        if why == "length":
            words = f"“{line.default}” is too long: “{line.property}” takes {definition.length} characters."
        elif definition.options:
            words = f"“{line.default}” is no option of “{line.property}”. It takes {options_in_words(definition)}."
        else:
            words = f"“{line.default}” is nothing that “{line.property}” takes: it is {_type_in_words(definition)}."
        if why:
            yield MappingTrouble("default", words)

    def _words(self, line: MappingLine, definition: PropertyDefinition) -> Iterator[MappingTrouble]:
        """Of fields whose values are known: those that the property has no option for."""
        words = [self.encode(word) for word in known_words(line.canonical)]
        # A status without a translation is not written.
        passing = [] if line.canonical == STATUS and line.values else words
        lacking = [
            word
            for word in passing
            if word not in line.values
            and fitting.misfit(word, definition, list_separator=self.list_separator)
        ]
        if lacking:
            yield MappingTrouble(
                "values",
                f"{_named(lacking)} no option of “{line.property}”: translate ({lacking[0]}=…) "
                f"to {options_in_words(definition)}.",
                refused=len(lacking) == len(words),
            )

    def _type(self, line: MappingLine, definition: PropertyDefinition) -> Iterator[MappingTrouble]:
        takes, kind = _TAKES.get(definition.type), "date" if line.transform else _kind(line.canonical)
        if takes is None or kind in takes or line.values:
            return
        label, what = crm_fields.label(line.canonical), _type_in_words(definition)
        if definition.type == "date" and kind == "datetime":
            yield MappingTrouble(
                "canonical",
                f"“{line.property}” is a day, and {label} a moment: choose {label} among the days of moments.",
            )
        elif kind == "date":
            yield MappingTrouble(
                "canonical",
                f"“{line.property}” is {what}, and a day is none: choose {label} itself, or another property.",
            )
        elif kind in _ANYTHING:
            words = f"{label} can be any text, and “{line.property}” is {what}: what is none is left out."
            yield MappingTrouble("property", words, refused=False)
        else:
            yield MappingTrouble("property", f"{label} is never {what}, as “{line.property}” is.")


def in_words(definition: PropertyDefinition) -> str:
    """ "Industry: one of Machinery, Finance" """
    takes = f"one of {options_in_words(definition)}" if definition.options else _type_in_words(definition)
    return f"{definition.label}: {takes}"


def known_words(canonical: str) -> list[Any]:
    """All values that a field can have; [] where forms and people decide that."""
    if canonical == STATUS:
        return [value for value in Lead.Status.values if value != Lead.Status.SPAM]
    if canonical == "segment":
        return list(SEGMENTS)
    return [True, False] if _kind(canonical) == "boolean" else []


def _kind(canonical: str) -> str:
    known = CANONICAL_FIELDS.get(canonical)
    return known.kind if known else crm_fields.type_of(canonical)


def _type_in_words(definition: PropertyDefinition) -> str:
    return _IN_WORDS.get(definition.type) or (
        "the id of something there" if definition.type == "reference" else "a text"
    )


def options_in_words(definition: PropertyDefinition) -> str:
    """ "hot, warm, COLD", the first of them and the number of the others where there are many."""
    values = [value for value, _ in definition.options]
    more = f" and {len(values) - _MOST_NAMED} more" if len(values) > _MOST_NAMED else ""
    return ", ".join(values[:_MOST_NAMED]) + more


def _named(words: list[str]) -> str:
    named = ", ".join(f"“{word}”" for word in words[:_MOST_NAMED])
    more = f" and {len(words) - _MOST_NAMED} more" if len(words) > _MOST_NAMED else ""
    return f"{named}{more} {'is' if len(words) == 1 else 'are'}"
