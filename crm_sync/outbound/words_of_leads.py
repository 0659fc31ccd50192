"""Which values of real leads a property has no option for."""

from collections import Counter
from collections.abc import Iterator, Sequence

from django.db.models import QuerySet

from crm_sync.connectors.definitions import PropertyDefinition
from crm_sync.outbound import combining
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


def lacking(
    rules: CrmRules, line: MappingLine, leads: QuerySet[Lead], *, lines: Sequence[MappingLine] = ()
) -> Counter[str]:
    """Our value -> how many of the newest of `leads` have it and would be written without it. One query, or none.

    Empty where the property takes no options, and for fields whose words are known without any lead.
    """
    definition = rules.definitions.get(line.property)
    has_options = definition is not None and bool(definition.options)
    return not_fitting(rules, line, leads, lines=lines) if has_options else Counter()


def not_fitting(
    rules: CrmRules, line: MappingLine, leads: QuerySet[Lead], *, lines: Sequence[MappingLine] = ()
) -> Counter[str]:
    """The same of whatever the property takes: options, numbers, so many characters. One query, or none.

    `lines`: all that fill the property, `line` among them, in their order. What they are made into is told of the line that is to
    blame for it.
    """
    lines = lines or [line]
    definition = rules.definitions.get(line.property)
    if (
        definition is None
        or definition.type in _NOT_JUDGED
        or not all(_can_judge(each.canonical) for each in lines)
    ):
        return Counter()
    lacks = Counter[str]()
    for (*ours,), number in Counter(_said(rules, lines, leads)).items():
        texts = [_theirs(rules, each, text, definition) for each, text in zip(lines, ours, strict=True)]
        text = combining.text_of(lines, texts, several=definition.type == "choices")
        if text is not None and not fitting.misfit(text, definition, list_separator=rules.list_separator):
            continue
        blamed = combining.blamed(lines, texts, definition, list_separator=rules.list_separator)
        if any(each is line for each in blamed):
            own = ours[next(place for place, each in enumerate(lines) if each is line)]
            lacks[own if definition.options or text is None else text] += number
    return lacks


def warning(
    rules: CrmRules, line: MappingLine, leads: QuerySet[Lead], *, lines: Sequence[MappingLine] = ()
) -> str:
    """In words, the most frequent first; "" where every value fits."""
    lacks = lacking(rules, line, leads, lines=lines).most_common()
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


def _theirs(rules: CrmRules, line: MappingLine, ours: str, definition: PropertyDefinition) -> str | None:
    return fitting.translated(
        ours,
        line.values,
        definition,
        passes=line.canonical != STATUS,
        list_separator=rules.list_separator,
    )


def _said(rules: CrmRules, lines: Sequence[MappingLine], leads: QuerySet[Lead]) -> Iterator[tuple[str, ...]]:
    """The text of each line, lead by lead."""
    kept = [_kept_in(line.canonical) for line in lines]
    newest = leads.order_by("-created_at", "-pk").values(*dict.fromkeys(column for column, _ in kept))
    for row in newest[:LOOKED_AT]:
        yield tuple(rules.encode(row[column].get(key) if key else row[column]) for column, key in kept)


def _kept_in(canonical: str) -> tuple[str, str]:
    """The column of a lead, and the key in it, "" where it is the value itself."""
    if canonical in _COLUMNS:
        return canonical, ""
    return ("extra" if canonical.startswith(_EXTRA) else "attribution"), canonical.removeprefix(_EXTRA)
