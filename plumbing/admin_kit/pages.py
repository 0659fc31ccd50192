"""What the console's pages have in common."""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from functools import wraps
from typing import Any

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, reverse
from django.utils.text import capfirst
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin

from plumbing import access
from plumbing.admin_kit import reading
from plumbing.whole_numbers import whole_number

NOT_YOURS = "That would make it another team's. Choose a team, an owner or a target that you look after."


def to_page(url: str) -> HttpResponse:
    """The answer to a dialog, which HTMX has sent: the whole page goes there."""
    return HttpResponse(headers={"HX-Redirect": url})


class TitledList(ModelAdmin):
    """A list is headed by the word that the navigation has for it: the model's plural, or `list_title`.

    What no row can be called by is not found, whatever is done with the rows of this page.
    """

    list_title = ""

    def get_urls(self) -> list[URLPattern]:
        return [
            URLPattern(one.pattern, self._of_possible_rows(one.callback), one.default_args, one.name)
            for one in super().get_urls()
        ]

    def _of_possible_rows(self, view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if "object_id" in kwargs:
                self.refuse_impossible(kwargs["object_id"])
            return view(request, *args, **kwargs)

        return asked

    def refuse_impossible(self, object_id: str) -> None:
        """Raises Http404 for what is no key of this model."""
        try:
            self.opts.pk.to_python(unquote(str(object_id)))
        except ValidationError as error:
            raise Http404("No row is called that.") from error

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = self.list_title or capfirst(self.opts.verbose_name_plural)
        response: HttpResponse = super().changelist_view(request, {"title": title, **(extra_context or {})})
        return response


class TheirRows:
    """Pages and inlines, before their own class: they offer and show the rows that the viewer may see (`plumbing.access`)."""

    model: Any

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)  # type: ignore[misc]
        return access.rows_for(request.user, rows)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Nobody refers to what they cannot see; what a row refers to already may stay."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]
        related = db_field.remote_field.model
        if field is None or not access.is_limited(request.user, related):
            return field
        rows = related._default_manager.all()
        theirs = Q(pk__in=access.rows_for(request.user, rows).values("pk"))
        named = request.resolver_match.kwargs.get("object_id") if request.resolver_match else None
        if named is not None:
            theirs |= Q(pk__in=self._referred(db_field, named))
        field.queryset = rows.filter(theirs)
        return field

    def _referred(self, db_field: Any, object_id: str) -> QuerySet[Any, Any]:
        """What that row of the page refers to by this field now; for inlines, what the rows below it do."""
        keys = {"pk": object_id} if not hasattr(self, "parent_model") else _below(self, object_id)
        rows = self.model._default_manager.filter(**keys, **{f"{db_field.name}__isnull": False})
        found: QuerySet[Any, Any] = rows.values(db_field.attname)
        return found


def _below(inline: Any, object_id: str) -> dict[str, str]:
    name = inline.fk_name or next(
        field.name
        for field in inline.model._meta.concrete_fields
        if field.remote_field is not None and field.remote_field.model is inline.parent_model
    )
    return {name: object_id}


class PartOfItsPage:
    """An inline, before its own class, whose rows are a part of the row above them: whoever may look at that row may look at
    them, and whoever may change or add it may change and add them. Removing them takes the model's own permission."""

    parent_model: Any

    def _may(self, request: HttpRequest, *verbs: str) -> bool:
        opts = self.parent_model._meta
        user = request.user
        return any(user.has_perm(f"{opts.app_label}.{verb}_{opts.model_name}") for verb in verbs)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "view", "change")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "change")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "add" if obj is None else "change")


class Page(TheirRows, TitledList):
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

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(super().has_view_permission(request, obj)) and self._is_theirs(request, obj, "look")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(super().has_change_permission(request, obj)) and self._is_theirs(request, obj, "act")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(super().has_delete_permission(request, obj)) and self._is_theirs(request, obj, "act")

    def _is_theirs(self, request: HttpRequest, obj: Any, to: access.To) -> bool:
        """Unfold asks about dialogs with a row's id instead of the row. Each row is asked for once per request."""
        pk = getattr(obj, "pk", obj)
        if pk is None:
            return True
        known: dict[Any, bool] = request.__dict__.setdefault("_theirs", {})
        key = (self.model, str(pk), to)
        if key not in known:
            known[key] = access.may(request.user, self.model, pk, to)
        return known[key]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Inside the transaction of saving: what a row has become must still be theirs."""
        super().save_related(request, form, formsets, change)
        if not access.may(request.user, self.model, form.instance.pk, "act"):
            raise PermissionDenied(NOT_YOURS)

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        response: HttpResponse | None = super().response_action(
            request, access.rows_for(request.user, queryset, "act")
        )
        return response

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if self.list_editable and access.is_limited(request.user, self.model, "act"):
            # Rows that are not theirs stand between those that are: each is edited on its own page.
            page = copy(self)
            page.list_editable = []
            return page.changelist_view(request, extra_context)
        return super().changelist_view(request, extra_context)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        return (
            fieldsets
            if obj is None or self._may_change(request, obj)
            else reading.fieldsets(self, fieldsets, obj, opens=lambda row: self._may_open(request, row))
        )

    def _may_open(self, request: HttpRequest, row: Any) -> bool:
        page = self.admin_site._registry.get(type(row))
        return page is not None and bool(page.has_view_permission(request, row))

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

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request, unquote(object_id)):
            raise PermissionDenied
        response: HttpResponse = super().history_view(request, object_id, extra_context)
        return response

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
        self.refuse_impossible(object_id)
        if whole_number(version_id) is None:
            raise Http404("No version is called that.")
        if not self.has_view_permission(request, unquote(object_id)):
            raise PermissionDenied
        if not self.has_change_permission(request, unquote(object_id)):
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
