"""Which values of real leads a property has no option for."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from crm_sync.outbound.crm_fields import STATUS
from crm_sync.outbound.mapping_rules import CrmRules, MappingLine, known_words, options_in_words
from crm_sync.schema import fitting
from intake.canonical import CANONICAL_FIELDS
from intake.models import Lead
from plumbing.counting import counted

# The newest leads: enough to see what forms send, and few enough to be read while somebody waits.
LOOKED_AT = 1000
_NAMED = 6
_COLUMNS = frozenset(field.name for field in Lead._meta.concrete_fields).intersection(CANONICAL_FIELDS)
_EXTRA = "extra."
# What leads say in their own way, and what is written there in another: the push itself judges these.
_NOT_JUDGED = frozenset({"date", "datetime", "reference"})


def lacking(rules: CrmRules, line: MappingLine, leads: QuerySet[Lead]) -> Counter[str]:
    """Our value -> how many of the newest of `leads` have it and would be written without it. One query, or none.

    Empty where the property takes no options, and for fields whose words are known without any lead.
    """
    definition = rules.definitions.get(line.property)
    return not_fitting(rules, line, leads) if definition is not None and definition.options else Counter()


def not_fitting(rules: CrmRules, line: MappingLine, leads: QuerySet[Lead]) -> Counter[str]:
    """The same of whatever the property takes: options, numbers, so many characters. One query, or none."""
    definition = rules.definitions.get(line.property)
    if definition is None or not _can_judge(line.canonical) or definition.type in _NOT_JUDGED:
        return Counter()
    found = Counter(rules.encode(value) for value in _values(line.canonical, leads))
    lacks = Counter[str]()
    for ours, number in found.items():
        theirs = fitting.translated(
            ours,
            line.values,
            definition,
            passes=line.canonical != STATUS,
            list_separator=rules.list_separator,
        )
        if theirs is None or fitting.misfit(theirs, definition, list_separator=rules.list_separator):
            lacks[ours] = number
    return lacks


def warning(rules: CrmRules, line: MappingLine, leads: QuerySet[Lead]) -> str:
    """In words, the most frequent first; "" where every value fits."""
    lacks = lacking(rules, line, leads).most_common()
    if not lacks:
        return ""
    named = ", ".join(f"“{ours}” ({counted(number, 'lead')})" for ours, number in lacks[:_NAMED])
    more = f" and {counted(len(lacks) - _NAMED, 'other', 'others')}" if len(lacks) > _NAMED else ""
    options = options_in_words(rules.definitions[line.property])
    return (
        f"{named}{more} of the newest {LOOKED_AT:,} leads: no option of “{line.property}”. "
        f"Translate ({lacks[0][0]}=…) to {options}; what has no translation is left out."
    )


def _can_judge(canonical: str) -> bool:
    """Whether the values are what forms and people say, and stand with the lead."""
    if known_words(canonical):
        return False
    return canonical in _COLUMNS or canonical in CANONICAL_FIELDS or canonical.startswith(_EXTRA)


def _values(canonical: str, leads: QuerySet[Lead]) -> Iterable[Any]:
    newest = leads.order_by("-created_at", "-pk")
    if canonical in _COLUMNS:
        return newest.values_list(canonical, flat=True)[:LOOKED_AT]
    kept = "extra" if canonical.startswith(_EXTRA) else "attribution"
    name = canonical.removeprefix(_EXTRA)
    return [each.get(name) for each in newest.values_list(kept, flat=True)[:LOOKED_AT]]
