"""/api/v1/exceptions: what needs a person, and what that person does about it."""

from collections.abc import Sequence
from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from exception_queue import queue
from exception_queue.models import ExceptionItem, load_pages
from leadops.api.documents import acting, answers
from leadops.api.exception_serializers import (
    ExceptionItemSerializer,
    ExceptionItemWithNotesSerializer,
    NotedSerializer,
    SnoozedSerializer,
)
from leadops.api.pages import NewestExceptions
from leadops.api.problems import ApiProblem
from leadops.api.staff import StaffView, actor, valid
from plumbing import access

ACTING = acting(ExceptionItemWithNotesSerializer)


class ExceptionFilter(django_filters.FilterSet):  # type: ignore[misc]
    status = django_filters.ChoiceFilter(choices=ExceptionItem.Status.choices)
    kind = django_filters.CharFilter(help_text="The kind's key.")

    class Meta:
        model = ExceptionItem
        fields: tuple[str, ...] = ()


class ExceptionList(StaffView, GenericAPIView[ExceptionItem]):
    """Settled ones too, unless `status` says which."""

    needs = "exception_queue.view_exceptionitem"
    queryset = ExceptionItem.objects.all()
    filterset_class = ExceptionFilter
    pagination_class = NewestExceptions

    @extend_schema(
        operation_id="list_exceptions",
        summary="List what needs a person, newest first",
        tags=["exceptions"],
        responses=answers(ExceptionItemSerializer(many=True), 401, 403, 404, 422),
    )
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(
            self.filter_queryset(access.rows_for(request.user, self.get_queryset()))
        )
        assert page is not None
        load_pages(page)
        return self.get_paginated_response(ExceptionItemSerializer(page, many=True).data)


class ExceptionDetail(StaffView):
    """With everything that was done about it."""

    needs = "exception_queue.view_exceptionitem"

    @extend_schema(
        operation_id="read_exception",
        summary="Read an exception",
        tags=["exceptions"],
        responses=answers(ExceptionItemWithNotesSerializer, 401, 403, 404),
    )
    def get(self, request: Request, item_id: int) -> Response:
        return Response(_shown(_item(request, item_id)))


class _Act(StaffView):
    needs = "exception_queue.change_exceptionitem"

    def unresolved(self, item_id: int) -> ExceptionItem:
        item = _item(self.request, item_id, "act")
        if item.status not in ExceptionItem.UNRESOLVED:
            raise ApiProblem(409, f"It is {item.get_status_display().lower()} already.")
        return item

    def done(self, item_id: int, changed: Sequence[ExceptionItem]) -> Response:
        """The item as it is now; a 409 if somebody else has settled it at the same moment."""
        if not changed:
            raise ApiProblem(
                409, f"It is {_item(self.request, item_id).get_status_display().lower()} already."
            )
        return Response(_shown(_item(self.request, item_id)))


class ClaimView(_Act):
    """It stays open, and others see who works on it."""

    @extend_schema(
        operation_id="claim_exception",
        summary="Claim an exception",
        tags=["exceptions"],
        request=NotedSerializer,
        responses=ACTING,
    )
    def post(self, request: Request, item_id: int) -> Response:
        note = valid(NotedSerializer, request.data)["note"]
        item = self.unresolved(item_id)
        claimed = queue.claim([item], by=actor(request), note=note)
        if not claimed:
            holder = _item(request, item_id).claimed_by
            raise ApiProblem(409, f"{holder} has claimed it already." if holder else "It is settled already.")
        return self.done(item_id, claimed)


class Retry(_Act):
    """It is resolved once that has worked, and stays, counted up, when it fails again."""

    @extend_schema(
        operation_id="retry_exception",
        summary="Try again what failed",
        tags=["exceptions"],
        request=NotedSerializer,
        responses=ACTING,
    )
    def post(self, request: Request, item_id: int) -> Response:
        note = valid(NotedSerializer, request.data)["note"]
        retried = queue.retry([self.unresolved(item_id)], by=actor(request), note=note)
        if retried.refusals:
            raise ApiProblem(409, " ".join(retried.refusals))
        return self.done(item_id, retried.taken)


class Resolve(_Act):
    """The cause is fixed."""

    @extend_schema(
        operation_id="resolve_exception",
        summary="Resolve an exception",
        tags=["exceptions"],
        request=NotedSerializer,
        responses=ACTING,
    )
    def post(self, request: Request, item_id: int) -> Response:
        note = valid(NotedSerializer, request.data)["note"]
        item = self.unresolved(item_id)
        if item.described_kind.is_question:
            raise ApiProblem(409, item.described_kind.how_to_answer)
        return self.done(item_id, queue.resolve([item], by=actor(request), note=note))


class Dismiss(_Act):
    """Nothing needs to be done. Possible spam is then spam: it is kept, and never routed."""

    @extend_schema(
        operation_id="dismiss_exception",
        summary="Dismiss an exception",
        tags=["exceptions"],
        request=NotedSerializer,
        responses=ACTING,
    )
    def post(self, request: Request, item_id: int) -> Response:
        note = valid(NotedSerializer, request.data)["note"]
        return self.done(item_id, queue.dismiss([self.unresolved(item_id)], by=actor(request), note=note))


class Snooze(_Act):
    """Out of sight until then, or until it has happened ten times as often."""

    @extend_schema(
        operation_id="snooze_exception",
        summary="Snooze an exception",
        tags=["exceptions"],
        request=SnoozedSerializer,
        responses=ACTING,
    )
    def post(self, request: Request, item_id: int) -> Response:
        said = valid(SnoozedSerializer, request.data)
        item = self.unresolved(item_id)
        return self.done(
            item_id, queue.snooze([item], by=actor(request), until=said["until"], note=said["note"])
        )


def _shown(item: ExceptionItem) -> dict[str, Any]:
    return dict(ExceptionItemWithNotesSerializer(item).data)


def _item(request: Request, item_id: int, to: access.To = "look") -> ExceptionItem:
    item = access.rows_for(request.user, ExceptionItem.objects.filter(pk=item_id), to).first()
    if item is None:
        raise ApiProblem(404, "There is no such exception.")
    return item
