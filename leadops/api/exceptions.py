"""/api/v1/exceptions: what needs a person, and what that person does about it."""

from collections.abc import Sequence
from typing import Any

import django_filters
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from exception_queue import queue
from exception_queue.kinds import SEVERITIES
from exception_queue.models import ExceptionItem, ExceptionNote, load_pages
from leadops.api.documents import AnyObject, Field, problems, shape
from leadops.api.pages import NewestExceptions
from leadops.api.problems import ApiProblem
from leadops.api.staff import StaffView, actor

SUBJECT = shape(
    "ExceptionSubject",
    {
        "type": serializers.CharField(),
        "id": serializers.CharField(),
        "label": serializers.CharField(),
        "url": serializers.CharField(allow_null=True),
    },
)
ACTION = shape("ExceptionAction", {"label": serializers.CharField(), "url": serializers.CharField()})
NOTE = shape(
    "ExceptionNote",
    {
        "at": serializers.DateTimeField(),
        "actor": serializers.CharField(),
        "verb": serializers.ChoiceField(ExceptionNote.Verb.choices),
        "text": serializers.CharField(allow_blank=True),
    },
)
_ITEM: dict[str, Field] = {
    "id": serializers.IntegerField(),
    "kind": serializers.CharField(help_text="Dotted, by layer: `routing.no_rule_matched`."),
    "title": serializers.CharField(),
    "severity": serializers.ChoiceField(SEVERITIES),
    "status": serializers.ChoiceField(ExceptionItem.Status.choices),
    "subject": SUBJECT(),
    "cause": serializers.CharField(),
    "detail": AnyObject(),
    "count": serializers.IntegerField(help_text="How often it happened."),
    "owner_hint": serializers.CharField(allow_null=True),
    "what_to_do": serializers.CharField(),
    "action": ACTION(allow_null=True, help_text="Where the cause is fixed."),
    "can_retry": serializers.BooleanField(),
    "claimed_by": serializers.CharField(allow_null=True),
    "claimed_at": serializers.DateTimeField(allow_null=True),
    "snoozed_until": serializers.DateTimeField(allow_null=True),
    "first_seen_at": serializers.DateTimeField(),
    "last_seen_at": serializers.DateTimeField(),
    "resolved_at": serializers.DateTimeField(allow_null=True),
    "resolved_by": serializers.CharField(allow_null=True),
    "resolution": serializers.CharField(allow_null=True),
}
ITEM = shape("ExceptionItem", _ITEM)
ITEM_WITH_NOTES = shape("ExceptionItemWithNotes", {**_ITEM, "notes": NOTE(many=True)})
ACTING: dict[Any, Any] = {200: ITEM_WITH_NOTES, **problems(400, 401, 403, 404, 409, 415, 422)}


class ExceptionFilter(django_filters.FilterSet):  # type: ignore[misc]
    status = django_filters.ChoiceFilter(choices=ExceptionItem.Status.choices)
    kind = django_filters.CharFilter(help_text="The kind's key.")

    class Meta:
        model = ExceptionItem
        fields: tuple[str, ...] = ()


class Noted(serializers.Serializer[Any]):
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)


class Snoozed(Noted):
    until = serializers.DateTimeField()


class ExceptionList(StaffView, GenericAPIView[ExceptionItem]):
    """What needs a person, newest first; settled ones too unless `status` says which."""

    needs = "exception_queue.view_exceptionitem"
    queryset = ExceptionItem.objects.all()
    filterset_class = ExceptionFilter
    pagination_class = NewestExceptions

    @extend_schema(
        operation_id="list_exceptions",
        tags=["exceptions"],
        responses={200: ITEM(many=True), **problems(401, 403, 404, 422)},
    )
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        assert page is not None
        load_pages(page)
        return self.get_paginated_response([describe(item) for item in page])


class ExceptionDetail(StaffView):
    """One item with everything that was done about it."""

    needs = "exception_queue.view_exceptionitem"

    @extend_schema(
        operation_id="read_exception",
        tags=["exceptions"],
        responses={200: ITEM_WITH_NOTES, **problems(401, 403, 404)},
    )
    def get(self, request: Request, item_id: int) -> Response:
        return Response(_with_notes(_item(item_id)))


class _Act(StaffView):
    needs = "exception_queue.change_exceptionitem"

    def unresolved(self, item_id: int) -> ExceptionItem:
        item = _item(item_id)
        if item.status not in ExceptionItem.UNRESOLVED:
            raise ApiProblem(409, f"It is {item.get_status_display().lower()} already.")
        return item

    def done(self, item_id: int, changed: Sequence[ExceptionItem]) -> Response:
        """The item as it is now; a 409 if somebody else has settled it at the same moment."""
        if not changed:
            raise ApiProblem(409, f"It is {_item(item_id).get_status_display().lower()} already.")
        return Response(_with_notes(_item(item_id)))


class ClaimView(_Act):
    """Take it: it stays open, and others see who works on it."""

    @extend_schema(operation_id="claim_exception", tags=["exceptions"], request=Noted, responses=ACTING)
    def post(self, request: Request, item_id: int) -> Response:
        note = _valid(Noted, request)["note"]
        item = self.unresolved(item_id)
        claimed = queue.claim([item], by=actor(request), note=note)
        if not claimed:
            holder = _item(item_id).claimed_by
            raise ApiProblem(409, f"{holder} has claimed it already." if holder else "It is settled already.")
        return self.done(item_id, claimed)


class Retry(_Act):
    """Try again what failed; it is resolved when the work was taken up again."""

    @extend_schema(operation_id="retry_exception", tags=["exceptions"], request=Noted, responses=ACTING)
    def post(self, request: Request, item_id: int) -> Response:
        note = _valid(Noted, request)["note"]
        retried = queue.retry([self.unresolved(item_id)], by=actor(request), note=note)
        if retried.refusals:
            raise ApiProblem(409, " ".join(retried.refusals))
        return self.done(item_id, retried.items)


class Resolve(_Act):
    """The cause is fixed."""

    @extend_schema(operation_id="resolve_exception", tags=["exceptions"], request=Noted, responses=ACTING)
    def post(self, request: Request, item_id: int) -> Response:
        note = _valid(Noted, request)["note"]
        item = self.unresolved(item_id)
        if item.described_kind.is_question:
            raise ApiProblem(409, item.described_kind.how_to_answer)
        return self.done(item_id, queue.resolve([item], by=actor(request), note=note))


class Dismiss(_Act):
    """Nothing needs to be done. Possible spam is then spam: it is kept, and never routed."""

    @extend_schema(operation_id="dismiss_exception", tags=["exceptions"], request=Noted, responses=ACTING)
    def post(self, request: Request, item_id: int) -> Response:
        note = _valid(Noted, request)["note"]
        return self.done(item_id, queue.dismiss([self.unresolved(item_id)], by=actor(request), note=note))


class Snooze(_Act):
    """Out of sight until then, or until it has happened ten times as often."""

    @extend_schema(operation_id="snooze_exception", tags=["exceptions"], request=Snoozed, responses=ACTING)
    def post(self, request: Request, item_id: int) -> Response:
        said = _valid(Snoozed, request)
        if said["until"] <= timezone.now():
            raise serializers.ValidationError({"until": "Snooze until a time that is still to come."})
        item = self.unresolved(item_id)
        return self.done(
            item_id, queue.snooze([item], by=actor(request), until=said["until"], note=said["note"])
        )


def describe(item: ExceptionItem) -> dict[str, Any]:
    """Without its notes."""
    kind = item.described_kind
    return {
        "id": item.pk,
        "kind": item.kind,
        "title": kind.title,
        "severity": kind.severity,
        "status": item.status,
        "subject": {
            "type": item.subject_type,
            "id": item.subject_id,
            "label": item.subject_label,
            "url": item.subject_url or None,
        },
        "cause": item.cause,
        "detail": item.detail,
        "count": item.count,
        "owner_hint": item.owner_hint or None,
        "what_to_do": kind.what_to_do,
        "action": {"label": kind.action_label, "url": item.action_url} if item.action_url else None,
        "can_retry": kind.retry is not None and item.status in ExceptionItem.UNRESOLVED,
        "claimed_by": item.claimed_by or None,
        "claimed_at": item.claimed_at,
        "snoozed_until": item.snoozed_until,
        "first_seen_at": item.first_seen_at,
        "last_seen_at": item.last_seen_at,
        "resolved_at": item.resolved_at,
        "resolved_by": item.resolved_by or None,
        "resolution": item.resolution or None,
    }


def _with_notes(item: ExceptionItem) -> dict[str, Any]:
    notes = [
        {name: getattr(note, name) for name in ("at", "actor", "verb", "text")} for note in item.notes.all()
    ]
    return {**describe(item), "notes": notes}


def _item(item_id: int) -> ExceptionItem:
    item = ExceptionItem.objects.filter(pk=item_id).first()
    if item is None:
        raise ApiProblem(404, "There is no such exception.")
    return item


def _valid(shape: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    serializer = shape(data=request.data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
