"""From the text of a file to plain data that is known to be right, or everything that is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leadops.configuration.reading import Document, UnreadableFile, read
from leadops.configuration.schema import ConfigError, NameOf, Notes, listed
from leadops.configuration.sections import SECTIONS
from plumbing.spelling import did_you_mean


@dataclass(frozen=True)
class Checked:
    """`sections` in plain form, by name, in the order in which they are written."""

    sections: Mapping[str, Any]
    document: Document


def check(text: str) -> Checked:
    """Reads the database for the names that the file may refer to. Raises UnreadableFile."""
    document = read(text)
    notes, found = Notes(), dict[str, Any]()
    for name in document.sections:
        if name not in SECTIONS:
            hint = did_you_mean(name, SECTIONS) or f" Known are {listed(SECTIONS)}."
            notes.problem((name,), f"There is no section of this name.{hint}")
    for name, section in SECTIONS.items():
        if name not in document.sections:
            continue
        if document.sections[name] is None:
            notes.problem((name,), "This is empty: leave the section out, or write what it holds.")
            continue
        found[name] = section.shape.check(document.sections[name], (name,), notes)
    complaints = document.complain([*notes.problems, *_dangling(notes, document.sections)])
    if complaints:
        raise UnreadableFile(complaints)
    return Checked(found, document)


def _dangling(notes: Notes, sections: Mapping[str, Any]) -> list[ConfigError]:
    """References that lead nowhere. A section that the file has must hold the item itself: else it is switched off."""
    known = {
        name: _named_in_file(sections[name], name)
        if name in sections
        else set(SECTIONS[name].items(SECTIONS[name].read()))
        for name in {reference.section for reference in notes.references}
    }
    return [
        ConfigError(
            reference.at,
            f"“{reference.name}” is not one of the {reference.section.replace('_', ' ')}"
            f"{' of this file' if reference.section in sections else ''}."
            f"{did_you_mean(reference.name, known[reference.section])}",
        )
        for reference in notes.references
        if not _is_known(reference, known[reference.section])
    ]


def _is_known(reference: NameOf, known: set[str]) -> bool:
    if reference.any_case:
        return reference.name.casefold() in {name.casefold() for name in known}
    return reference.name in known


def _named_in_file(items: Any, section: str) -> set[str]:
    """Also names of items that have something else wrong: one mistake is one complaint."""
    key = {"owners": "email", "named_accounts": "company"}.get(section, "name")
    if not isinstance(items, list):
        return set()
    names = {str(item[key]).strip() for item in items if isinstance(item, Mapping) and key in item}
    return {name.lower() for name in names} if section == "owners" else names
