"""First match through the bitmap index against plain Python loops over the same rules and leads, in one
run.

The median time per lead in microseconds (each lead timed on its own, passes over all leads in
turn), at 10 and at 10,000 rules, for leads that match somewhere and leads that match nothing. "sets" is
the baseline: a loop written by hand for exactly these rules, `value in set` per field, without any of the
engine's ways to compare; "engine loop" asks the engine's own prepared conditions one after the other.
Before anything is timed, all three must agree on every lead.
"""

import random
import statistics
import time
from collections.abc import Callable
from typing import Any

from benchmarks.figures import Figure
from routing.engine.conditions import matcher
from routing.engine.rule_index import RuleIndex, first_match

Lead = dict[str, Any]
Rule = dict[str, Any]
COUNTRIES = [f"C{n}" for n in range(60)]
INDUSTRIES = [f"industry {n}" for n in range(40)]
PRODUCTS = ["crm", "analytics", "support", "billing"]
SEGMENTS = ["hot", "warm", "cold"]
SIZES = [50, 200, 500, 1000]
LEADS = 300


def rules(count: int, chance: random.Random) -> list[Rule]:
    """A few equalities each, every fifth with a number to compare: territories by industries by products
    by segments."""
    made = []
    for number in range(count):
        parts: list[dict[str, Any]] = [
            {"field": "country", "in": chance.sample(COUNTRIES, 3)},
            {"field": "industry", "in": chance.sample(INDUSTRIES, 2)},
            {"field": "product_interest", "in": [chance.choice(PRODUCTS)]},
            {"field": "segment", "in": chance.sample(SEGMENTS, 2)},
        ]
        if number % 5 == 0:
            parts.append({"field": "employee_count", "gte": chance.choice(SIZES)})
        made.append({"all": parts})
    return made


def lead_for(rule: Rule, chance: random.Random, *, known: bool) -> Lead:
    """A lead that the rule matches, or, not known, one that differs from every rule in its segment."""
    lead: Lead = {"territory": ["North America"], "employee_count": chance.randrange(1000, 2000)}
    for part in rule["all"]:
        if "in" in part:
            lead[part["field"]] = chance.choice(part["in"])
    return lead if known else {**lead, "segment": "disqualified"}


def by_hand(made: list[Rule]) -> Callable[[Lead], int | None]:
    sets = [
        (
            [(p["field"], frozenset(p["in"])) for p in rule["all"] if "in" in p],
            [p["gte"] for p in rule["all"] if "gte" in p],
        )
        for rule in made
    ]

    def first(lead: Lead) -> int | None:
        for number, (equal, least) in enumerate(sets):
            for field, wanted in equal:
                if lead[field] not in wanted:
                    break
            else:
                if not least or lead["employee_count"] >= least[0]:
                    return number
        return None

    return first


def median_us(ask: Callable[[Lead], int | None], some: list[Lead], *, passes: int) -> float:
    taken = []
    for _ in range(passes):
        for lead in some:
            start = time.perf_counter_ns()
            ask(lead)
            taken.append(time.perf_counter_ns() - start)
    return statistics.median(taken) / 1e3


def measure(*, quick: bool) -> list[Figure]:
    chance = random.Random(7)
    figures: list[Figure] = []
    for count in (10, 10_000):
        made = rules(count, chance)
        start = time.perf_counter()
        index = RuleIndex(made)
        compiled = (time.perf_counter() - start) * 1e3
        prepared, sets = [matcher(rule) for rule in made], by_hand(made)
        for name, known in (("a lead that matches", True), ("a lead that matches nothing", False)):
            some = [lead_for(chance.choice(made), chance, known=known) for _ in range(50 if quick else LEADS)]
            for lead in some:
                assert index.first(lead) == first_match(prepared, lead) == sets(lead)
            slow = 20 if count == 10 else 1
            ours = median_us(index.first, some, passes=20)
            for loop, ask in (
                ("sets", sets),
                ("engine loop", lambda lead, prepared=prepared: first_match(prepared, lead)),
            ):
                theirs = median_us(ask, some, passes=slow)
                what = f"{count:,} rules, {name} (baseline: {loop})"
                figures.append(Figure(what, ours, "µs", theirs, ours / theirs))
        figures.append(Figure(f"{count:,} rules compiled", compiled, "ms"))
    return figures
