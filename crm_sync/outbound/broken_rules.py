"""Rules that an admin of the CRM has made for writing: the leads that break one wait together, and one item says so.

Nothing that we read before tells of such a rule. A refusal is by one where it complains of what we did not send: a value that
does not suit is left out before (`left_out`), and an address that is refused is its lead's own trouble.
`OutboxEntry.rule` says which row waits for which rule.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from crm_sync import exception_kinds, outbox
from crm_sync.connectors.base import Refusal
from crm_sync.models import CrmConnection, OutboxEntry
from crm_sync.outbound.lead_push import Push
from exception_queue.models import ExceptionItem
from exception_queue.queue import Attempt, ExceptionReport, Subject, close_items
from plumbing.counting import counted

SUBJECT = "crm rule"
_LEFT_OUT = "…"
# A shorter value is as good as any word, and says nothing of who somebody is.
_SHORTEST = 3
# One that goes through is no proof that the rule has gone: it may have been corrected. So it brings a few of the others.
_BROUGHT = 2


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """`key` is the same for all leads that break it. `words` are the CRM's, without what people have typed."""

    key: str
    words: str
    properties: tuple[str, ...]


def found(pushes: Iterable[Push], refused: Mapping[UUID, Refusal]) -> dict[UUID, BrokenRule]:
    """The rule that each lead breaks; who breaks none is left out."""
    rules = {push.lead.pk: rule_of(push, refused[push.lead.pk]) for push in pushes}
    return {lead_id: rule for lead_id, rule in rules.items() if rule is not None}


def rule_of(push: Push, said: Refusal) -> BrokenRule | None:
    """None where the CRM complains of a value that we sent, or of no property."""
    if not said.properties or any(push.sending.get(name) for name in said.properties):
        return None
    properties = tuple(sorted(said.properties))
    words = _without_values(said.message, push.sending.values(), names=properties)
    told = "\n".join((*(f"{name} {said.properties[name]}" for name in properties), words.lower()))
    return BrokenRule(blake2b(told.encode(), digest_size=16).hexdigest(), words, properties)


def reports(
    connection: CrmConnection, pushes: Sequence[Push], rules: Mapping[UUID, BrokenRule]
) -> list[ExceptionReport]:
    """What a person should hear of, once the rows are marked: each lead once, and again where somebody waits for the answer."""
    if not rules:
        return []
    by_key = {rule.key: rule for rule in rules.values()}
    waiting = dict(_leads_of(connection.pk, by_key).values_list("rule").annotate(leads=Count("pk")))
    trying = set(_open_items().filter(retried_at__isnull=False).values_list("subject_id", flat=True))
    news = [
        rules[push.lead.pk].key
        for push in pushes
        if push.lead.pk in rules
        and (
            push.entry.rule != rules[push.lead.pk].key or subject_id(connection.pk, push.entry.rule) in trying
        )
    ]
    return [_report(connection, by_key[key], leads=waiting[key]) for key in news if key in waiting]


def arrived(pushes: Collection[Push], *, now: datetime) -> None:
    """These leads have gone through; what waits for the same rule follows, a few at a time."""
    for connection_id, rule in _rules_of(pushes):
        brought = sum(push.entry.rule == rule for push in pushes) * _BROUGHT
        dead = _leads_of(connection_id, [rule]).filter(status=OutboxEntry.Status.DEAD)
        _try_again(dead.order_by("pk").values_list("pk", flat=True)[:brought], now=now)
    forget(pushes, reason="The last lead that it refused has arrived in the CRM.")


def forget(pushes: Collection[Push], *, reason: str) -> None:
    """Close the items of rules for which no lead waits any more."""
    _close(_rules_of(pushes), reason=reason)


def retry(subject_ids: Collection[str], *, by: str, now: datetime) -> Attempt:
    """The retry handler for rules: all leads that wait for them are due again. Raises RetryRefused."""
    wanted = Q(pk__in=())
    for each in subject_ids:
        connection_id, rule = named(each)
        wanted |= Q(connection_id=connection_id, rule=rule)
    rows = OutboxEntry.objects.filter(wanted)
    outbox.try_again(rows, now=now)
    pending = {subject_id(pk, rule) for pk, rule in rows.values_list("connection_id", "rule").distinct()}
    return Attempt(pending=pending)


def replay(connection: CrmConnection, *, now: datetime) -> None:
    """Its mappings may ask for other values now: all that wait for a rule of this CRM are due again."""
    rows = OutboxEntry.objects.filter(connection=connection).exclude(rule="")
    _try_again(rows.values_list("pk", flat=True), now=now)


def look_again(*, now: datetime) -> None:
    """One lead of each rule is tried: nobody tells us when an admin has changed one."""
    dead = OutboxEntry.objects.filter(status=OutboxEntry.Status.DEAD).exclude(rule="")
    first = dead.order_by("connection_id", "rule", "pk").distinct("connection_id", "rule")
    _try_again(first.values_list("pk", flat=True), now=now)
    open_ones = [named(each) for each in _open_items().values_list("subject_id", flat=True)]
    _close(open_ones, reason="No lead waits for it any more.")


def leads_of(item_subject: str) -> QuerySet[OutboxEntry]:
    """The rows that wait for a rule, the oldest first."""
    connection_id, rule = named(item_subject)
    return _leads_of(connection_id, [rule]).order_by("pk")


def subject_id(connection_id: int, rule: str) -> str:
    return f"{connection_id}:{rule}"


def named(subject: str) -> tuple[int, str]:
    """(connection, rule); (0, "") where it names none."""
    connection_id, _, rule = subject.partition(":")
    return (int(connection_id), rule) if connection_id.isdecimal() and rule else (0, "-")


def _try_again(keys: Iterable[int], *, now: datetime) -> None:
    """Rows of these that are given up, where their connection is active. Who is at one asks for it anyway."""
    if found := list(keys):
        rows = OutboxEntry.objects.filter(pk__in=found, connection__active=True)
        outbox.try_again(rows, now=now, skip_locked=True)


def _leads_of(connection_id: int, rules: Collection[str]) -> QuerySet[OutboxEntry]:
    return OutboxEntry.objects.filter(connection_id=connection_id, rule__in=list(rules))


def _rules_of(pushes: Iterable[Push]) -> list[tuple[int, str]]:
    """Those that these leads broke when they were sent last."""
    return sorted({(push.entry.connection_id, push.entry.rule) for push in pushes if push.entry.rule})


def _close(rules: Sequence[tuple[int, str]], *, reason: str) -> None:
    if not rules:
        return
    waiting = OutboxEntry.objects.filter(rule__in=[rule for _, rule in rules]).exclude(rule="")
    still = set(waiting.values_list("connection_id", "rule").distinct())
    ids = sorted(subject_id(*each) for each in rules if each not in still)
    close_items(kind=exception_kinds.RULE_BROKEN, subject_type=SUBJECT, subject_ids=ids, reason=reason)


def _open_items() -> QuerySet[ExceptionItem]:
    items = ExceptionItem.objects.filter(kind=exception_kinds.RULE_BROKEN, subject_type=SUBJECT)
    return items.filter(status__in=ExceptionItem.UNRESOLVED)


def _report(connection: CrmConnection, rule: BrokenRule, *, leads: int) -> ExceptionReport:
    names = ", ".join(rule.properties)
    wait = counted(leads, "lead waits", "leads wait")
    return ExceptionReport(
        kind=exception_kinds.RULE_BROKEN,
        subject=Subject(
            type=SUBJECT, id=subject_id(connection.pk, rule.key), label=f"{connection.crm_name}: {names}"
        ),
        cause=f"{connection.crm_name} says: {rule.words.rstrip('.')}; {wait}.",
        detail={"connection": connection.key, "property": names},
        cause_key=f"{connection.key} rule {rule.key}",
    )


def _without_values(said: str, values: Iterable[str], *, names: Iterable[str]) -> str:
    """As whole words only, the longest first. The names of properties are no values, whoever is called so."""
    texts = sorted({text for text in values if len(text) > _SHORTEST} - set(names), key=len, reverse=True)
    if not texts:
        return said
    return re.sub(rf"(?<!\w)(?:{'|'.join(map(re.escape, texts))})(?!\w)", _LEFT_OUT, said)
