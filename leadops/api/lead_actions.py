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

from leadops.api import lead_answers
from leadops.api.documents import problems
from leadops.api.lead_shapes import LEAD
from leadops.api.leads import lead_or_404
from leadops.api.problems import ApiProblem
from leadops.api.staff import StaffView, actor
from routing.handover import actions
from routing.models import Assignment, Owner, Queue

SOURCE = Assignment.Source.API
ANSWERS: dict[Any, Any] = {200: LEAD, **problems(400, 401, 403, 404, 409, 415, 422)}


class Reassign(serializers.Serializer[Any]):
    """An owner or a queue, not both."""

    owner = serializers.EmailField(required=False, help_text="The owner's e-mail address.")
    queue = serializers.CharField(required=False, help_text="The queue's name.")
    reason = serializers.CharField(max_length=300)

    def validate_owner(self, email: str) -> Owner:
        owner = Owner.objects.filter(email__iexact=email).first()
        if owner is None:
            raise serializers.ValidationError(f"There is no owner {email}.")
        return owner

    def validate_queue(self, name: str) -> Queue:
        queue = Queue.objects.filter(name=name).first()
        if queue is None:
            raise serializers.ValidationError(f"There is no queue “{name}”.")
        return queue

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("owner" in attrs) == ("queue" in attrs):
            raise serializers.ValidationError({"owner": "Say who gets the lead: an owner or a queue."})
        return attrs


class Contacted(serializers.Serializer[Any]):
    at = serializers.DateTimeField(required=False, help_text="When it was; now unless said.")


class ReasonBody(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=200)


class _LeadAction(StaffView):
    needs = "intake.change_lead"

    def act(self, lead_id: UUID, do: Callable[[datetime], object]) -> Response:
        """Do it and answer with the lead as it is then."""
        lead_or_404(lead_id)
        try:
            do(timezone.now())
        except actions.Refused as refused:
            raise ApiProblem(409, str(refused)) from None
        return Response(lead_answers.describe([lead_or_404(lead_id)])[0])


class LeadReassign(_LeadAction):
    """Give the lead to an owner or a queue. The customer's clock goes on; the receiver's turn is not used."""

    @extend_schema(operation_id="reassign_lead", tags=["leads"], request=Reassign, responses=ANSWERS)
    def post(self, request: Request, lead_id: UUID) -> Response:
        said = _valid(Reassign, request)

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

        return self.act(lead_id, do)


class LeadContacted(_LeadAction):
    """Somebody has answered the lead: the clock stops. It counts as claimed until the CRM shows evidence."""

    @extend_schema(operation_id="mark_lead_contacted", tags=["leads"], request=Contacted, responses=ANSWERS)
    def post(self, request: Request, lead_id: UUID) -> Response:
        said = _valid(Contacted, request)

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

        return self.act(lead_id, do)


class LeadDisqualify(_LeadAction):
    """Not a lead after all: it keeps its owner, and loses clock and task."""

    @extend_schema(operation_id="disqualify_lead", tags=["leads"], request=ReasonBody, responses=ANSWERS)
    def post(self, request: Request, lead_id: UUID) -> Response:
        reason = _valid(ReasonBody, request)["reason"]

        def do(now: datetime) -> None:
            actions.disqualify(lead_id=lead_id, reason=reason, source=SOURCE, actor=actor(request), now=now)

        return self.act(lead_id, do)


class LeadReject(_LeadAction):
    """The owner gives the lead back, and somebody else gets it. The turn comes back for the reasons spam, duplicate,
    wrong_territory and bad_data."""

    @extend_schema(operation_id="reject_lead", tags=["leads"], request=ReasonBody, responses=ANSWERS)
    def post(self, request: Request, lead_id: UUID) -> Response:
        reason = _valid(ReasonBody, request)["reason"]

        def do(now: datetime) -> None:
            actions.decline(lead_id=lead_id, reason=reason, source=SOURCE, actor=actor(request), now=now)

        return self.act(lead_id, do)


def _valid(shape: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    serializer = shape(data=request.data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
