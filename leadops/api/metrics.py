"""GET /api/v1/metrics/handoff: how well and how fast submissions become leads in the CRM."""

from datetime import timedelta
from typing import Any, get_args

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from leadops import handoff
from leadops.api.documents import answers
from leadops.api.staff import StaffView, valid
from leadops.handoff import By, Figures, HandoffStep
from routing.access import EVERYBODY

DEFAULT_SPAN = timedelta(days=1)


class HandoffQuerySerializer(serializers.Serializer[Any]):
    since = serializers.DateTimeField(
        required=False, help_text="Submissions received from then on; the last 24 hours unless said."
    )
    by = serializers.ChoiceField(
        get_args(By), default="form", help_text="`source` is the submission's utm_source, or (none)."
    )


class HandoffStepSerializer(serializers.Serializer[HandoffStep]):
    count = serializers.IntegerField()
    p50 = serializers.FloatField(allow_null=True, help_text="Seconds.")
    p95 = serializers.FloatField(allow_null=True, help_text="Seconds.")
    p99 = serializers.FloatField(allow_null=True, help_text="Seconds.")


class HandoffCountsSerializer(serializers.Serializer[Figures]):
    received = serializers.IntegerField()
    handed_off = serializers.IntegerField()
    waiting = serializers.IntegerField()
    held = serializers.IntegerField()
    rejected = serializers.IntegerField()
    spam = serializers.IntegerField()
    in_crm = serializers.IntegerField(source="handed_off_to_crm.count")
    notified = serializers.IntegerField(source="handed_off_to_notified.count")


class HandoffRatesSerializer(serializers.Serializer[Figures]):
    handed_off = serializers.FloatField(
        source="handed_off_rate",
        allow_null=True,
        help_text="Of those that are neither spam nor rejected.",
    )
    notified = serializers.FloatField(
        source="notified_rate", allow_null=True, help_text="Of those handed off."
    )


class HandoffStepsSerializer(serializers.Serializer[Figures]):
    received_to_handed_off = HandoffStepSerializer()
    handed_off_to_crm = HandoffStepSerializer()
    handed_off_to_notified = HandoffStepSerializer()


class HandoffFiguresSerializer(serializers.Serializer[Figures]):
    key = serializers.CharField()
    counts = HandoffCountsSerializer(source="*")
    rates = HandoffRatesSerializer(source="*")
    steps = HandoffStepsSerializer(source="*")


class HandoffSerializer(serializers.Serializer[Any]):
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    by = serializers.ChoiceField(get_args(By))
    total = HandoffFiguresSerializer()
    groups = HandoffFiguresSerializer(many=True)


class Handoff(StaffView):
    """Counts, rates and latency percentiles per step of the hand-off, in total and by form, source or connection."""

    # Of all teams together.
    needs = ("intake.view_submission", EVERYBODY)

    @extend_schema(
        operation_id="read_handoff_metrics",
        summary="Read how well and how fast leads are handed off",
        tags=["metrics"],
        parameters=[HandoffQuerySerializer],
        responses=answers(HandoffSerializer, 401, 403, 422),
    )
    def get(self, request: Request) -> Response:
        asked = valid(HandoffQuerySerializer, request.query_params)
        until = timezone.now()
        since, by = asked.get("since", until - DEFAULT_SPAN), asked["by"]
        answer = {
            "since": since,
            "until": until,
            "by": by,
            "total": handoff.total(since=since, until=until),
            "groups": handoff.grouped(by, since=since, until=until),
        }
        return Response(HandoffSerializer(answer).data)
