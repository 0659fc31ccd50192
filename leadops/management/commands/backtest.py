"""Tries rules on what has come in before."""

import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from intake.models import Lead
from plumbing.whole_numbers import whole_number
from routing.engine.ruleset import CompiledRuleSet, RuleSetError
from routing.engine.territories import TerritoryError
from routing.models import RuleSet
from routing.rules.publishing import NothingPublished
from routing.simulation import backtesting
from routing.simulation.backtesting import Compared

_EXAMPLES = 3
_SAY_EVERY = 2.0
"""Seconds."""
_CHUNK = 500

Way = tuple[str, str]


class Command(BaseCommand):
    help = (
        "Decide past submissions again by the drafts (or another version) and show which would go elsewhere. "
        "Writes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--since",
            type=_moment,
            metavar="DATE",
            help="2026-11-01 or 2026-11-01T09:00+01:00; UTC if it says nothing",
        )
        parser.add_argument(
            "--ruleset",
            default=backtesting.DRAFT,
            metavar="WHICH",
            help="draft (default), published, or a version",
        )
        parser.add_argument("--limit", type=_count, metavar="N", help="the newest N decisions only")

    def handle(
        self, *args: Any, since: datetime | None, ruleset: str, limit: int | None, **others: Any
    ) -> None:
        rules = _rules(ruleset)
        rows = backtesting.past(since=since, limit=limit)
        total = rows.count()
        moved: Counter[Way] = Counter()
        examples: dict[Way, list[Compared]] = {}
        segments = 0
        for one in self._notified(backtesting.compare(rows.iterator(chunk_size=_CHUNK), rules), total):
            segments += one.segment_before != one.segment_after
            if one.elsewhere:
                way = (_named(one.before.kind, one.before.name), _named(one.after.kind, one.after.name))
                moved[way] += 1
                if len(examples.setdefault(way, [])) < _EXAMPLES:
                    examples[way].append(one)
        said = f"the rules of version {ruleset}" if ruleset.isdecimal() else f"the {ruleset} rules"
        gone = moved.total()
        share = f" ({gone / total:.1%})" if gone else ""
        self.stdout.write(
            f"{total:,} decisions by {said}: {gone:,} would go elsewhere{share}, "
            f"{segments:,} would be in another segment."
        )
        self._table(moved, examples)

    def _notified(self, compared: Iterator[Compared], total: int) -> Iterator[Compared]:
        """Say how far it is, once it takes long."""
        said = time.monotonic()
        for number, one in enumerate(compared, start=1):
            if time.monotonic() - said > _SAY_EVERY:
                said = time.monotonic()
                self.stderr.write(f"{number:,} of {total:,}")
            yield one

    def _table(self, moved: Counter[Way], examples: dict[Way, list[Compared]]) -> None:
        if not moved:
            return
        leads = Lead.objects.in_bulk({one.lead_id for listed in examples.values() for one in listed})
        head = ("From", "To", "Decisions")
        lines = [(*way, f"{count:,}") for way, count in moved.most_common()]
        first, second = (max(len(line[column]) for line in (head, *lines)) for column in (0, 1))
        self.stdout.write("")
        self.stdout.write(f"{head[0]:<{first}}  {head[1]:<{second}}  {head[2]}")
        for before, after, count in lines:
            self.stdout.write(f"{before:<{first}}  {after:<{second}}  {count:>{len(head[2])}}")
        self.stdout.write("")
        for (before, after), listed in _in_order(moved, examples):
            self.stdout.write(f"{before} -> {after}, for example")
            for one in listed:
                lead = leads.get(one.lead_id)
                self.stdout.write(f"  {lead}: {one.why_before} -> {one.why_after}")
                self.stdout.write(
                    f"    {settings.LEADOPS_PUBLIC_URL}/admin/intake/lead/{one.lead_id}/change/"
                )


def _in_order(
    moved: Counter[Way], examples: dict[Way, list[Compared]]
) -> Iterable[tuple[Way, list[Compared]]]:
    return [(way, examples[way]) for way, _ in moved.most_common()]


def _rules(name: str) -> CompiledRuleSet:
    try:
        rules = backtesting.ruleset_named(name)
    except RuleSet.DoesNotExist:
        raise CommandError(f"There is no version {name} of the rules.") from None
    except (RuleSetError, TerritoryError) as error:
        raise CommandError(f"The {name} rules do not hold together: {error}") from error
    except NothingPublished as error:
        raise CommandError(str(error)) from error
    except ValueError:
        raise CommandError(
            f"--ruleset is draft, published or the number of a version, not “{name}”."
        ) from None
    if rules.fallback_queue is None:
        raise CommandError(f"The {name} rules name no fallback queue: mark one queue as the fallback.")
    return rules


def _named(kind: str, name: str) -> str:
    return f"{kind} {name}"


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"--since takes a date like 2026-11-01, not “{text}”.") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _count(text: str) -> int:
    if not (number := whole_number(text)):
        raise CommandError(f"--limit takes a number from 1, not “{text}”.")
    return number
