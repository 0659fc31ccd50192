"""Where a lead can be sent, in the file's words: account_owner, rotation:<name>,
queue:<name>, owner:<e-mail>.
"""

from dataclasses import dataclass
from typing import Any

from leadops.configuration.schema import Kind, Notes, Path, listed
from plumbing.spelling import did_you_mean

SECTIONS = {"rotation": "rotations", "queue": "queues", "owner": "owners"}


@dataclass(frozen=True)
class Target(Kind):
    """`alone` are words that stand by themselves, `named` those that a name follows."""

    alone: tuple[str, ...]
    named: tuple[str, ...]

    def check(self, value: Any, at: Path, notes: Notes) -> Any:
        word, colon, name = str(value).partition(":")
        word, name = word.strip(), name.strip()
        if word in self.alone and not colon:
            return word
        if word not in self.named or not name:
            known = [
                *self.alone,
                *(f"{named}:<{'e-mail' if named == 'owner' else 'name'}>" for named in self.named),
            ]
            hint = did_you_mean(word, [*self.alone, *self.named])
            notes.problem(at, f"“{value}” is not known here: use {listed(known)}.{hint}")
            return value
        name = name.lower() if word == "owner" else name
        notes.refers(at, SECTIONS[word], name)
        return f"{word}:{name}"
