"""GET /api/v1/submissions/{id}: how far a submission has got."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.authentication import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from exception_queue.models import ExceptionItem
from intake import credentials
from intake.models import Submission
from leadops.api.documents import problems, shape
from leadops.api.problems import ApiProblem
from leadops.api.staff import StaffWith


class FormOrStaffToken(TokenAuthentication):
    """A staff token as everywhere; a form's own bearer token is checked by the view, which knows the form."""

    def authenticate(self, request: Request) -> Any:
        try:
            return super().authenticate(request)
        except AuthenticationFailed:
            return None


STATUS = shape(
    "SubmissionStatus",
    {
        "submission_id": serializers.UUIDField(),
        "status": serializers.ChoiceField(Submission.Status.choices),
        "is_test": serializers.BooleanField(help_text="A vendor's test delivery: read, kept, and rejected."),
        "stage": serializers.CharField(allow_null=True, help_text="The next stage to run."),
        "lead_id": serializers.UUIDField(allow_null=True),
        "exception_ids": serializers.ListField(child=serializers.IntegerField()),
        "received_at": serializers.DateTimeField(),
        "handed_off_at": serializers.DateTimeField(allow_null=True),
    },
)


class SubmissionStatus(APIView):
    """How far a submission has got. For staff, and for holders of the form's token."""

    authentication_classes = (FormOrStaffToken,)
    permission_classes = ()

    @extend_schema(
        operation_id="read_submission",
        tags=["submissions"],
        auth=[{"tokenAuth": []}, {"formToken": []}],  # type: ignore[list-item]
        responses={200: STATUS, **problems(401, 403, 404)},
    )
    def get(self, request: Request, submission_id: UUID) -> Response:
        submission = Submission.objects.select_related("form").filter(pk=submission_id).first()
        user = request.user
        is_staff = user.is_authenticated and user.is_staff
        may_read = is_staff and user.has_perm("intake.view_submission")
        if not may_read and not _has_form_token(request._request, submission):
            if is_staff:
                raise ApiProblem(403, StaffWith.message)
            raise ApiProblem(
                401, "Send a staff token or the form's token.", headers={"WWW-Authenticate": "Token"}
            )
        if submission is None:
            raise ApiProblem(404, "There is no such submission.")
        return Response(describe(submission))


def describe(submission: Submission) -> dict[str, Any]:
    """The body of the answer."""
    claimed = submission.claimed_until is not None and submission.claimed_until > timezone.now()
    status = Submission.Status.PROCESSING if claimed and submission.due_at else submission.status
    items = ExceptionItem.objects.filter(
        subject_type="submission", subject_id=str(submission.pk), status__in=ExceptionItem.UNRESOLVED
    )
    return {
        "submission_id": str(submission.pk),
        "status": status,
        "is_test": submission.is_test,
        "stage": submission.stage or None,
        "lead_id": str(submission.lead_id) if submission.lead_id else None,
        "exception_ids": list(items.order_by("pk").values_list("pk", flat=True)),
        "received_at": submission.received_at,
        "handed_off_at": submission.handed_off_at,
    }


def _has_form_token(request: HttpRequest, submission: Submission | None) -> bool:
    return submission is not None and credentials.has_token(
        submission.form, request.headers.get("Authorization", "")
    )
