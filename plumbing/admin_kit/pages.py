"""What the console's pages have in common."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import reverse
from django.utils.text import capfirst
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin

from plumbing.admin_kit import reading


def to_page(url: str) -> HttpResponse:
    """The answer to a dialog, which HTMX has sent: the whole page goes there."""
    return HttpResponse(headers={"HX-Redirect": url})


class TitledList(ModelAdmin):
    """A list is headed by the word that the navigation has for it: the model's plural, or `list_title`."""

    list_title = ""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = self.list_title or capfirst(self.opts.verbose_name_plural)
        response: HttpResponse = super().changelist_view(request, {"title": title, **(extra_context or {})})
        return response


class Page(TitledList):
    """Every list says what it is for when it is empty (templates/unfold/helpers/empty_results.html).

    `glance` is what stands above the form of one row: the answer first, the form below.
    """

    list_fullwidth = True
    list_filter_submit = True
    compressed_fields = True
    show_facets = ModelAdmin.show_facets.NEVER
    empty_icon = "inbox"
    empty_title = ""
    empty_text = ""
    # How those who may not change a row read a field that is stored as JSON; plain lists where nothing is said.
    words: Mapping[str, reading.Words] = {}

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        return (
            fieldsets
            if obj is None or self._may_change(request, obj)
            else reading.fieldsets(self, fieldsets, obj)
        )

    def _may_change(self, request: HttpRequest, row: Any) -> bool:
        # A page that nobody may change says itself how its rows are read.
        return isinstance(self, ReadOnlyPage) or bool(self.has_change_permission(request, row))

    def summary(self, request: HttpRequest, row: Any) -> Mapping[str, Any]:
        """More context for the templates above and below the form of one row."""
        return {}

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = context.get("original")
        if row is not None:
            context.update(self.summary(request, row))
            if not self._may_change(request, row):
                context["adminform"].model_admin = reading.without_conditions(self)
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response


class ConfigurationPage(SimpleHistoryAdmin, Page):
    """Rows that people edit. Every change is a history row; rows are switched off rather than deleted, unless
    `may_delete` says that nothing refers to them."""

    may_delete = False
    warn_unsaved_form = True
    save_on_top = False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may_delete and bool(super().has_delete_permission(request, obj))

    def history_form_view(
        self,
        request: HttpRequest,
        object_id: str,
        version_id: str,
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """An older version is looked at. simple_history would save what is posted here, for whoever may look."""
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        if not self.has_change_permission(request):
            # Its page is a form, which fails for whoever may not fill it in: the history itself says what changed.
            return HttpResponseRedirect(
                reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_history", args=(object_id,))
            )
        response: HttpResponse = super().history_form_view(request, object_id, version_id, extra_context)
        return response

    def get_actions(self, request: HttpRequest) -> dict[str, tuple[Callable[..., str], str, str] | None]:
        actions: dict[str, tuple[Callable[..., str], str, str] | None] = super().get_actions(request)
        if not self.may_delete:
            actions.pop("delete_selected", None)
        return actions


class ReadOnlyPage(Page):
    """Rows that only the machine writes."""

    actions: Sequence[str] | None = None

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        # Nobody edits these rows, so there is no history to look at.
        return super().render_change_form(request, {**context, "show_history": False}, *args, **kwargs)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
