"""What a CRM, as it was read last, has against the leads that are still to go there: mappings, owners, required properties.

Only rows are read. A finding names how many leads it would hit; whoever watches opens an item for it, and a publication shows it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import and_

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from crm_sync.models import CrmConnection, CrmLink, FieldMapping, OwnerLink
from crm_sync.outbound import combining, crm_fields, words_of_leads
from crm_sync.outbound.crm_fields import OWNER
from crm_sync.outbound.mapping_rules import CrmRules, MappingLine
from exception_queue.queue import Subject
from intake.lead_changes import VALUE_COLUMNS
from intake.models import Lead
from plumbing.counting import counted
from routing.handover.deactivation import open_leads
from routing.models import NamedAccount, Owner, Queue, RotationMember, RoutingRule

MAPPING, OWNER_THERE, PROPERTY, RIGHT = "mapping", "owner there", "property", "right"
# What came lately tells how many leads a day would be refused.
LATELY = timedelta(days=7)
# Characters of a value that are shown.
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Drift:
    """`words` say what is the matter, `hit` how many leads it is about. `subject` is a mapping by its key; an owner as
    "connection address", a property or a right as "connection name". `is_key`: it is the property that our key stands in."""

    subject: Subject
    words: str
    hit: str
    property_name: str = ""
    is_key: bool = False

    @property
    def cause(self) -> str:
        return f"{self.words} {self.hit}"


def of_mappings(
    connection: CrmConnection, rules: CrmRules, mappings: Iterable[FieldMapping]
) -> Iterator[Drift]:
    """What can never arrive, and what leads there have and could not be written again."""
    if not rules.definitions:
        return
    leads = _there(connection)
    for found in combining.by_property(list(mappings)).values():
        lines = [_line_of(each) for each in found]
        told = set[tuple[str, str]]()
        for mapping, line in zip(found, lines, strict=True):
            drift = _of_line(mapping, line, lines, rules, leads)
            if drift is None:
                continue
            # What is wrong with the property is told once.
            said = (drift.words.removeprefix(crm_fields.label(mapping.canonical)), drift.hit)
            if said not in told:
                told.add(said)
                yield drift


def _line_of(mapping: FieldMapping) -> MappingLine:
    return MappingLine(
        mapping.canonical,
        mapping.property,
        mapping.values,
        mode=mapping.mode,
        combine=mapping.combine,
        separator=mapping.separator,
        transform=mapping.transform,
        zone=mapping.zone,
        default=mapping.default,
    )


def _of_line(
    mapping: FieldMapping,
    line: MappingLine,
    lines: Sequence[MappingLine],
    rules: CrmRules,
    leads: QuerySet[Lead],
) -> Drift | None:
    label = crm_fields.label(mapping.canonical)
    subject = Subject(MAPPING, str(mapping.pk), f"{label} → {mapping.property}")
    fields = [each.canonical for each in lines]
    if words := next(_speaks_against(rules, line, lines), ""):
        hit = f"{counted(_with_value(leads, fields), 'lead has', 'leads have')} a value for it."
        return Drift(subject, f"{label}: {words}", hit, mapping.property)
    if lacking := words_of_leads.not_fitting(rules, line, leads, lines=lines):
        words = f"{label}: “{mapping.property}” does not take every value that leads have."
        return Drift(subject, words, _hit_by(lacking), mapping.property)
    if lacks := _without(rules, lines, leads):
        words = f"{label}: {rules.crm} requires “{mapping.property}” now."
        hit = f"{counted(lacks, 'lead there has', 'leads there have')} no value for it; a new one without is refused."
        return Drift(subject, words, hit, mapping.property)
    return None


def of_key(connection: CrmConnection, rules: CrmRules) -> Iterator[Drift]:
    """The property by which our records are known again, where somebody there has to make it."""
    key, definition = rules.names.key, rules.definitions.get(rules.names.key)
    if not rules.definitions or rules.names.is_ours(key):
        return
    if definition is None or definition.archived:
        words = f"{rules.crm} has no property “{key}”, by which our records are known again.{_also(rules)}"
    elif not definition.unique:
        words = f"“{key}”, by which our records are known again in {rules.crm}, is not unique there."
    else:
        return
    hit = "No lead can be written there until that is mended."
    yield Drift(Subject(PROPERTY, f"{connection.key} {key}", key), words, hit, key, is_key=True)


def of_required(
    connection: CrmConnection, rules: CrmRules, mappings: Iterable[FieldMapping], *, now: datetime
) -> Iterator[Drift]:
    """Properties that each new record must have and that no line fills."""
    filled = {mapping.property for mapping in mappings}
    missing = [
        each
        for name, each in sorted(rules.definitions.items())
        if each.required
        and not each.archived
        and not each.read_only
        and name not in filled
        and not rules.names.is_ours(name)
    ]
    if not missing:
        return
    lately = _there(connection).filter(created_at__gte=now - LATELY).count()
    hit = f"It refuses every new lead without it: {counted(lately, 'lead')} of the last seven days would have been."
    for each in missing:
        subject = Subject(PROPERTY, f"{connection.key} {each.name}", each.label)
        words = f"{rules.crm} requires “{each.name}” ({each.label}) now, and no mapping fills it."
        yield Drift(subject, words, hit, each.name)


def of_owners(connection: CrmConnection, crm: str, mappings: Iterable[FieldMapping]) -> Iterator[Drift]:
    """People who get leads here and could not be shown as their owner there. Three queries."""
    if connection.owners_read_at is None or not any(each.canonical == OWNER for each in mappings):
        return
    there: dict[str, list[OwnerLink]] = defaultdict(list)
    for link in OwnerLink.objects.filter(connection=connection).order_by("remote_id"):
        there[link.email.lower()].append(link)
    if all(link.archived for links in there.values() for link in links):
        return  # A list that could not be read, and not a company without people.
    said = {
        owner: words
        for owner in _who_get_leads()
        if (words := _of_owner(owner, there.get(owner.email.lower(), []), crm=crm))
    }
    have = _leads_of(said) if said else Counter[int]()
    for owner, words in said.items():
        email = owner.email.lower()
        open_ones = counted(have[owner.pk], "open lead")
        hit = f"{owner.name} has {open_ones}."
        yield Drift(Subject(OWNER_THERE, f"{connection.key} {email}", owner.name), words, hit)


def queues_that_show_nobody() -> list[str]:
    """By name: nobody owns their leads in any CRM."""
    rows = Queue.objects.filter(active=True, holding_queue=False, crm_owner=None)
    return list(rows.values_list("name", flat=True))


def _of_owner(owner: Owner, links: list[OwnerLink], *, crm: str) -> str:
    name, email = owner.name, owner.email.lower()
    active = [link for link in links if not link.archived]
    without = f"Leads of {name} stand there without an owner."
    if not links:
        return f"Nobody in {crm} has the address {email}. {without}"
    if not active:
        return (
            f"{name} is archived in {crm}, and gets leads all the same, as another connection says. {without}"
        )
    if len(active) > 1:
        ids = ", ".join(link.remote_id for link in active)
        first = f"Leads of {name} are shown to {active[0].remote_id}."
        return f"{len(active)} owners in {crm} have the address {email}: {ids}. {first}"
    return ""


def _who_get_leads() -> QuerySet[Owner]:
    """Owners who have open leads, or whom a rotation, a rule, an account or a queue names."""
    me = OuterRef("pk")
    ways = (
        Exists(open_leads().filter(Q(owner=me) | Q(queue__crm_owner=me)))
        | Exists(RotationMember.objects.filter(owner=me, active=True, rotation__active=True))
        | Exists(RoutingRule.objects.filter(target_owner=me, active=True))
        | Exists(NamedAccount.objects.filter(owner=me, active=True))
    )
    return Owner.objects.filter(ways, active=True, unavailable_since=None).order_by("email")


def _leads_of(people: Iterable[Owner]) -> Counter[int]:
    rows = open_leads().annotate(shown_to=Coalesce("owner", "queue__crm_owner"))
    found = rows.filter(shown_to__in=[each.pk for each in people]).order_by().values_list("shown_to")
    return Counter(dict(found.annotate(n=Count("pk"))))


def _there(connection: CrmConnection) -> QuerySet[Lead]:
    return Lead.objects.filter(pk__in=CrmLink.objects.filter(connection=connection).values("lead"))


def _speaks_against(rules: CrmRules, line: MappingLine, lines: Sequence[MappingLine]) -> Iterator[str]:
    name, definition = line.property, rules.definitions.get(line.property)
    if definition is None and not rules.names.is_ours(name):
        yield f"{rules.crm} has no property “{name}” any more.{_renamed(rules, name)}{_also(rules)}"
    for trouble in rules.troubles(line, beside=[each for each in lines if each is not line]):
        if trouble.refused:
            gone = definition is not None and definition.archived
            yield f"{trouble.words}{_renamed(rules, name) + _also(rules) if gone else ''}"


def _also(rules: CrmRules) -> str:
    return f" {rules.names.gone}" if rules.names.gone else ""


def _renamed(rules: CrmRules, name: str) -> str:
    """One that is called the same by people was probably made in its place."""
    was = rules.definitions.get(name)
    if was is None or not was.label:
        return ""
    others = [
        each.name
        for each in rules.definitions.values()
        if each.name != name and not each.archived and each.label.casefold() == was.label.casefold()
    ]
    return f" “{others[0]}” is called “{was.label}” too: it may have taken its place." if others else ""


def _hit_by(lacking: Counter[str]) -> str:
    most = lacking.most_common(1)[0][0]
    shown = most if len(most) <= _SHOWN else f"{most[: _SHOWN - 1]}…"
    leads = counted(lacking.total(), "lead there has one", "leads there have one")
    return f"{leads}, like “{shown}”: the next time they would be written without."


def _with_value(leads: QuerySet[Lead], fields: Sequence[str]) -> int:
    """Leads with one of them. Of what is no column of a lead, all."""
    if not set(VALUE_COLUMNS).issuperset(fields):
        return leads.count()
    return leads.exclude(_all_empty(fields)).count()


def _without(rules: CrmRules, lines: Sequence[MappingLine], leads: QuerySet[Lead]) -> int:
    fields = [each.canonical for each in lines]
    definition = rules.definitions.get(lines[0].property)
    if definition is None or not definition.required or not set(VALUE_COLUMNS).issuperset(fields):
        return 0
    return leads.filter(_all_empty(fields)).count()


def _all_empty(fields: Sequence[str]) -> Q:
    return reduce(and_, map(_empty, fields))


def _empty(canonical: str) -> Q:
    column = Lead._meta.get_field(canonical)
    return Q(**{canonical: None if column.null else ""})
