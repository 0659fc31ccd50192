"""The button that tries what a connection's token may do."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.decorators import action
from unfold.forms import BaseDialogForm

from crm_sync.connection.connecting import connect
from crm_sync.connectors.base import SetupProblem
from crm_sync.connectors.budget import Budget
from crm_sync.models import CrmConnection
from crm_sync.outbound import rights
from plumbing.admin_kit.pages import to_page
from plumbing.http import RemoteError


class TestsRights:
    """For the page of a connection: each scope is tried, and what lacks is at the top, with what stays undone."""

    @action(
        description="Test",
        icon="key",
        permissions=["change"],
        dialog={
            "title": "Test the connection now?",
            "description": "Tries each scope that its token needs, by calls that change nothing there.",
            "form_class": None,
            "form_submit_text": "Test",
        },
    )
    def test_rights(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        connection = CrmConnection.objects.get(pk=object_id)
        budget = Budget(connection.budget)
        try:
            found = rights.lacking(connection, connect(connection, budget=budget))
        except (RemoteError, SetupProblem) as error:
            messages.error(request, f"The connection does not work: {error}")
        else:
            for words in found:
                messages.error(request, words)
            if not found:
                messages.success(
                    request, "The connection works, and its token has every scope that it needs."
                )
        finally:
            CrmConnection.objects.filter(pk=connection.pk).update(budget=budget.state)
        return to_page(reverse("admin:crm_sync_crmconnection_change", args=(object_id,)))
