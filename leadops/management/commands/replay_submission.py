"""Decides a submission again from what is stored, and says whether the answer is the same (I9)."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from intake.models import Submission
from routing.models import Decision
from routing.simulation import replaying
from routing.simulation.replaying import Replayed

_LONGEST = 200


class Command(BaseCommand):
    help = (
        "Decide a submission again from its stored facts, ruleset version and rotation state. Writes nothing. "
        "Exit status 1 if the answer differs."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("submission", type=_uuid, metavar="UUID")
        parser.add_argument("--json", action="store_true", help="one JSON document, with the whole trace")

    def handle(self, *args: Any, submission: UUID, **options: Any) -> None:
        found = Submission.objects.filter(pk=submission).select_related("form").first()
        if found is None:
            raise CommandError(f"There is no submission {submission}.")
        rows = Decision.objects.filter(submission=found).select_related("ruleset").order_by("at", "pk")
        replayed = [replaying.replay(row) for row in rows]
        if not replayed:
            why = f": {found.reason}" if found.reason else "."
            raise CommandError(f"Nothing was decided for it; it is {found.get_status_display().lower()}{why}")
        if options["json"]:
            self.stdout.write(json.dumps([_as_json(one) for one in replayed], indent=2, default=str))
        else:
            for one in replayed:
                self._show(one)
        if not all(one.same for one in replayed):
            sys.exit(1)

    def _show(self, one: Replayed) -> None:
        row = one.decision
        assigned = row.outcome["assigned"]
        answer = self.style.SUCCESS("same") if one.same else self.style.ERROR("differs")
        self.stdout.write(
            f"{answer}  {row.at:%Y-%m-%d %H:%M:%S} UTC, rules version {row.ruleset.version}: "
            f"{assigned['name']} ({row.outcome['reason']})"
        )
        for difference in one.differences:
            self.stdout.write(f"  {difference.what}")
            self.stdout.write(f"    stored    {_short(difference.stored)}")
            self.stdout.write(f"    replayed  {_short(difference.replayed)}")
        for line in _trace_lines(one.trace):
            self.stdout.write(f"  {line}")
        if one.changed_since:
            self.stdout.write(f"  Changed since: {', '.join(one.changed_since)}.")


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise CommandError(f"“{text}” is not the id of a submission.") from None


def _trace_lines(trace: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for row in trace:
        yield f"{'+' if row['ok'] else '-'} {row['asked']} {row['answer']}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _as_json(one: Replayed) -> dict[str, Any]:
    return {
        "decision": one.decision.pk,
        "at": one.decision.at.isoformat(),
        "ruleset": one.decision.ruleset.version,
        "same": one.same,
        "differences": [
            {"what": each.what, "stored": each.stored, "replayed": each.replayed} for each in one.differences
        ],
        "outcome": {**one.outcome, "assigned": one.decision.outcome["assigned"]},
        "trace": one.trace,
        "row_versions": one.decision.row_versions,
        "changed_since": one.changed_since,
    }
