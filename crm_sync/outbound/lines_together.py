"""What speaks against the lines of a connection taken together, whatever its CRM says of the properties: pure.

Two lines that fill one property say how; and of what comes back from the CRM it is clear to which field.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import available_timezones

from crm_sync.connection_settings import Ownership, SystemOfRecord
from crm_sync.models import FieldMapping
from crm_sync.outbound import combining, crm_fields
from crm_sync.outbound.mapping_rules import MappingLine, MappingTrouble
from crm_sync.outbound.payload import SHARED

Mode = FieldMapping.Mode


@dataclass(frozen=True, slots=True)
class WhoDecides:
    """About the fields of a connection: as its columns have it."""

    system_of_record: SystemOfRecord
    ownership: Ownership

    def comes_back(self, canonical: str) -> bool:
        """Whether what is changed there is taken over here."""
        own = self.ownership.of(canonical)
        system = own.system or self.system_of_record.of(canonical)
        is_theirs = own.direction == "from_crm" or (own.direction == "both" and system != "leadops")
        return canonical in SHARED and is_theirs

    def is_read_only(self, canonical: str) -> bool:
        """Whether nothing of ours is ever written there."""
        return canonical in SHARED and self.ownership.of(canonical).direction == "from_crm"


def troubles(lines: Sequence[MappingLine], who: WhoDecides) -> Iterator[tuple[MappingLine, MappingTrouble]]:
    """Of active lines, in their order."""
    back = combining.read_back(lines)
    theirs = combining.by_property(lines)
    for line in lines:
        beside = [each for each in theirs[line.property] if each is not line]
        yield from ((line, each) for each in _of_line(line, beside, back, who))


def _of_line(
    line: MappingLine, beside: Sequence[MappingLine], back: Mapping[str, MappingLine], who: WhoDecides
) -> Iterator[MappingTrouble]:
    label = crm_fields.label(line.canonical)
    if beside:
        yield from _of_several(line, beside)
    if line.separator and line.combine != combining.JOIN:
        yield MappingTrouble("separator", "It stands between joined values only: take it out, or join.")
    yield from _of_transform(line, label)
    yield from _of_default(line)
    if who.is_read_only(line.canonical) and back.get(line.canonical) is not line:
        yield MappingTrouble(
            "canonical",
            f"{label} comes only from there to here (“Who decides”), so this line would write nothing: take it out, or let "
            f"{label} go there.",
        )
    elif beside and line.combine and line.canonical not in back and who.comes_back(line.canonical):
        yield MappingTrouble(
            "canonical",
            f"What is changed in “{line.property}” there cannot be taken apart into {label} again: say under “Who decides” "
            f"that {label} goes only from here to there, or give it a property of its own too.",
        )


def _of_several(line: MappingLine, beside: Sequence[MappingLine]) -> Iterator[MappingTrouble]:
    first = beside[0]
    other, name = crm_fields.label(first.canonical), line.property
    if not line.combine:
        yield MappingTrouble(
            "property",
            f"“{other}” is written to “{name}” already. Choose another property, or say on each line how they go together.",
        )
    elif any(each.combine and _way(each) != _way(line) for each in beside):
        yield MappingTrouble(
            "combine", f"“{other}” goes into “{name}” in another way: choose the same on each of its lines."
        )
    elif any(each.mode != line.mode for each in beside):
        yield MappingTrouble(
            "mode", f"“{other}” is written to “{name}” in another mode: choose the same on each of its lines."
        )
    elif line.combine == combining.JOIN and line.mode == Mode.APPEND:
        yield MappingTrouble(
            "mode",
            "Joined values cannot be added to what is there: when one of them changes, what was joined before would stay.",
        )


def _way(line: MappingLine) -> tuple[str, str]:
    return line.combine, line.separator


def _of_default(line: MappingLine) -> Iterator[MappingTrouble]:
    if not line.default:
        return
    if line.canonical in (crm_fields.OWNER, "email"):
        words = "Nothing stands in for an owner or an address: take it out."
        yield MappingTrouble("default", words)
    elif line.mode == Mode.APPEND:
        yield MappingTrouble(
            "default", "It would be added beside what is there: take it out, or choose another mode."
        )


def _of_transform(line: MappingLine, label: str) -> Iterator[MappingTrouble]:
    if line.transform and not crm_fields.is_moment(line.canonical):
        yield MappingTrouble("transform", f"{label} is no moment, and has no day: leave it as it is.")
    elif line.zone and not line.transform:
        yield MappingTrouble("zone", "A zone says which day a moment is: take it out, or write the day.")
    elif line.zone and line.zone not in available_timezones():
        yield MappingTrouble("zone", f"“{line.zone}” is no time zone: write one like Europe/Berlin.")
