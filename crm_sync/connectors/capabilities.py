"""What a kind of connection can do besides being written to, and what it tells instead of keeping records: in words that no CRM
owns. What a kind cannot do, nobody asks of it, and no page offers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Capabilities:
    """`reads`: records can be read back, found, listed and compared. Where they cannot, what events say is all that is known of
    them.

    `properties`: it says which properties there are. `owners`: it has owners of its own; where it has none, an owner is their
    e-mail address. `tasks`: it keeps follow-up tasks.
    """

    reads: bool = True
    properties: bool = True
    owners: bool = True
    tasks: bool = True


@dataclass(frozen=True, slots=True)
class MessageKind:
    """Something that is told of a lead, where nothing is kept there.

    `fields`: ours whose change it is; none for a lead that is told of for the first time, which cannot be switched off.
    `only_filled`: that one of them is emptied is no change. `needs`: ours that are told along with it, whatever its body says.
    `adds`: placeholders of its own, each with what it is. `body`: the usual one, in the form of `plumbing.json_templates`.
    """

    name: str
    label: str
    body: Mapping[str, Any]
    fields: Sequence[str] = ()
    only_filled: bool = False
    needs: Sequence[str] = ()
    adds: Mapping[str, str] = field(default_factory=dict)

    @property
    def always(self) -> bool:
        return not self.fields
