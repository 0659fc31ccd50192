"""Drafts become a published ruleset here and nowhere else; the engine reads only what is published.

Published: rules, territories, scoring, stickiness, SLA policies, the fallback queue. Everything else is live.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any

from django.db import transaction

from plumbing.locks import lock_keys
from routing.engine import ruleset as engine
from routing.engine.account_family import USUAL_RULES, AccountRules
from routing.models import Queue, RoutingRule, RoutingSettings, RuleSet, ScoringRule, SlaPolicy, Territory
from routing.rules import ruleset_changes
from routing.rules.draft_findings import Finding, find

Snapshot = dict[str, Any]
_LOCK = "routing.rules.publishing"


class NotPublishable(Exception):
    """The drafts have errors. `findings` is everything found, errors and warnings; the message says the errors."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = list(findings)
        errors = [finding for finding in self.findings if finding.level == "error"]
        super().__init__(" ".join(said(finding) for finding in errors))


class NothingPublished(LookupError):
    """No ruleset has been published yet, so nothing can be decided."""


def publish(*, by: str, note: str = "", now: datetime) -> RuleSet:
    """The drafts become the next version, or stay the newest one if they say the same.
    Raises NotPublishable.
    """
    with transaction.atomic():
        lock_keys([_LOCK])
        found = findings()
        if any(finding.level == "error" for finding in found):
            raise NotPublishable(found)
        snapshot, newest = draft_snapshot(), current()
        checksum = _checksum(snapshot)
        if newest is not None and newest.checksum == checksum:
            return newest
        version = newest.version + 1 if newest else 1
        return RuleSet.objects.create(
            version=version,
            snapshot={**snapshot, "version": version},
            checksum=checksum,
            published_at=now,
            published_by=by,
            note=note,
        )


def said(finding: Finding) -> str:
    """In one line, with the thing that is meant: "Rule “DACH”: ..."."""
    what = {"sla_policy": "SLA policy", "scoring": "scoring rule"}.get(finding.where.kind, finding.where.kind)
    thing = f"{what[:1].upper()}{what[1:]} “{finding.where.name}”: " if finding.where.name else ""
    return f"{thing}{finding.message} {finding.hint}".strip()


def findings() -> list[Finding]:
    """What is wrong (errors) or doubtful (warnings) with the drafts and the live rows that they point to."""
    return find(draft_snapshot())


def unpublished_changes() -> list[str]:
    """What a publication would change, in sentences; empty when there is nothing to publish."""
    newest = current()
    return ruleset_changes.sentences(newest.snapshot if newest else None, draft_snapshot())


def nothing_to_publish() -> bool:
    """True while nothing was ever published and there is no draft of anything."""
    draft = draft_snapshot()
    drafted = draft["rules"] or draft["territories"] or draft["sla_policies"] or draft["fallback_queue"]
    return (
        not drafted
        and not draft["scoring"]["rules"]
        and not draft["scoring"]["disqualify"]
        and current() is None
    )


def current() -> RuleSet | None:
    """The newest published one: the one in force."""
    return RuleSet.objects.order_by("-version").first()


def compiled() -> engine.CompiledRuleSet:
    """The ruleset in force, ready to decide with; one small query to learn which one that is.
    Raises NothingPublished.
    """
    return compiled_with_row()[0]


def compiled_with_row() -> tuple[engine.CompiledRuleSet, RuleSet]:
    """The same with its row, whose snapshot is not loaded."""
    row = RuleSet.objects.defer("snapshot").order_by("-version").first()
    if row is None:
        raise NothingPublished("Nothing has been published yet: open the rules and publish them.")
    return _compiled(row.version, row.checksum), row


def account_rules_in_force() -> AccountRules:
    """How accounts are found, and whose they are; one small query. As usual while nothing is published."""
    try:
        return compiled().account_match
    except NothingPublished:
        return USUAL_RULES


def compiled_version(version: int) -> engine.CompiledRuleSet:
    """An older ruleset, for replaying. Raises RuleSet.DoesNotExist."""
    return _compiled(version, RuleSet.objects.values_list("checksum", flat=True).get(version=version))


def compiled_draft() -> engine.CompiledRuleSet:
    """The drafts, for trying them out. Raises RuleSetError or TerritoryError where they do
    not hold together.
    """
    return engine.CompiledRuleSet.from_json(draft_snapshot())


# Rows are immutable, so a process may keep them; the checksum tells databases apart that count alike.
@lru_cache(maxsize=16)
def _compiled(version: int, checksum: str) -> engine.CompiledRuleSet:
    snapshot = RuleSet.objects.values_list("snapshot", flat=True).get(version=version, checksum=checksum)
    return engine.CompiledRuleSet.from_json(snapshot)


def draft_snapshot() -> Snapshot:
    """The active drafts as a snapshot of `routing.engine`, without a version."""
    settings = RoutingSettings.objects.first() or RoutingSettings()
    fallback = Queue.objects.filter(fallback=True, active=True).first()
    scoring = list(ScoringRule.objects.filter(active=True))
    return {
        "format": engine.FORMAT,
        "rules": [_rule(rule, place) for place, rule in enumerate(_rules(), start=1)],
        "territories": [
            {"id": row.pk, "name": row.name, "parent_id": row.parent_id, "when": row.when}
            for row in Territory.objects.filter(active=True)
        ],
        "scoring": {
            "thresholds": {"hot": settings.hot_from, "warm": settings.warm_from},
            "rules": [
                {"label": row.label, "category": row.category, "points": row.points, "when": row.when}
                for row in scoring
                if row.effect == ScoringRule.Effect.POINTS
            ],
            "disqualify": [
                {"reason": row.label, "when": row.when}
                for row in scoring
                if row.effect == ScoringRule.Effect.DISQUALIFY
            ],
            "caps": settings.category_caps,
        },
        "stickiness": {
            "enabled": settings.sticky,
            "days": settings.sticky_days,
            "when_owner_away": str(settings.sticky_when_away),
        },
        "sla_policies": [
            {
                "id": row.pk,
                "name": row.name,
                "when": row.when,
                "clock": row.clock,
                "first_response": row.first_response,
                "steps": [step.plain() for step in row.steps],
            }
            for row in SlaPolicy.objects.filter(active=True)
        ],
        "fallback_queue": {"id": fallback.pk, "name": fallback.name} if fallback else None,
        **engine.account_match_json(settings.account_steps, str(settings.account_owner_from)),
    }


def _rules() -> Iterable[RoutingRule]:
    return RoutingRule.objects.filter(active=True).select_related(
        "target_rotation", "target_queue", "target_owner"
    )


def _rule(rule: RoutingRule, place: int) -> Snapshot:
    target = {
        RoutingRule.TargetKind.ROTATION: rule.target_rotation,
        RoutingRule.TargetKind.QUEUE: rule.target_queue,
        RoutingRule.TargetKind.OWNER: rule.target_owner,
    }.get(RoutingRule.TargetKind(rule.target_kind))
    return {
        "id": rule.pk,
        "name": rule.name,
        "when": rule.when,
        # Places, not positions: making room between two rules is no change.
        "position": place,
        "active": True,
        "target": {
            "kind": rule.target_kind,
            "id": target.pk if target else "",
            "name": target.name if target else "",
        },
    }


def _checksum(snapshot: Snapshot) -> str:
    return sha256(json.dumps(snapshot, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
