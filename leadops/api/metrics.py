"""GET /api/v1/metrics/handoff: how well and how fast submissions become leads in the CRM."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any, get_args

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from leadops import handoff
from leadops.api.documents import problems, shape
from leadops.api.staff import StaffView
from leadops.handoff import By, Figures

DEFAULT_SPAN = timedelta(days=1)
STEPS = ("received_to_handed_off", "handed_off_to_crm", "handed_off_to_notified")
COUNTS = ("received", "handed_off", "waiting", "held", "rejected", "spam")


class HandoffQuery(serializers.Serializer[Any]):
    since = serializers.DateTimeField(
        required=False, help_text="Submissions received from then on; the last 24 hours unless said."
    )
    by = serializers.ChoiceField(
        get_args(By), default="form", help_text="`source` is the submission's utm_source, or (none)."
    )


STEP = shape(
    "HandoffStep",
    {
        "count": serializers.IntegerField(),
        **{
            name: serializers.FloatField(allow_null=True, help_text="Seconds.")
            for name in ("p50", "p95", "p99")
        },
    },
)
COUNTED = shape(
    "HandoffCounts", {name: serializers.IntegerField() for name in (*COUNTS, "in_crm", "notified")}
)
RATES = shape(
    "HandoffRates",
    {
        "handed_off": serializers.FloatField(
            allow_null=True, help_text="Of those that are neither spam nor rejected."
        ),
        "notified": serializers.FloatField(allow_null=True, help_text="Of those handed off."),
    },
)
FIGURES = shape(
    "HandoffFigures",
    {
        "key": serializers.CharField(),
        "counts": COUNTED(),
        "rates": RATES(),
        "steps": shape("HandoffSteps", {name: STEP() for name in STEPS})(),
    },
)
ANSWER = shape(
    "Handoff",
    {
        "since": serializers.DateTimeField(),
        "until": serializers.DateTimeField(),
        "by": serializers.ChoiceField(get_args(By)),
        "total": FIGURES(),
        "groups": FIGURES(many=True),
    },
)


class Handoff(StaffView):
    """Counts, rates and latency percentiles per step of the hand-off, in total and by form, source or connection."""

    needs = "intake.view_submission"

    @extend_schema(
        operation_id="read_handoff_metrics",
        tags=["metrics"],
        parameters=[HandoffQuery],
        responses={200: ANSWER, **problems(401, 403, 422)},
    )
    def get(self, request: Request) -> Response:
        asked = HandoffQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        until = timezone.now()
        since, by = asked.validated_data.get("since", until - DEFAULT_SPAN), asked.validated_data["by"]
        groups = handoff.grouped(by, since=since, until=until)
        return Response(
            {
                "since": since,
                "until": until,
                "by": by,
                "total": describe(handoff.total(since=since, until=until)),
                "groups": [describe(group) for group in groups],
            }
        )


def describe(figures: Figures) -> dict[str, Any]:
    in_crm, notified = figures.handed_off_to_crm.count, figures.handed_off_to_notified.count
    return {
        "key": figures.key,
        "counts": {
            **{name: getattr(figures, name) for name in COUNTS},
            "in_crm": in_crm,
            "notified": notified,
        },
        "rates": {
            "handed_off": figures.handed_off_rate,
            "notified": notified / figures.handed_off if figures.handed_off else None,
        },
        "steps": {name: asdict(getattr(figures, name)) for name in STEPS},
    }
