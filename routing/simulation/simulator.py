"""What would happen to somebody like this: the stages' own functions over made-up facts. Nothing is locked or written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from intake import aliases
from intake.canonical import CANONICAL_FIELDS
from intake.models import IntakeForm
from intake.values.normalize import normalize_values
from intake.vendors.clean import clean
from routing import facts as routing_facts
from routing.accounts import Accounts
from routing.background import Backgrounds
from routing.engine import decide as engine
from routing.engine.decision import RoutingDecision
from routing.engine.resolve import Resolution
from routing.engine.ruleset import CompiledRuleSet
from routing.engine.scoring import Score
from routing.engine.sla import policy_for
from routing.handover.plan import Ask, By, plan, rotations_of
from routing.models import LeadBackground, Owner, Queue, SlaClock, SlaStep
from routing.response import clocks
from routing.rotations import roster
from routing.rotations.book import open_book
from routing.rules.vocabulary import FACTS

NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Simulated:
    """`owner` or `queue` would have the lead, by the rotation of that name if one picks or holds; `clock` and
    `steps` are unsaved.
    """

    facts: Mapping[str, Any]
    score: Score
    decision: RoutingDecision
    resolution: Resolution
    owner: Owner | None
    queue: Queue | None
    rotation: str | None
    clock: SlaClock | None
    steps: Sequence[SlaStep]

    @property
    def trace(self) -> list[dict[str, Any]]:
        return [*self.decision.trace, *self.resolution.trace]


def facts_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """What rules would see if a form had said this: canonical values normalized, the form's defaults filled in, the rest
    as extras. What routing itself finds out (`segment`, `email_is_free`, ...) can be stated and is then believed.
    """
    values: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    stated: dict[str, Any] = {}
    for name, value in clean(given, []).items():
        if name == "extra" and isinstance(value, dict):
            extra.update(value)
        elif name in CANONICAL_FIELDS:
            values[name] = value
        elif name in FACTS:
            stated[name] = value
        else:
            extra[name.removeprefix("extra.")] = value
    form = IntakeForm.objects.filter(key=str(stated.get("form", ""))).first()
    for name, value in (form.defaults if form else {}).items():
        (values if name in CANONICAL_FIELDS else extra).setdefault(name.removeprefix("extra."), value)
    normalized = normalize_values(values, aliases=aliases.load(), default_region=None)
    return {**routing_facts.of_values(normalized.values, extra=extra, form=form), **stated}


def _stated(facts: Mapping[str, Any]) -> LeadBackground:
    """What the CRM would say, as it was stated: whoever is named as its owner has the record, and the open deal."""
    words = {
        name: str(facts.get(name) or "") for name in ("crm_owner", "account", "account_owner", "account_tier")
    }
    keeps = LeadBackground.Keeps.ALWAYS if words["crm_owner"] else LeadBackground.Keeps.NO
    return LeadBackground(
        **words,
        is_known=bool(words["crm_owner"] or facts.get("crm_lead_status") or facts.get("crm_lifecycle")),
        is_customer=_yes(facts.get("is_customer")),
        deal="An open deal" if _yes(facts.get("open_deal")) else "",
        deal_owner=words["crm_owner"],
        keeps_owner=keeps,
    )


def _yes(value: object) -> bool:
    return str(value).strip().lower() in ("true", "yes", "1")


def simulate(facts: Mapping[str, Any], ruleset: CompiledRuleSet, *, now: datetime) -> Simulated:
    """Decide for a new lead with these facts at this moment: people, absences, caps and turns as they are stored now.

    Raises routing.engine.ruleset.NoFallbackQueue for drafts without one.
    """
    people = roster.load(now=now)
    belongs = Accounts([facts], ruleset.account_match).of(facts)
    name = belongs.account.company if belongs.account else ""
    score = engine.score(facts, ruleset, account=name)
    full = {"score": score.points, "segment": score.segment, **facts}
    told = _stated(facts)
    ownership = Backgrounds.of(people, [told]).ownership(belongs, told)
    decision = engine.decide(full, ruleset, ownership, now=now)
    ask = Ask(lead_id=NOBODY, by=By(source="simulation"), decision=decision, ownership=ownership)
    book = open_book(rotations_of([ask]), people, fallback=ruleset.queue_of_last_resort, lock=False)
    (placement,) = plan([ask], book)
    resolution, to = placement.resolution, placement.to
    assert resolution is not None  # It was asked for.
    owner, queue = (to, None) if isinstance(to, Owner) else (None, to)
    no_clock = ownership.starts_no_clock(str(facts.get("purpose") or ""))
    policy = None if no_clock else policy_for(decision.facts, ruleset)
    clock: SlaClock | None = None
    steps: list[SlaStep] = []
    if policy is not None:
        clock, steps = clocks.draft(
            clocks.Start(
                lead_id=NOBODY,
                policy=policy,
                ruleset_version=ruleset.version,
                counts_from=now,
                assigned_at=now,
                owner=owner,
                queue=queue,
            )
        )
    served = book.rotations.rotations.get(int(resolution.rotation_id)) if resolution.rotation_id else None
    return Simulated(
        facts=decision.facts,
        score=score,
        decision=decision,
        resolution=resolution,
        owner=owner,
        queue=queue,
        rotation=served.name if served else None,
        clock=clock,
        steps=steps,
    )
