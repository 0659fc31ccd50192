"""Stage deduplicate: find or create the lead. The same person is the same lead, also when two workers see them at once (I4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from exception_queue.queue import ExceptionReport
from intake import lead_values, test_addresses
from intake.batch import Batch, LeadWork, Work
from intake.exception_kinds import AMBIGUOUS_DUPLICATE, KEYS_CONFLICT
from intake.lead_changes import write_consents, write_identities, write_leads
from intake.lead_draft import LeadDraft
from intake.matching.judging import judge
from intake.matching.keys import block_keys, keys_of
from intake.models import ConsentRecord, Lead, LeadIdentity, Submission, TimelineEntry
from intake.outcomes import Stop
from intake.pipeline import TRANSACTION, stage
from intake.subjects import lead_subject
from intake.timeline import record
from plumbing.locks import lock_keys

# Review blocks can hold many leads (one surname at one company); comparing with more tells nobody anything.
MOST_COMPARED = 20


@dataclass(frozen=True, slots=True)
class Key:
    """An identity or a review block, as LeadIdentity stores both."""

    kind: str
    value: str
    exclusive: bool


class _Known:
    """Leads by identity: those in the database plus those that this batch has made up to now."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self.leads: dict[UUID, Lead] = {}
        self.by_key: dict[tuple[str, str], list[tuple[UUID, bool]]] = {}
        wanted = {(key.kind, key.value) for key in keys}
        rows = LeadIdentity.objects.filter(
            kind__in={kind for kind, _ in wanted}, value__in={value for _, value in wanted}
        ).values_list("kind", "value", "lead_id", "exclusive")
        for kind, value, lead_id, exclusive in rows:
            if (kind, value) in wanted:
                self.by_key.setdefault((kind, value), []).append((lead_id, exclusive))
        ids = {lead_id for listed in self.by_key.values() for lead_id, _ in listed}
        if ids:
            # In id order: everybody locks leads like this (lock order).
            rows_locked = Lead.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
            self.leads = {lead.pk: lead for lead in rows_locked}

    def holders(self, key: Key, *, exclusive: bool | None = None) -> list[Lead]:
        listed = self.by_key.get((key.kind, key.value), [])
        return [
            self.leads[lead_id]
            for lead_id, is_exclusive in listed
            if lead_id in self.leads and (exclusive is None or is_exclusive == exclusive)
        ]

    def add(self, lead: Lead, keys: Iterable[Key]) -> list[Key]:
        """Remember a lead's keys; returns those it did not have."""
        self.leads[lead.pk] = lead
        new = []
        for key in keys:
            listed = self.by_key.setdefault((key.kind, key.value), [])
            if all(lead_id != lead.pk for lead_id, _ in listed):
                listed.append((lead.pk, key.exclusive))
                new.append(key)
        return new


@stage(needs=("normalize", TRANSACTION))
def deduplicate(batch: Batch) -> None:
    """Find or create the Lead; an ambiguous one is created, linked to the candidate, and reviewed afterwards."""
    works = batch.going()
    keys = {id(work): _keys(work) for work in works}
    blocks = {id(work): _blocks(work) for work in works}
    everything = [key for work in works for key in (*keys[id(work)], *blocks[id(work)])]
    lock_keys(f"{key.kind}:{key.value}" for key in everything)
    known = _Known(everything)
    drafts: dict[UUID, LeadDraft] = {}
    found: dict[Work, LeadWork] = {}
    for work in sorted(works, key=lambda work: (work.submission.received_at, str(work.submission.pk))):
        own, block = keys[id(work)], blocks[id(work)]
        match = _find(batch, work, known, own, block)
        if match.lead is None and work.meeting not in ("", Submission.Meeting.MOVED):
            said = Submission.Meeting(work.meeting).label
            work.outcome = Stop("rejected", f"{said}, and nobody here is known by it: kept, never routed.")
            continue
        if match.lead is None:
            # A lead that exists stays what it is: whoever comes back from a test address may be somebody all the same.
            draft = lead_values.new_lead(work, is_test=bool(_test_address(batch, work)), now=batch.now)
            draft.change(possible_duplicate_of=match.candidate)
            before = None
        else:
            draft = drafts.get(match.lead.pk) or LeadDraft(match.lead, is_new=False)
            before = draft.before()
            keep = _settle_conflicts(batch, work, known, match.lead, own)
            lead_values.touch(draft, work, now=batch.now, keep=keep)
        if draft.lead.pk not in drafts:
            drafts[draft.lead.pk] = draft
            batch.leave(write_leads, draft)
        for key in known.add(draft.lead, _holdable(known, draft.lead, [*own, *block])):
            identity = LeadIdentity(lead=draft.lead, kind=key.kind, value=key.value, exclusive=key.exclusive)
            batch.leave(write_identities, identity)
        found[work] = LeadWork.of(
            work, draft=draft, before=before, candidate=match.candidate, duplicate_reasons=match.reasons
        )
        _leave_story(batch, found[work])
    batch.identify(found)


def _test_address(batch: Batch, work: Work) -> str:
    """The test address that covers this person's; "" for none."""
    return batch.once(test_addresses.load).matching(str(work.values.get("email") or ""))


def _blocks(work: Work) -> list[Key]:
    return [Key(LeadIdentity.Kind.REVIEW_BLOCK, value, False) for value in block_keys(work.values)]


def _keys(work: Work) -> list[Key]:
    return [Key(key.kind, key.value, key.exclusive) for key in keys_of(work.values)]


@dataclass(frozen=True, slots=True)
class _Match:
    """The lead that this person certainly is, or else one that it could be (`candidate`), and why."""

    lead: Lead | None = None
    candidate: Lead | None = None
    reasons: tuple[str, ...] = ()


def _find(batch: Batch, work: Work, known: _Known, own: list[Key], block: list[Key]) -> _Match:
    certain = [lead for key in own if key.exclusive for lead in known.holders(key, exclusive=True)]
    if certain:
        return _Match(certain[0])
    seen: dict[UUID, Lead] = {}
    for key in (*own, *block):
        for holder in known.holders(key)[:MOST_COMPARED]:
            seen.setdefault(holder.pk, holder)
    review = _Match()
    for other in sorted(seen.values(), key=lambda lead: (lead.created_at or batch.now, str(lead.pk))):
        verdict = judge(work.values, lead_values.values_of(other))
        if verdict.outcome == "same":
            return _Match(other)
        if verdict.outcome == "review" and review.candidate is None:
            review = _Match(candidate=other, reasons=verdict.reasons)
    return review


def _settle_conflicts(batch: Batch, work: Work, known: _Known, lead: Lead, own: list[Key]) -> tuple[str, ...]:
    """Keys of this submission that are another lead's: the strongest key has won, and somebody looks at the two.

    Returns what the lead keeps. A phone can be shared, so the other lead's is no mistake, but it replaces none that
    this lead has: it could be the way to reach somebody else. Asked once, since the lead is known by both keys then.
    """
    kept: tuple[str, ...] = ()
    for key in own:
        is_phone = key.kind == LeadIdentity.Kind.PHONE
        if not (is_phone or key.exclusive):
            continue
        holders = known.holders(key, exclusive=None if is_phone else True)
        others = [other for other in holders if other.pk != lead.pk]
        if others and len(others) == len(holders):
            named = f"The {LeadIdentity.Kind(key.kind).label.lower()} {key.value}"
            _report(batch, work, KEYS_CONFLICT, lead, others[0], reasons=[f"{named} is that of {others[0]}."])
        if others and is_phone and lead.phone not in ("", key.value):
            kept = ("phone",)
            message = f"{key.value} is the phone of {others[0]} too, so this lead keeps its own."
            work.notes.append({"field": "phone", "code": "kept", "message": message, "raw": None})
    return kept


def _holdable(known: _Known, lead: Lead, keys: list[Key]) -> list[Key]:
    """Exclusive keys that another lead holds stay there: at most one lead has an exclusive key."""
    return [
        key
        for key in keys
        if not key.exclusive or all(holder.pk == lead.pk for holder in known.holders(key, exclusive=True))
    ]


def _leave_story(batch: Batch, work: LeadWork) -> None:
    submission, lead = work.submission, work.lead
    batch.leave(
        record,
        TimelineEntry(
            lead=lead,
            at=submission.received_at,
            verb="intake.submitted" if work.is_new else "intake.returned",
            actor=work.form.name,
            source="form",
            data={
                "submission": str(submission.pk),
                "form": work.form.key,
                "utm": {name: value for name, value in work.values.items() if name.startswith("utm_")},
                "notes": [note for note in work.notes if note["code"] != "enriched"],
                "enriched": [note["field"] for note in work.notes if note["code"] == "enriched"],
                "changes": lead_values.translations(work),
                "meeting": "" if work.is_new else work.meeting,
                "unchecked": work.unchecked,
                "test_address": _test_address(batch, work) if work.is_new else "",
                "cleared_by": submission.cleared_by,
            },
        ),
    )
    for kind in ("marketing_consent", "privacy_consent"):
        if kind in work.values:
            consent = ConsentRecord(
                lead=lead,
                submission=submission,
                kind=kind.removesuffix("_consent"),
                granted=bool(work.values[kind]),
                policy_version=str(work.values.get("privacy_policy_version", "")),
                at=submission.received_at,
                ip=submission.ip,
                source=work.form.key,
            )
            batch.leave(write_consents, consent)
    if work.is_new and work.candidate is not None:
        reasons = list(work.duplicate_reasons)
        _report(batch, work, AMBIGUOUS_DUPLICATE, lead, work.candidate, reasons=reasons)


def _report(batch: Batch, work: Work, kind: str, lead: Lead, other: Lead, *, reasons: list[str]) -> None:
    causes = {
        AMBIGUOUS_DUPLICATE: "Could be the same person",
        KEYS_CONFLICT: "E-mail of one lead, phone or second address of another",
    }
    batch.report(
        ExceptionReport(
            kind=kind,
            subject=lead_subject(lead, label=f"{lead} / {other}"),
            cause=causes[kind],
            detail={
                "lead": str(lead.pk),
                "candidate": str(other.pk),
                "reasons": reasons,
                "submission": str(work.submission.pk),
            },
        )
    )
