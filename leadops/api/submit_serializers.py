"""What a form's address takes and answers."""

from typing import Any

from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema_field
from rest_framework import serializers

from intake import bodies
from intake.canonical import CANONICAL_FIELDS
from intake.models import Submission

Field = serializers.Field[Any, Any, Any, Any]


@extend_schema_field({"type": ["string", "number", "boolean", "object", "array", "null"]})
class AnyValue(serializers.JSONField):
    """Whatever a website or vendor sends under a name."""


class SubmittedValuesSerializer(serializers.Serializer[Any]):
    """Values by name, or whatever the form's vendor sends."""

    def get_fields(self) -> dict[str, Field]:
        return {
            name: AnyValue(required=False, help_text=each.label) for name, each in CANONICAL_FIELDS.items()
        }


class SubmittedTextSerializer(serializers.Serializer[Any]):
    """Text by name. A name may come several times."""

    def get_fields(self) -> dict[str, Field]:
        return {
            name: serializers.CharField(required=False, allow_blank=True, help_text=each.label)
            for name, each in CANONICAL_FIELDS.items()
        }


class SubmissionAcceptedSerializer(serializers.Serializer[Submission]):
    submission_id = serializers.UUIDField(source="pk")
    status = serializers.SerializerMethodField()
    status_url = serializers.SerializerMethodField()

    @extend_schema_field({"type": "string", "enum": ["received"]})
    def get_status(self, submission: Submission) -> str:
        """The same of every submission, so that a bot learns nothing."""
        return "received"

    def get_status_url(self, submission: Submission) -> str:
        """Where to ask how far it has got."""
        return reverse("api:submission", args=[submission.pk])


REQUEST: dict[str, Any] = {
    bodies.JSON: SubmittedValuesSerializer,
    bodies.FORM: SubmittedTextSerializer,
    bodies.MULTIPART: SubmittedTextSerializer,
}
TAKEN: dict[Any, Any] = {
    202: OpenApiResponse(SubmissionAcceptedSerializer, description="Taken."),
    200: OpenApiResponse(
        SubmissionAcceptedSerializer, description="Taken, for vendors that know no other success."
    ),
    303: OpenApiResponse(description="Taken; the browser is sent to the form's thank-you page."),
}


def _header(name: str, description: str, *, on: list[int], type: Any = OpenApiTypes.STR) -> OpenApiParameter:
    return OpenApiParameter(
        name, type, OpenApiParameter.HEADER, description=description, response=on, required=False
    )


PARAMETERS = [
    OpenApiParameter(
        "form_key", OpenApiTypes.STR, OpenApiParameter.PATH, description="The form's key, as configured."
    ),
    OpenApiParameter(
        "Idempotency-Key",
        {"type": "string", "maxLength": 255},
        OpenApiParameter.HEADER,
        description="The same key and body again give the same answer and no second submission. Kept 7 days, per form.",
    ),
    _header(
        "Idempotent-Replayed", "Present when this answers an earlier, equal submission.", on=[200, 202, 303]
    ),
    _header("Location", "The thank-you page.", on=[303], type=OpenApiTypes.URI),
    _header("Allow", "The methods that there are.", on=[405]),
    _header("Retry-After", "Seconds.", on=[429, 503], type=OpenApiTypes.INT),
]
