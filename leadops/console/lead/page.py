"""Everything that the page of one lead shows: what happened to this person, and who has it."""

from datetime import datetime
from typing import Any

from django.db.models import Q
from django.urls import reverse

from crm_sync.models import CrmConnection
from crm_sync.outbound import tries
from exception_queue.models import ExceptionItem
from intake import bodies
from intake.models import Lead, LeadIdentity, Submission, TimelineEntry
from leadops import lead_view
from leadops.console.lead import facts, story, why
from leadops.console.lead.rows import due_of, place_of, segment_look
from plumbing import access
from plumbing.admin_kit.moments import seconds_in_words
from routing import lead_state
from routing.models import Assignment, LeadBackground, OwnerNotice, SlaClock

MOST_STORY = 200
MOST_SUBMISSIONS = 20
_ARRIVED = ("crm_sync.created", "crm_sync.adopted")


def context(lead: Lead, *, user: Any, now: datetime) -> dict[str, Any]:
    """The template's context; about twenty queries, whatever the lead has been through."""
    view = lead_view.of_leads([lead.pk])[lead.pk]
    entries = list(TimelineEntry.objects.filter(lead=lead).order_by("-at", "-pk")[:MOST_STORY])[::-1]
    submissions = list(
        Submission.objects.filter(lead=lead)
        .select_related("form")
        .order_by("-received_at")[:MOST_SUBMISSIONS]
    )
    consents = list(lead.consents.order_by("-at"))
    names = {row.key: row.crm_name for row in CrmConnection.objects.all()}
    told = LeadBackground.objects.filter(lead=lead).first()
    return {
        "lead": lead,
        "place": place_of(lead),
        "owner": view.assignment.owner if view.assignment else None,
        "queue": view.assignment.queue if view.assignment else None,
        "assignment": view.assignment,
        "stands_in_for": view.assignment.sticky_owner
        if view.assignment and view.assignment.stands_in(lead.contacted_at)
        else None,
        "score": view.score,
        "segment": segment_look(view.score.segment) if view.score else None,
        "due": due_of(view.clock, now=now),
        "clock": view.clock,
        "crm": view.crm,
        "tries": tries.of_lead(lead.pk),
        "arrival": _arrival(lead, submissions, entries, names),
        "open_exceptions": (items := _exceptions(lead, submissions)),
        "comparable": _comparable(items, user),
        "sections": facts.of_lead(
            lead, consents, told, crm=names.get(told.source, told.source) if told else ""
        ),
        "story": story.tell(
            entries, connections=names, opens_submissions=user.has_perm("intake.view_submission")
        ),
        "story_is_cut": len(entries) == MOST_STORY,
        "why": why.explain(lead_state.last_decision(lead.pk), view.assignment),
        "score_reasons": why.score_reasons(view.score),
        "ownership": _ownership(lead),
        "clocks": list(
            SlaClock.objects.filter(lead=lead)
            .select_related("breached_owner")
            .prefetch_related("steps")
            .order_by("-started_at")
        ),
        "notices": list(
            OwnerNotice.objects.filter(lead=lead).select_related("owner", "team").order_by("-created_at")
        ),
        **_duplicates(lead, user),
        "identities": list(
            LeadIdentity.objects.filter(lead=lead)
            .exclude(kind=LeadIdentity.Kind.REVIEW_BLOCK)
            .order_by("kind", "value")
        ),
        "submissions": [
            {"row": row, "body": row.removal or bodies.shown(bytes(row.body), row.content_type)}
            for row in submissions
        ],
        "consents": consents,
    }


def _arrival(
    lead: Lead, submissions: list[Submission], entries: list[TimelineEntry], names: dict[str, str]
) -> dict[str, Any] | None:
    """When the lead first came in, and how long it took into the first CRM."""
    if not submissions:
        return None
    first = submissions[-1].received_at
    arrived = next((entry for entry in entries if entry.verb in _ARRIVED and entry.at >= first), None)
    if arrived is None:
        return {"at": first, "crm": "", "took": ""}
    took = seconds_in_words((arrived.at - first).total_seconds())
    return {"at": first, "crm": names.get(str(arrived.data.get("connection")), "the CRM"), "took": took}


def _exceptions(lead: Lead, submissions: list[Submission]) -> list[ExceptionItem]:
    """What is open about this lead, its submissions or its notices, the worst first."""
    about = Q(subject_type="lead", subject_id=str(lead.pk))
    about |= Q(subject_type="submission", subject_id__in=[str(row.pk) for row in submissions])
    notices = OwnerNotice.objects.filter(lead=lead, status=OwnerNotice.Status.FAILED).values_list(
        "pk", flat=True
    )
    about |= Q(subject_type="notice", subject_id__in=[str(pk) for pk in notices])
    found = ExceptionItem.objects.filter(about, status__in=ExceptionItem.UNRESOLVED)
    return sorted(found, key=lambda item: item.described_kind.rank)


def _comparable(items: list[ExceptionItem], user: Any) -> set[int]:
    """Which of the items are about two leads that this viewer may both see. A query where there are such items."""
    named = ((item.pk, item.detail.get("lead"), item.detail.get("candidate")) for item in items)
    pairs = {pk: {one, other} for pk, one, other in named if one and other}
    if not pairs:
        return set()
    rows = access.rows_for(user, Lead.objects.filter(pk__in=set().union(*pairs.values())))
    theirs = {str(pk) for pk in rows.values_list("pk", flat=True)}
    return {pk for pk, pair in pairs.items() if pair <= theirs}


def _ownership(lead: Lead) -> list[dict[str, Any]]:
    """Every owner this lead had, newest first, with how long each had it."""
    rows = list(
        Assignment.history.filter(lead_id=lead.pk)
        .select_related("owner", "queue", "turn", "turn__rotation", "sticky_owner")
        .order_by("-history_date", "-history_id")
    )
    ends = [None, *(row.history_date for row in rows[:-1])]
    return [
        {
            "row": row,
            "assigned_to": row.owner or row.queue,
            "is_queue": row.owner_id is None,
            "held": seconds_in_words((end - row.history_date).total_seconds()) if end else "",
        }
        for row, end in zip(rows, ends, strict=True)
    ]


def _duplicates(lead: Lead, user: Any) -> dict[str, Any]:
    """Leads that could be the same person, seen from both sides; of other people's leads only how many there are."""
    alike = Lead.objects.filter(Q(possible_duplicate_of=lead) | Q(pk=lead.possible_duplicate_of_id))
    found = list(access.rows_for(user, alike).order_by("-created_at"))
    views = lead_view.of_leads([other.pk for other in found]) if found else {}
    rows = [
        {
            "lead": other,
            "place": place_of(other),
            "assigned_to": views[other.pk].assignment,
            "url": reverse("admin:intake_lead_change", args=(other.pk,)),
            "compare": reverse("admin:intake_lead_compare", args=(lead.pk, other.pk)),
        }
        for other in found
    ]
    return {"duplicates": rows, "others_duplicates": alike.count() - len(found)}
