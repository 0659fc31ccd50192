"""GET /api/v1/leads...: leads as they are now, what happened to them, who has had them."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from intake.models import Lead, TimelineEntry
from leadops.api import lead_answers
from leadops.api.documents import answers
from leadops.api.lead_filters import LeadFilter
from leadops.api.lead_serializers import (
    LeadSerializer,
    OwnershipChangeSerializer,
    TimelineEntrySerializer,
)
from leadops.api.pages import NewestLeads
from leadops.api.problems import ApiProblem
from leadops.api.staff import StaffView
from plumbing import access

READING = (401, 403, 404)


def lead_or_404(request: Request, lead_id: UUID, to: access.To = "look") -> Lead:
    """As if it were not there where it is none of theirs."""
    lead = access.rows_for(request.user, Lead.objects.filter(pk=lead_id), to).first()
    if lead is None:
        raise ApiProblem(404, "There is no such lead.")
    return lead


def shown(lead: Lead) -> dict[str, Any]:
    """The body of an answer that shows this lead."""
    return dict(LeadSerializer(lead_answers.of_leads([lead])[0]).data)


class LeadListView(StaffView, GenericAPIView[Lead]):
    """Filters narrow the list together."""

    needs = "intake.view_lead"
    queryset = Lead.objects.all()
    filterset_class = LeadFilter
    pagination_class = NewestLeads

    @extend_schema(
        operation_id="list_leads",
        summary="List leads, newest first",
        tags=["leads"],
        responses=answers(LeadSerializer(many=True), 401, 403, 404, 422),
    )
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(
            self.filter_queryset(access.rows_for(request.user, self.get_queryset()))
        )
        assert page is not None
        return self.get_paginated_response(LeadSerializer(lead_answers.of_leads(page), many=True).data)


class LeadDetail(StaffView):
    """One lead with owner, score, clock and its copies in the CRMs."""

    needs = "intake.view_lead"

    @extend_schema(
        operation_id="read_lead",
        summary="Read a lead",
        tags=["leads"],
        responses=answers(LeadSerializer, *READING),
    )
    def get(self, request: Request, lead_id: UUID) -> Response:
        return Response(shown(lead_or_404(request, lead_id)))


class LeadTimeline(StaffView):
    """Oldest first."""

    needs = "intake.view_lead"

    @extend_schema(
        operation_id="read_lead_timeline",
        summary="Read what happened to a lead",
        tags=["leads"],
        responses=answers(TimelineEntrySerializer(many=True), *READING),
    )
    def get(self, request: Request, lead_id: UUID) -> Response:
        entries = TimelineEntry.objects.filter(lead=lead_or_404(request, lead_id)).order_by("at", "id")
        return Response(TimelineEntrySerializer(entries, many=True).data)


class LeadAssignments(StaffView):
    """Since when, why, and who or what decided it; oldest first."""

    needs = "intake.view_lead"

    @extend_schema(
        operation_id="read_lead_assignments",
        summary="Read who has had a lead",
        tags=["leads"],
        responses=answers(OwnershipChangeSerializer(many=True), *READING),
    )
    def get(self, request: Request, lead_id: UUID) -> Response:
        return Response(
            OwnershipChangeSerializer(lead_answers.ownership(lead_or_404(request, lead_id)), many=True).data
        )
