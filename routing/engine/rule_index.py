"""First match among many rules through bitmaps.

Every rule becomes one or more lines (its condition written as any of alls), and every line is a bit, in
the rules' order. For each field a table gives, per value, the lines whose equality on that field holds or
that do not ask about it; ANDing one bitmap per field leaves the lines that may match, and the lowest bit
is the first. Other comparisons (contains, gt, is, none-groups ...) are predicates shared by the lines that
hold them: each is asked at most once per lead, and only when its line comes first; a no strikes all its
lines out at once. A condition too wide to be written as lines is one predicate. The answer is always that
of the plain evaluator in `conditions`.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product
from typing import Any

from routing.engine.conditions import GROUPS, Condition, Matcher, matcher, operator_of, plain
from routing.engine.operators import SAME, Key, each, key, read
from routing.engine.references import Facts

MOST_LINES = 64
"""A condition that would need more lines than this is kept whole."""
_REMEMBERED = 4096

Line = tuple[Condition, ...]


def lines_of(condition: Condition | None, *, most: int = MOST_LINES) -> list[Line] | None:
    """The condition as any of alls: the leaves (and none-groups, kept whole) of each line. None when there
    would be too many."""
    if not condition:
        return [()]
    if "field" in condition:
        return [(condition,)]
    parts: list[list[Line]] = []
    for group in GROUPS:
        if group not in condition:
            continue
        if group == "none":
            parts.append([({"none": condition["none"]},)])
            continue
        inner = [lines_of(part, most=most) for part in condition[group]]
        known = [lines for lines in inner if lines is not None]
        if len(known) < len(inner):
            return None
        parts.extend(known if group == "all" else [[line for lines in known for line in lines]])
    size = 1
    for part in parts:
        size *= len(part)
        if size > most:
            return None
    return [tuple(leaf for line in choice for leaf in line) for choice in product(*parts)]


class _Field:
    """value -> lines that this field does not rule out."""

    __slots__ = ("_free", "_lines", "_memory", "name")

    def __init__(self, name: str, free: int, lines: dict[Key, int]) -> None:
        self.name, self._free, self._lines = name, free, lines
        self._memory: dict[str, int] = {}

    def lines(self, facts: Facts) -> int:
        value = facts.get(self.name)
        if type(value) is str:
            known = self._memory.get(value)
            if known is None:
                if len(self._memory) >= _REMEMBERED:
                    self._memory.clear()
                known = self._memory[value] = self._look_up(value)
            return known
        return self._look_up(read(facts, self.name))

    def _look_up(self, value: Any) -> int:
        found = self._free
        for item in each(value):
            found |= self._lines.get(key(item), 0)
        return found


class RuleIndex:
    """Compiled once per ruleset from conditions in their order; immutable as far as anyone can see."""

    def __init__(self, conditions: Sequence[Condition | None]) -> None:
        self._rule_of: list[int] = []
        self._predicates: list[list[int]] = []
        self._tests: list[Matcher] = []
        self._strikes: list[int] = []
        seen: dict[str, int] = {}
        same: list[dict[str, list[frozenset[Key]]]] = []
        for rule, condition in enumerate(conditions):
            for line in lines_of(condition) or [(condition or {},)]:
                equalities: dict[str, list[frozenset[Key]]] = {}
                asked: list[int] = []
                for leaf in line:
                    if "field" in leaf and operator_of(leaf) in SAME:
                        equalities.setdefault(leaf["field"], []).append(_keys(leaf))
                    else:
                        asked.append(self._predicate(leaf, seen))
                same.append(equalities)
                self._predicates.append(asked)
                self._rule_of.append(rule)
        for bit, asked in enumerate(self._predicates):
            for number in asked:
                self._strikes[number] |= 1 << bit
        self._strikes = [~lines for lines in self._strikes]
        self._every = (1 << len(self._rule_of)) - 1
        self._fields = self._compile(same)

    def _predicate(self, leaf: Condition, seen: dict[str, int]) -> int:
        name = json.dumps(plain(leaf), sort_keys=True)
        if name not in seen:
            seen[name] = len(self._tests)
            self._tests.append(matcher(leaf))
            self._strikes.append(0)
        return seen[name]

    def _compile(self, same: list[dict[str, list[frozenset[Key]]]]) -> list[_Field]:
        """A field asked twice in one line (all: two equalities, possible for a list of values) becomes
        several tables of the same field, each with one of the questions."""
        tables: dict[tuple[str, int], dict[Key, int]] = {}
        asked: dict[tuple[str, int], int] = {}
        for bit, equalities in enumerate(same):
            for field, questions in equalities.items():
                for place, keys in enumerate(questions):
                    table = tables.setdefault((field, place), {})
                    asked[field, place] = asked.get((field, place), 0) | 1 << bit
                    for value in keys:
                        table[value] = table.get(value, 0) | 1 << bit
        fields = [(name, self._every & ~asked[name, place], table) for (name, place), table in tables.items()]
        fields.sort(key=lambda field: field[1].bit_count())
        return [_Field(*field) for field in fields]

    def first(self, facts: Facts) -> int | None:
        """The index of the first condition that holds, or None."""
        live = self._live(facts)
        answers: dict[int, bool] = {}
        while live:
            bit = (live & -live).bit_length() - 1
            for number in self._predicates[bit]:
                answer = answers.get(number)
                if answer is None:
                    answer = answers[number] = self._tests[number](facts)
                if not answer:
                    live &= self._strikes[number]
                    break
            else:
                return self._rule_of[bit]
        return None

    def every(self, facts: Facts) -> list[int]:
        """The indexes of all conditions that hold, in order."""
        live = self._live(facts)
        answers: dict[int, bool] = {}
        found: list[int] = []
        for bit in _bits(live):
            rule = self._rule_of[bit]
            if found and found[-1] == rule:
                continue
            for number in self._predicates[bit]:
                if number not in answers:
                    answers[number] = self._tests[number](facts)
            if all(answers[number] for number in self._predicates[bit]):
                found.append(rule)
        return found

    def _live(self, facts: Facts) -> int:
        live = self._every
        for field in self._fields:
            live &= field.lines(facts)
            if not live:
                break
        return live


def first_match(tests: Iterable[Callable[[Facts], bool]], facts: Facts) -> int | None:
    """The plain loop: the index's oracle in tests, its baseline in benchmarks."""
    return next((index for index, test in enumerate(tests) if test(facts)), None)


def _keys(leaf: Condition) -> frozenset[Key]:
    wanted = leaf[operator_of(leaf)]
    return frozenset(
        key(value) for value in (wanted if isinstance(wanted, (list, tuple, set, frozenset)) else [wanted])
    )


def _bits(bitmap: int) -> Iterator[int]:
    while bitmap:
        yield (bitmap & -bitmap).bit_length() - 1
        bitmap &= bitmap - 1
