"""Pages of what is published together: what differs stands above the list, and is published from there."""

import copy
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max, Model
from django.forms import Media
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.urls import reverse

from plumbing.admin_kit.pages import ConfigurationPage
from routing.access import sees_everybody
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

    @property
    def media(self) -> Media:
        own: Media = super().media + Media(js=["routing/row_order.js"])
        return own

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if self.ordering_field and not self._may_order(request):
            return self._without_handles().changelist_view(request, extra_context)
        response: HttpResponse = super().changelist_view(
            request, {**(extra_context or {}), **unpublished(request)}
        )
        return response

    def _may_order(self, request: HttpRequest) -> bool:
        """One order is for all teams: only who sees all of them changes it."""
        return self.has_change_permission(request) and sees_everybody(request.user)

    def _without_handles(self) -> "DraftPage":
        """For those who may only look: the template shows a handle wherever rows have an order."""
        page = copy.copy(self)
        page.ordering_field = None
        page.list_display = [name for name in self.list_display if name != self.ordering_field]
        page.list_editable = [name for name in self.list_editable if name != self.ordering_field]
        return page

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        if self.ordering_field is None:
            return ()
        name = f"{self.opts.app_label}_{self.opts.model_name}_order"
        return (*super().get_custom_urls(), ("order/", name, self.save_order))

    def save_order(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """A dragged order is saved on drop, as a draft. The rows that were on the screen change places among
        themselves; those that a filter hid keep theirs.
        """
        if not self._may_order(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        asked = [pk for pk in request.POST.getlist("row") if pk.isdecimal()]
        with transaction.atomic():
            locked = self.model._default_manager.select_for_update().in_bulk()
            before = [pk for pk in self._in_order() if pk in locked]
            shown = list(dict.fromkeys(int(pk) for pk in asked if int(pk) in locked))
            places = iter(shown)
            after = [next(places) if pk in shown else pk for pk in before]
            for position, pk in enumerate(after):
                row = locked[pk]
                if row.position != position:
                    row.position = position
                    row.save(update_fields=["position"])
        return JsonResponse({"before": [pk for pk in before if pk in shown]})

    def _in_order(self) -> list[int]:
        ordering = self.get_ordering(HttpRequest()) or ("position", "pk")
        return list(self.model._default_manager.order_by(*ordering).values_list("pk", flat=True))

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
