"""GET /api/v1/submissions/{id}: how far a submission has got."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from exception_queue.models import ExceptionItem
from intake import credentials
from intake.models import Submission
from leadops.api.documents import answers
from leadops.api.fields import TextOrNull
from leadops.api.problems import ApiProblem
from leadops.api.staff import StaffWith, token_is_not_for
from leadops.api.tokens import ApiTokenAuthentication, Scope, covers
from plumbing import access


class FormOrStaffToken(ApiTokenAuthentication):
    """A staff token as everywhere; a form's own bearer token is checked by the view, which knows the form."""

    def authenticate(self, request: Request) -> Any:
        try:
            return super().authenticate(request)
        except AuthenticationFailed:
            return None


@dataclass(frozen=True, slots=True)
class SubmissionProgress:
    """A submission as those see it who wait for it."""

    submission: Submission
    now: datetime

    @property
    def status(self) -> str:
        """A worker's claim shows as processing."""
        row = self.submission
        claimed = row.due_at and row.claimed_until and row.claimed_until > self.now
        return Submission.Status.PROCESSING if claimed else row.status

    @property
    def exception_ids(self) -> list[int]:
        items = ExceptionItem.objects.filter(
            subject_type="submission",
            subject_id=str(self.submission.pk),
            status__in=ExceptionItem.UNRESOLVED,
        )
        return list(items.order_by("pk").values_list("pk", flat=True))


class SubmissionStatusSerializer(serializers.Serializer[SubmissionProgress]):
    submission_id = serializers.UUIDField(source="submission.id")
    status = serializers.ChoiceField(Submission.Status.choices)
    is_test = serializers.BooleanField(
        source="submission.is_test", help_text="A vendor's test delivery: read, kept, and rejected."
    )
    stage = TextOrNull(source="submission.stage", help_text="The next stage to run.")
    lead_id = serializers.UUIDField(source="submission.lead_id", allow_null=True)
    exception_ids = serializers.ListField(
        child=serializers.IntegerField(), help_text="What is open about it."
    )
    received_at = serializers.DateTimeField(source="submission.received_at")
    handed_off_at = serializers.DateTimeField(source="submission.handed_off_at", allow_null=True)


class SubmissionStatus(APIView):
    """For staff, and for holders of the form's token."""

    authentication_classes = (FormOrStaffToken,)
    permission_classes = ()

    @extend_schema(
        operation_id="read_submission",
        summary="Ask how far a submission has got",
        tags=["submissions"],
        auth=[{"tokenAuth": []}, {"formToken": []}],  # type: ignore[list-item]
        responses=answers(SubmissionStatusSerializer, 401, 403, 404),
    )
    def get(self, request: Request, submission_id: UUID) -> Response:
        submission = Submission.objects.select_related("form").filter(pk=submission_id).first()
        user = request.user
        is_staff = user.is_authenticated and user.is_staff
        is_for_this = covers(request, Scope.READ)
        may_read = is_staff and is_for_this and user.has_perm("intake.view_submission")
        if may_read and submission is not None and not access.may(user, Submission, submission.pk):
            submission = None
        if not may_read and not _has_form_token(request._request, submission):
            if is_staff:
                raise ApiProblem(403, StaffWith.message if is_for_this else token_is_not_for(Scope.READ))
            raise ApiProblem(
                401, "Send a staff token or the form's token.", headers={"WWW-Authenticate": "Token"}
            )
        if submission is None:
            raise ApiProblem(404, "There is no such submission.")
        return Response(SubmissionStatusSerializer(SubmissionProgress(submission, timezone.now())).data)


def _has_form_token(request: HttpRequest, submission: Submission | None) -> bool:
    return submission is not None and credentials.has_token(
        submission.form, request.headers.get("Authorization", "")
    )
