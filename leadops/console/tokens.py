"""API tokens: everybody's own, and a superuser sees all. A token is shown once, on the page that answers its form."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from leadops.access import tokens
from leadops.models import ApiToken
from plumbing.admin_kit.moments import moment
from plumbing.admin_kit.pages import ReadOnlyPage, to_page

Scope = ApiToken.Scope
WHAT_FOR = {
    Scope.READ: "Read: look at leads, exceptions, submissions and figures, and try out decisions",
    Scope.ACT: "Act: reassign, mark as contacted, settle exceptions, whatever changes something",
    Scope.SUBMIT: "Submit: post submissions to webhook forms",
    Scope.ADMIN: "Operations: read /metrics, and what /readyz says in detail",
}
LASTS = {"30": "30 days", "90": "90 days", "365": "a year", "": "until somebody revokes it"}
FILTER_MINE = "whose"


class TokenForm(forms.ModelForm):  # type: ignore[type-arg]
    scopes = forms.MultipleChoiceField(
        label="What it is for",
        choices=list(WHAT_FOR.items()),
        initial=[Scope.READ],
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text="It never gives more than its user may.",
    )
    lasts = forms.ChoiceField(
        label="It is valid for",
        choices=list(LASTS.items()),
        initial="90",
        required=False,
        widget=UnfoldAdminSelectWidget(),
    )
    maker: User

    class Meta:
        model = ApiToken
        fields = ("name", "user", "scopes")
        help_texts = {"name": "The program that will use it, and where it runs."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "user" in self.fields:
            self.fields["user"].label = "Acts as"
            self.fields["user"].initial = self.maker.pk
            self.fields["user"].help_text = "The program acts as this person, with their permissions."

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        user = values.setdefault("user", self.maker)
        if user and not (user.is_active and user.is_staff):
            self.add_error(
                "user", "This person may not use the console, so a token of theirs would open nothing."
            )
        if ApiToken.objects.filter(user=user, name=values.get("name"), revoked_at=None).exists():
            self.add_error("name", "There is a token with this name: revoke it, or choose another name.")
        return values


class WhoseFilter(DropdownFilter):
    title = "Whose"
    parameter_name = FILTER_MINE

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("mine", "My own")] if request.user.is_superuser else []

    def queryset(self, request: HttpRequest, rows: QuerySet[ApiToken]) -> QuerySet[ApiToken]:
        return rows.filter(user=request.user.pk) if self.value() == "mine" else rows


@admin.register(ApiToken)
class TokenAdmin(ReadOnlyPage):
    form = TokenForm
    list_display = ["title", "person", "is_for", "expires", "last_used", "state"]
    list_filter = [WhoseFilter]
    list_select_related = ["user"]
    search_fields = ["name", "user__username", "user__email"]
    autocomplete_fields = ["user"]
    actions_detail = actions_row = ["revoke"]
    empty_icon = "key"
    empty_title = "No API tokens yet"
    empty_text = "Make one for each program: it sends the token as “Authorization: Token …”."

    def has_view_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return self.has_add_permission(request) and (obj is None or _sees(request.user, obj))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and request.user.is_staff)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """With their person, and to clear away old ones."""
        return bool(request.user.is_active and request.user.is_superuser)

    def has_revoke_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        rows = self.get_queryset(request).filter(revoked_at=None)
        return object_id is None or rows.filter(pk=object_id).exists()

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        rows: QuerySet[ApiToken] = super().get_queryset(request)
        return rows if request.user.is_superuser else rows.filter(user=request.user.pk)

    def get_list_display(self, request: HttpRequest) -> list[str]:
        return [name for name in self.list_display if name != "person" or request.user.is_superuser]

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> list[str]:
        if obj is not None:
            return ["name", "user", "shown_start", "is_for", "expires", "last_used", "created", "state"]
        return ["name", *(["user"] if request.user.is_superuser else []), "scopes", "lasts"]

    def get_readonly_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> list[str]:
        return self.get_fields(request, obj) if obj is not None else []

    def get_form(self, request: HttpRequest, obj: ApiToken | None = None, **kwargs: Any) -> Any:
        if obj is not None:
            return super().get_form(request, obj, **{**kwargs, "form": forms.ModelForm})
        kwargs["fields"] = [name for name in self.get_fields(request) if name != "lasts"]
        made = super().get_form(request, obj, **kwargs)
        return type("TokenFormOf", (made,), {"maker": request.user})

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """One button: whatever is saved is shown next, and only then."""
        only_save = {"show_save_and_add_another": False, "show_save_and_continue": False}
        answer: HttpResponse = super().add_view(request, form_url, {**only_save, **(extra_context or {})})
        return answer

    @sensitive_variables("token")
    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        said, now = form.cleaned_data, timezone.now()
        days = said["lasts"]
        row, token = tokens.make(
            said["user"],
            name=said["name"],
            scopes=said["scopes"],
            expires_at=now + timedelta(days=int(days)) if days else None,
            now=now,
        )
        obj.pk, obj.user = row.pk, row.user
        obj.shown_once = token

    def response_add(
        self, request: HttpRequest, obj: ApiToken, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Not led on to: the token would have to be kept somewhere until then. A second post of the form is refused by name."""
        context = {
            **self.admin_site.each_context(request),
            "title": "Copy the token now",
            "opts": self.opts,
            "token": obj.shown_once,
            "row": self.get_queryset(request).get(pk=obj.pk),
        }
        return TemplateResponse(
            request, "leadops/token_shown_once.html", context, headers={"Cache-Control": "no-store"}
        )

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: Any) -> HttpResponse:
        """Back to the list: Django leads whoever may not change rows home."""
        super().response_delete(request, obj_display, obj_id)
        return HttpResponseRedirect(reverse("admin:leadops_apitoken_changelist"))

    @action(
        description="Revoke…",
        icon="block",
        variant=ActionVariant.DANGER,
        permissions=["revoke"],
        dialog={
            "title": "Revoke this token?",
            "description": "The program that uses it is refused from this moment on. There is no way back: it needs a new one.",
            "form_class": None,
            "form_submit_text": "Revoke",
        },
    )
    def revoke(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        row = self.get_queryset(request).get(pk=object_id)
        tokens.revoke(row, now=timezone.now())
        self.log_change(request, row, "Revoked.")
        self.message_user(request, f"“{row.name}” is revoked.")
        return to_page(reverse("admin:leadops_apitoken_changelist"))

    @display(description="Token", header=True, ordering="name")
    def title(self, row: ApiToken) -> list[str]:
        return [row.name, f"{row.start}…"]

    @display(description="Acts as", ordering="user__username")
    def person(self, row: ApiToken) -> str:
        return row.user.get_full_name() or row.user.get_username()

    @display(description="Begins with")
    def shown_start(self, row: ApiToken) -> str:
        return f"{row.start}…"

    @display(description="For")
    def is_for(self, row: ApiToken) -> str:
        return ", ".join(Scope(scope).label for scope in row.scopes)

    @display(description="Expires", ordering="expires_at")
    def expires(self, row: ApiToken) -> str:
        return moment(row.expires_at, "date") if row.expires_at else "never"

    @display(description="Last used", ordering="last_used_at")
    def last_used(self, row: ApiToken) -> str:
        return moment(row.last_used_at, "ago") if row.last_used_at else "never"

    @display(description="Made", ordering="created_at")
    def created(self, row: ApiToken) -> str:
        return moment(row.created_at, "date")

    @display(
        description="State",
        label={
            "valid": "success",
            "soon": "warning",
            "expired": "danger",
            "shut": "danger",
            "revoked": "info",
        },
    )
    def state(self, row: ApiToken) -> tuple[str, str]:
        now = timezone.now()
        if row.revoked_at:
            return "revoked", "Revoked"
        if not row.is_valid(now):
            return "expired", "Expired"
        if not (row.user.is_active and row.user.is_staff):
            return "shut", "Its user has no access"
        if row.expires_at and row.expires_at - now < tokens.EXPIRES_SOON:
            return "soon", "Expires soon"
        return "valid", "Valid"


def _sees(user: Any, row: ApiToken) -> bool:
    return bool(user.is_superuser or row.user_id == user.pk)
