"""POST /api/v1/leads/{id}/...: what staff do with a lead, through the writers of routing.actions."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from intake.models import Lead
from leadops.api.documents import acting
from leadops.api.lead_serializers import LeadSerializer
from leadops.api.leads import lead_or_404, shown
from leadops.api.problems import ApiProblem
from leadops.api.staff import StaffView, actor, valid
from routing import access
from routing.handover import actions
from routing.models import Assignment, Owner, Queue

SOURCE = Assignment.Source.API
ANSWERS = acting(LeadSerializer)


class ReassignSerializer(serializers.Serializer[Any]):
    """An owner or a queue, not both."""

    owner = serializers.EmailField(required=False, help_text="The owner's e-mail address.")
    queue = serializers.CharField(required=False, help_text="The queue's name.")
    reason = serializers.CharField(max_length=300)

    def validate_owner(self, email: str) -> Owner:
        owners, _ = access.receivers(self.context["user"])
        owner = owners.filter(email__iexact=email).first()
        if owner is None:
            raise serializers.ValidationError(f"There is no owner {email}.")
        return owner

    def validate_queue(self, name: str) -> Queue:
        _, queues = access.receivers(self.context["user"])
        queue = queues.filter(name=name).first()
        if queue is None:
            raise serializers.ValidationError(f"There is no queue “{name}”.")
        return queue

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("owner" in attrs) == ("queue" in attrs):
            raise serializers.ValidationError({"owner": "Say who gets the lead: an owner or a queue."})
        return attrs


class ContactedSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField(
        required=False, help_text="When it was: not before the lead came in, not to come. Now unless said."
    )


class ReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=200)


class _LeadAction(StaffView):
    needs = "intake.change_lead"

    def act(self, request: Request, lead_id: UUID, do: Callable[[datetime], object]) -> Response:
        """Do it and answer with the lead as it is then, also where it went to somebody whose leads they do not see."""
        lead_or_404(request, lead_id, "act")
        try:
            do(timezone.now())
        except actions.ImpossibleTime as impossible:
            raise ApiProblem(422, str(impossible), errors={"at": [str(impossible)]}) from None
        except actions.Refused as refused:
            raise ApiProblem(409, str(refused)) from None
        return Response(shown(Lead.objects.get(pk=lead_id)))


class LeadReassign(_LeadAction):
    """The customer's clock goes on; no turn of a rotation is used."""

    @extend_schema(
        operation_id="reassign_lead",
        summary="Give a lead to an owner or a queue",
        tags=["leads"],
        request=ReassignSerializer,
        responses=ANSWERS,
    )
    def post(self, request: Request, lead_id: UUID) -> Response:
        lead_or_404(request, lead_id, "act")
        said = valid(ReassignSerializer, request.data, user=request.user)

        def do(now: datetime) -> None:
            actions.reassign(
                lead_id=lead_id,
                owner_id=said["owner"].pk if "owner" in said else None,
                queue_id=said["queue"].pk if "queue" in said else None,
                reason=said["reason"],
                source=SOURCE,
                actor=actor(request),
                now=now,
            )

        return self.act(request, lead_id, do)


class LeadContacted(_LeadAction):
    """The clock stops. It counts as claimed until the CRM shows evidence."""

    @extend_schema(
        operation_id="mark_lead_contacted",
        summary="Say that somebody has answered a lead",
        tags=["leads"],
        request=ContactedSerializer,
        responses=ANSWERS,
    )
    def post(self, request: Request, lead_id: UUID) -> Response:
        said = valid(ContactedSerializer, request.data)

        def do(now: datetime) -> None:
            actions.mark_contacted(
                lead_id=lead_id,
                at=said.get("at", now),
                by=actor(request),
                evidence="claimed",
                source=SOURCE,
                actor=actor(request),
                now=now,
            )

        return self.act(request, lead_id, do)


class LeadDisqualify(_LeadAction):
    """It keeps its owner, and loses clock, waiting notices and task."""

    @extend_schema(
        operation_id="disqualify_lead",
        summary="Disqualify a lead",
        tags=["leads"],
        request=ReasonSerializer,
        responses=ANSWERS,
    )
    def post(self, request: Request, lead_id: UUID) -> Response:
        reason = valid(ReasonSerializer, request.data)["reason"]

        def do(now: datetime) -> None:
            actions.disqualify(lead_id=lead_id, reason=reason, source=SOURCE, actor=actor(request), now=now)

        return self.act(request, lead_id, do)


class LeadReject(_LeadAction):
    """The owner gives the lead back, and somebody else gets it. The turn comes back for the reasons spam, duplicate,
    wrong_territory and bad_data."""

    @extend_schema(
        operation_id="reject_lead",
        summary="Give a lead back",
        tags=["leads"],
        request=ReasonSerializer,
        responses=ANSWERS,
    )
    def post(self, request: Request, lead_id: UUID) -> Response:
        reason = valid(ReasonSerializer, request.data)["reason"]

        def do(now: datetime) -> None:
            actions.decline(lead_id=lead_id, reason=reason, source=SOURCE, actor=actor(request), now=now)

        return self.act(request, lead_id, do)
