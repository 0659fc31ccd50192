"""Addresses below /api/."""

from django.urls import path, re_path

from leadops.api import exceptions, lead_actions, leads, metrics, simulation
from leadops.api.problems import nothing_here
from leadops.api.submissions import SubmissionStatus
from leadops.api.submit import SubmitView
from leadops.api.webhooks import CrmWebhookView

app_name = "api"

urlpatterns = [
    path("v1/forms/<str:form_key>/submissions", SubmitView.as_view(), name="submit"),
    path("v1/submissions/<uuid:submission_id>", SubmissionStatus.as_view(), name="submission"),
    path("v1/leads", leads.LeadListView.as_view(), name="leads"),
    path("v1/leads/<uuid:lead_id>", leads.LeadDetail.as_view(), name="lead"),
    path("v1/leads/<uuid:lead_id>/timeline", leads.LeadTimeline.as_view(), name="lead-timeline"),
    path("v1/leads/<uuid:lead_id>/assignments", leads.LeadAssignments.as_view(), name="lead-assignments"),
    path("v1/leads/<uuid:lead_id>/reassign", lead_actions.LeadReassign.as_view(), name="lead-reassign"),
    path("v1/leads/<uuid:lead_id>/contacted", lead_actions.LeadContacted.as_view(), name="lead-contacted"),
    path("v1/leads/<uuid:lead_id>/disqualify", lead_actions.LeadDisqualify.as_view(), name="lead-disqualify"),
    path("v1/leads/<uuid:lead_id>/reject", lead_actions.LeadReject.as_view(), name="lead-reject"),
    path("v1/exceptions", exceptions.ExceptionList.as_view(), name="exceptions"),
    path("v1/exceptions/<int:item_id>", exceptions.ExceptionDetail.as_view(), name="exception"),
    path("v1/exceptions/<int:item_id>/claim", exceptions.ClaimView.as_view(), name="exception-claim"),
    path("v1/exceptions/<int:item_id>/retry", exceptions.Retry.as_view(), name="exception-retry"),
    path("v1/exceptions/<int:item_id>/resolve", exceptions.Resolve.as_view(), name="exception-resolve"),
    path("v1/exceptions/<int:item_id>/dismiss", exceptions.Dismiss.as_view(), name="exception-dismiss"),
    path("v1/exceptions/<int:item_id>/snooze", exceptions.Snooze.as_view(), name="exception-snooze"),
    path("v1/simulate", simulation.Simulate.as_view(), name="simulate"),
    path("v1/metrics/handoff", metrics.Handoff.as_view(), name="handoff"),
    path("v1/webhooks/<str:connection_key>", CrmWebhookView.as_view(), name="webhook"),
    re_path(r"^", nothing_here),
]
