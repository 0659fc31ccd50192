"""On the page of an exception about a rule of the CRM: which leads wait for it."""

from typing import Any

from django.urls import reverse
from unfold.widgets import INPUT_CLASSES

from crm_sync.admin.defaults import lines_without
from crm_sync.outbound import broken_rules
from exception_queue.models import ExceptionItem
from exception_queue.pages import Panel
from plumbing import access

SHOWN = 25


def panel(item: ExceptionItem, user: Any) -> Panel | None:
    """The oldest of those that this person may see, and how many there are. None where none waits, or they see no leads."""
    rows = access.rows_for(user, broken_rules.leads_of(item.subject_id))
    leads = rows.count()
    if not leads or not user.has_perm("intake.view_lead"):
        return None
    connection_id, rule = broken_rules.named(item.subject_id)
    properties = [each.strip() for each in str(item.detail.get("property", "")).split(",")]
    outbox = reverse("admin:crm_sync_outboxentry_changelist")
    return Panel(
        "crm_sync/refused_leads.html",
        {
            "leads": leads,
            "lines": lines_without(connection_id, properties),
            "may": user.has_perm("crm_sync.change_crmconnection"),
            "default_url": reverse("admin:crm_sync_crmconnection_default", args=(connection_id,)),
            "crm": item.detail.get("connection", ""),
            "input_class": " ".join(INPUT_CLASSES),
            "rows": rows.select_related("lead")[:SHOWN],
            "more": max(0, leads - SHOWN),
            "all_url": f"{outbox}?connection__id__exact={connection_id}&rule__exact={rule}"
            if user.has_perm("crm_sync.view_outboxentry")
            else "",
        },
    )
