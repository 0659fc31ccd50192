"""Making the database say what a file says.

1. One apply at a time (advisory lock), everything in one transaction. 2. Refuse if somebody changed the
configuration since it last went through a file. 3. Write what differs, row by row, with history; owners who are
switched off let go of everything. 4. Publish: errors in the rules undo everything. 5. Mark what the configuration is now.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from leadops.configuration.diffing import Change, compare
from leadops.configuration.exporting import configuration
from leadops.configuration.leaving import leavers, let_go, lines
from leadops.configuration.marking import changed_since, last_mark, mark
from leadops.configuration.section import Saver
from leadops.configuration.sections import SECTIONS
from leadops.models import ConfigurationMark
from plumbing.locks import lock_keys
from routing.rules import publishing

NOTE = "Configuration as text"
_LOCK = "leadops.configuration"


class ChangedMeanwhile(Exception):
    """Somebody changed the configuration after `marked` (None: it never went through a file); an apply
    might undo it.
    """

    def __init__(self, marked: ConfigurationMark | None, changes: list[Change]) -> None:
        self.marked, self.changes = marked, changes
        super().__init__("The configuration was changed since the last apply or export.")


@dataclass(frozen=True)
class Applied:
    """`published` is whether this apply has published `version`; None where there is nothing to publish yet."""

    changes: list[Change]
    version: int | None
    published: bool
    warnings: list[str]


def apply(sections: Mapping[str, Any], *, by: str, now: datetime, force: bool = False) -> Applied:
    """`sections` is plain data that has been checked. Raises ChangedMeanwhile, publishing.NotPublishable."""
    with transaction.atomic():
        lock_keys([_LOCK])
        before = configuration()
        changes = compare(sections, before)
        if not force:
            _refuse_to_overwrite(sections, before, changes)
        user = User.objects.filter(username=by).first()
        leaving = leavers(sections)
        write(sections, changes, Saver(now=now, user=user))
        let_go(leaving, sections, by=by, user=user, now=now)
        earlier = publishing.current()
        newest = None if publishing.nothing_to_publish() else publishing.publish(by=by, note=NOTE, now=now)
        mark(configuration(), by=by, now=now)
        # What the file itself names and does nothing yet, `not_active_yet` tells.
        told = "sla_policies" in sections
        found = publishing.findings() if newest else []
        warnings = [publishing.said(one) for one in found if not (told and one.not_active_yet)]
        warnings += lines(leaving)
    return Applied(
        changes, newest.version if newest else None, published=newest != earlier, warnings=warnings
    )


def export(*, by: str, now: datetime) -> dict[str, Any]:
    """Everything, as plain data; what it says now counts as seen."""
    with transaction.atomic():
        lock_keys([_LOCK])
        sections = configuration()
        mark(sections, by=by, now=now)
    return sections


def write(sections: Mapping[str, Any], changes: list[Change], saver: Saver) -> None:
    changed = {name: {change.item for change in changes if change.section == name} for name in sections}
    passes: list[Callable[[str], None]] = [
        lambda name: SECTIONS[name].write(sections[name], changed[name], saver),
        lambda name: SECTIONS[name].link(sections[name], changed[name], saver),
    ]
    for each in passes:
        for name in SECTIONS:
            if changed.get(name):
                each(name)


def _refuse_to_overwrite(sections: Mapping[str, Any], before: dict[str, Any], changes: list[Change]) -> None:
    """A change that the file says too is no reason to refuse: nothing of it would be lost."""
    marked = last_mark()
    differing = {change.section for change in changes}
    theirs = changed_since(marked, before)
    if any(change.section in differing or change.section not in sections for change in theirs):
        raise ChangedMeanwhile(marked, theirs)
