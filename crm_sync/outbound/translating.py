"""Values that are no option of their property, translated from where they are told: the leads that lack them follow at once."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count

from crm_sync import exception_kinds as kinds
from crm_sync.connectors import connector_class
from crm_sync.connectors.definitions import PropertyDefinition
from crm_sync.models import FieldMapping, LeftOutValue
from crm_sync.outbound import left_out
from crm_sync.schema import fitting, reading
from exception_queue import queue
from exception_queue.models import ExceptionItem

# A longer one is kept in part only, and could not be found again.
_KEPT = LeftOutValue._meta.get_field("ours").max_length or 0
_NAMED = 3


@dataclass(frozen=True, slots=True)
class NoOption:
    """One value of ours, and how many leads are without it there. `now` is its translation, None where it has none; `guess` the
    option that is called the same."""

    ours: str
    leads: int
    now: str | None
    guess: str


@dataclass(frozen=True, slots=True)
class Translation:
    """`theirs` is an option, "" for leaving it empty; `was` what stood there when somebody decided, None for nothing."""

    theirs: str
    was: str | None


@dataclass(frozen=True, slots=True)
class Translated:
    """`elsewise`: what somebody else has translated in another way meanwhile, and stands as they said."""

    done: Mapping[str, str]
    elsewise: Mapping[str, str]


def definition_of(mapping: FieldMapping) -> PropertyDefinition | None:
    """The property that a line fills, where it takes options and can be written. One query."""
    found = reading.known(mapping.connection_id, [mapping.property]).get(mapping.property)
    usable = found is not None and bool(found.options) and not found.archived and not found.read_only
    return found if usable else None


def without_option(mapping: FieldMapping, definition: PropertyDefinition) -> list[NoOption]:
    """What leads lack there because it is no option, the most frequent first. One query."""
    rows = LeftOutValue.objects.filter(mapping=mapping, property=mapping.property).exclude(ours="")
    connector = connector_class(mapping.connection.kind)
    separator = connector.list_separator if connector else ";"
    found = Counter[str]()
    for ours, leads in rows.values_list("ours").annotate(leads=Count("pk")):
        if len(ours) < _KEPT:
            lacking = fitting.without_option(ours, mapping.values, definition, list_separator=separator)
            found.update(dict.fromkeys(lacking, leads))
    by_name = {name.casefold(): value for value, label in definition.options for name in (label, value)}
    return [
        NoOption(ours, leads, mapping.values.get(ours), by_name.get(ours.strip().casefold(), ""))
        for ours, leads in sorted(found.items(), key=lambda each: (-each[1], each[0]))
    ]


def translate(mapping_id: int, wanted: Mapping[str, Translation], *, by: str, now: datetime) -> Translated:
    """Write it into the line, beside what stands there, and have the leads pushed again by the retry of their item.

    One transaction, under the lock of the line. What somebody else has decided since is left.
    """
    with transaction.atomic():
        mapping = FieldMapping.objects.select_for_update(no_key=True).get(pk=mapping_id)
        stands: Mapping[str, str] = mapping.values
        elsewise = {
            ours: str(stands.get(ours, ""))
            for ours, each in wanted.items()
            if stands.get(ours) not in (each.was, each.theirs)
        }
        done = {ours: each.theirs for ours, each in wanted.items() if ours not in elsewise}
        if done:
            mapping.values = {**stands, **done}
            mapping.save(update_fields=["values"])
            _try_again(mapping, note=in_words(done), by=by, now=now)
    return Translated(done, elsewise)


def in_words(done: Mapping[str, str]) -> str:
    """ "Maschinenbau" is written as "MACHINERY"."""
    said = [
        f"“{ours}” is written as “{theirs}”" if theirs else f"“{ours}” is left empty"
        for ours, theirs in list(done.items())[:_NAMED]
    ]
    more = f" and {len(done) - _NAMED} more" if len(done) > _NAMED else ""
    return f"{', '.join(said)}{more}."


def _try_again(mapping: FieldMapping, *, note: str, by: str, now: datetime) -> None:
    items = ExceptionItem.objects.filter(
        kind=kinds.VALUE_LEFT_OUT,
        subject_type=left_out.SUBJECT,
        subject_id=str(mapping.pk),
        status__in=ExceptionItem.UNRESOLVED,
    )
    if items:
        queue.retry(items, by=by, note=note, now=now)
    else:
        left_out.retry([str(mapping.pk)], by=by, now=now)
