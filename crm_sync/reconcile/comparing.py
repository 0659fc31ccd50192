"""One lead against its record, by the very plan that writes it: pure.

| what stands there                                           | kind      |
|-------------------------------------------------------------|-----------|
| nothing                                                     | deleted   |
| another lead's record, into which it was merged             | merged    |
| what we wrote last, though ours is another by now           | behind    |
| another owner than we wrote last                            | owner     |
| something else than we wrote last                           | changed   |
| a second record with one of the lead's addresses            | duplicate |

What stood there before the record was ours and was left (`CrmLink.kept`) is no difference, and neither is a value that says the
same in other words: a number with other decimals, a moment in another zone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from crm_sync.connectors.base import Present
from crm_sync.models import CrmDifference, CrmLink
from crm_sync.outbound import crm_fields, payload
from crm_sync.outbound.lead_push import Push
from crm_sync.outbound.payload import Plan

Kind = CrmDifference.Kind


@dataclass(frozen=True, slots=True)
class DifferenceLine:
    """`here` and `there` are for people: as the CRM writes values, an owner as their address. `stands` is what is there."""

    property: str
    label: str
    here: str
    there: str
    stands: str


@dataclass(frozen=True, slots=True)
class FoundDifference:
    kind: Kind
    remote_id: str
    lines: Sequence[DifferenceLine] = field(default_factory=tuple)


def compare(
    push: Push, plan: Plan, present: Present | None, *, people: Mapping[str, str], is_waiting: bool
) -> list[FoundDifference]:
    """Nothing where all is equal. `people`: addresses of owners by their id there. `is_waiting`: it is on its way already."""
    link = push.link
    assert link is not None
    if link.gone_at is not None or present is None:
        if link.left_gone:
            return []
        merged = link.gone_how == CrmLink.Gone.MERGED
        return [FoundDifference(Kind.MERGED if merged else Kind.DELETED, link.remote_id)]
    if is_waiting:
        return []
    push.present = present
    payload.fill(push, plan)
    labels = {
        name: " + ".join(crm_fields.label(one.canonical) for one in lines)
        for name, lines in plan.lines.items()
    }
    there = present.properties
    # What goes there only, and is not ours to change back.
    left_there = {name for name in plan.lines if plan.goes_there_only(name) and not plan.is_ours(name)}
    found: dict[Kind, list[DifferenceLine]] = {}
    for name, label in labels.items():
        if name in present.lacks:
            continue
        stands, known = there.get(name) or "", link.sent.get(name, "")
        ours = push.sending.get(name, known)
        if same(stands, ours) or (name in link.kept and same(stands, link.kept[name])):
            continue
        if name not in link.sent and name not in push.sending:
            continue  # Never ours to write.
        if same(ours, known) and name in left_there:
            continue
        is_owner = name == plan.names.owner
        kind = Kind.OWNER if is_owner else Kind.CHANGED
        if same(stands, known):
            kind = Kind.BEHIND
        here, shown = (people.get(each, each) if is_owner else each for each in (ours, stands))
        found.setdefault(kind, []).append(DifferenceLine(name, label, here, shown, stands))
    return [FoundDifference(kind, link.remote_id, lines) for kind, lines in found.items()]


def same(one: str, other: str) -> bool:
    """Whether two texts of the CRM say the same."""
    if one == other:
        return True
    if not one or not other:
        return False
    number = _number(one)
    if number is not None:
        return number == _number(other)
    moment = _moment(one)
    return moment is not None and moment == _moment(other)


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _moment(text: str) -> datetime | None:
    """To the millisecond, which is what CRMs keep."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
