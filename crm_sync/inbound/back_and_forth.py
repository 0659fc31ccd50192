"""Automations of two CRMs that undo each other through us: each change of the one is taken over here and written into the other.

It is one when an automation here sets what it has set before within a day, and one of another connection has changed the same
field since. What people change never counts.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from crm_sync.models import CrmLink, FieldMapping
from crm_sync.outbound.lines import lines_of

WINDOW = timedelta(days=1)


def of_automations(link: CrmLink, name: str, since: datetime) -> Iterator[Mapping[str, Any]]:
    """What automations have changed about a property of this record since then, the earliest first."""
    for each in link.trail:
        if (
            each["property"] == name
            and each["by"] == "automation"
            and datetime.fromisoformat(each["at"]) > since
        ):
            yield each


def with_another(link: CrmLink, mapping: FieldMapping, value: str, *, now: datetime) -> CrmLink | None:
    """The lead's record in the other connection, None where it is nothing of the kind. Queries only for a value that an
    automation here has set before."""
    before = [
        each["at"] for each in of_automations(link, mapping.property, now - WINDOW) if each["value"] == value
    ]
    if not before:
        return None
    others = CrmLink.objects.filter(lead=link.lead_id, connection__active=True, gone_at=None)
    for other in others.exclude(pk=link.pk).select_related("connection").order_by("pk"):
        names = [line.property for line in lines_of(other.connection) if line.canonical == mapping.canonical]
        since = datetime.fromisoformat(before[-1])
        if any(any(of_automations(other, name, since)) for name in names):
            return other
    return None
