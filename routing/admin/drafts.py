"""Pages of what is published together: what differs stands above the list, and is published from there."""

from typing import Any

from django.db.models import Max, Model
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from plumbing.admin_kit.pages import ConfigurationPage
from routing.admin.conditions import in_words
from routing.rules import publishing

MOST_SHOWN = 6


class DraftPage(ConfigurationPage):
    """Rows are drafts until they are published; nothing refers to them but snapshots, so they may be deleted."""

    may_delete = True
    words = {"when": lambda condition: in_words(condition) if condition else "every lead"}
    list_before_template = "routing/unpublished.html"
    change_form_outer_before_template = "routing/draft_summary.html"
    ordering_field: str | None = "position"
    hide_ordering_field = True
    # The order is what the rows mean; another one on the screen would mislead.
    sortable_by = ("position",)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response: HttpResponse = super().changelist_view(
            request, {**(extra_context or {}), **unpublished(request)}
        )
        return response

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        if not change and self.ordering_field:
            last = type(obj)._default_manager.aggregate(last=Max("position"))["last"]
            obj.position = 0 if last is None else last + 1
        super().save_model(request, obj, form, change)

    def response_add(
        self, request: HttpRequest, obj: Model, post_url_continue: str | None = None
    ) -> HttpResponse:
        self._remind(request)
        response: HttpResponse = super().response_add(request, obj, post_url_continue)
        return response

    def response_change(self, request: HttpRequest, obj: Model) -> HttpResponse:
        self._remind(request)
        response: HttpResponse = super().response_change(request, obj)
        return response

    def _remind(self, request: HttpRequest) -> None:
        if publishing.unpublished_changes():
            self.message_user(request, "Saved as a draft. Leads follow it once it is published.", "warning")


def unpublished(request: HttpRequest) -> dict[str, Any]:
    """Context of routing/unpublished.html."""
    changes = publishing.unpublished_changes()
    current = publishing.current()
    return {
        "changes": changes[:MOST_SHOWN],
        "change_count": len(changes),
        "more_changes": max(0, len(changes) - MOST_SHOWN),
        "current": current,
        "publish_url": reverse("admin:routing_ruleset_publish"),
        "may_publish": request.user.has_perm("routing.add_ruleset"),
        "versions_url": reverse("admin:routing_ruleset_changelist"),
    }
