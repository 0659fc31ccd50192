"""GET /api/v1/leads...: leads as they are now, what happened to them, who has had them."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from intake.models import Lead, TimelineEntry
from leadops.api import lead_answers
from leadops.api.documents import problems
from leadops.api.lead_filters import LeadFilter
from leadops.api.lead_shapes import LEAD, OWNERSHIP_CHANGE, TIMELINE_ENTRY
from leadops.api.pages import NewestLeads
from leadops.api.problems import ApiProblem
from leadops.api.staff import StaffView

READING = problems(401, 403, 404)


def lead_or_404(lead_id: UUID) -> Lead:
    lead = Lead.objects.filter(pk=lead_id).first()
    if lead is None:
        raise ApiProblem(404, "There is no such lead.")
    return lead


class LeadListView(StaffView, GenericAPIView[Lead]):
    """Leads, newest first. One that was merged into another is found as that other one."""

    needs = "intake.view_lead"
    queryset = Lead.objects.filter(merged_into=None)
    filterset_class = LeadFilter
    pagination_class = NewestLeads

    @extend_schema(
        operation_id="list_leads",
        tags=["leads"],
        responses={200: LEAD(many=True), **problems(401, 403, 404, 422)},
    )
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        assert page is not None
        return self.get_paginated_response(lead_answers.describe(page))


class LeadDetail(StaffView):
    """One lead with owner, score, clock and its copies in the CRMs."""

    needs = "intake.view_lead"

    @extend_schema(operation_id="read_lead", tags=["leads"], responses={200: LEAD, **READING})
    def get(self, request: Request, lead_id: UUID) -> Response:
        return Response(lead_answers.describe([lead_or_404(lead_id)])[0])


class LeadTimeline(StaffView):
    """What happened to a lead, oldest first."""

    needs = "intake.view_lead"

    @extend_schema(
        operation_id="read_lead_timeline",
        tags=["leads"],
        responses={200: TIMELINE_ENTRY(many=True), **READING},
    )
    def get(self, request: Request, lead_id: UUID) -> Response:
        entries = TimelineEntry.objects.filter(lead=lead_or_404(lead_id)).order_by("at", "id")
        return Response([_notified(entry) for entry in entries])


class LeadAssignments(StaffView):
    """Who has had a lead, since when, why, and who or what decided it; oldest first."""

    needs = "intake.view_lead"

    @extend_schema(
        operation_id="read_lead_assignments",
        tags=["leads"],
        responses={200: OWNERSHIP_CHANGE(many=True), **READING},
    )
    def get(self, request: Request, lead_id: UUID) -> Response:
        return Response(lead_answers.ownership(lead_or_404(lead_id)))


def _notified(entry: TimelineEntry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in ("at", "verb", "actor", "source", "data")}
