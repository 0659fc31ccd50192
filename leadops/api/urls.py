"""Addresses below /api/."""

from django.urls import path

from leadops.api.submissions import SubmissionStatus
from leadops.api.submit import submit

app_name = "api"

urlpatterns = [
    path("v1/forms/<slug:form_key>/submissions", submit, name="submit"),
    path("v1/submissions/<uuid:submission_id>", SubmissionStatus.as_view(), name="submission"),
]
