"""What is published: checking and publishing the drafts, older versions, and the settings that go with them."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils import timezone
from unfold.decorators import display
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from plumbing import findings
from plumbing.admin_kit.moments import moment
from plumbing.admin_kit.pages import ReadOnlyPage
from plumbing.admin_kit.rows import Column, PairsField, RowsWidget
from plumbing.counting import counted
from plumbing.findings import headline
from routing.admin.conditions import in_words
from routing.admin.drafts import DraftPage
from routing.engine.account_match import LABELS
from routing.models import RoutingRule, RoutingSettings, RuleSet
from routing.rules import elsewhere, publishing, ruleset_changes
from routing.rules.draft_findings import Finding

NOTE_LENGTH = 300
_PAGES = {"rule": "routingrule", "territory": "territory", "sla_policy": "slapolicy", "rotation": "rotation"}


@admin.register(RuleSet)
class RuleSetPage(ReadOnlyPage):
    list_title = "Published"
    list_display = ["version_label", "when", "published_by", "note"]
    search_fields = ["note", "published_by", "=version"]
    change_form_outer_before_template = "routing/ruleset.html"
    readonly_fields = ["when"]
    fieldsets = [(None, {"fields": ["version", "when", "published_by", "note"]})]
    empty_icon = "publish"
    empty_title = "Nothing is published yet"
    empty_text = "Rules, territories, scoring and response times are drafts until you publish them together."

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.publish_view)
        return [path("publish/", view, name="routing_ruleset_publish"), *super().get_urls()]

    def publish_view(self, request: HttpRequest) -> HttpResponse:
        """Shows what a publication would change and what is wrong; POST publishes."""
        if not request.user.has_perm("routing.add_ruleset"):
            raise PermissionDenied
        if request.method == "POST":
            note = request.POST.get("note", "").strip()[:NOTE_LENGTH]
            try:
                ruleset = publishing.publish(by=str(request.user), note=note, now=timezone.now())
            except publishing.NotPublishable:
                messages.error(request, "Not published: fix what stands below in red first.")
            else:
                messages.success(request, f"Version {ruleset.version} is in force: the next lead follows it.")
                against = sum(
                    len(one.objections)
                    for one in elsewhere.ask_all(request.user, ask=False, now=timezone.now())
                )
                if against:
                    words = counted(against, "thing stands", "things stand")
                    messages.warning(
                        request, f"{words} against leads on their way to the CRM: see Exceptions."
                    )
                return HttpResponseRedirect(reverse("admin:routing_routingrule_changelist"))
        if request.headers.get("HX-Request"):
            # The page has come without waiting; this part of it may call other systems.
            heard = elsewhere.ask_all(request.user, ask=True, now=timezone.now())
            return TemplateResponse(request, "routing/elsewhere.html", {"elsewhere": heard, "asked": True})
        return TemplateResponse(request, "routing/publish.html", self._publish_context(request))

    def _publish_context(self, request: HttpRequest) -> dict[str, Any]:
        found = publishing.findings()
        changes = publishing.unpublished_changes()
        return {
            **self.admin_site.each_context(request),
            "title": "Check and publish",
            "opts": RoutingRule._meta,
            "answer": _answer(found, changes, publishing.current()),
            "changes": changes,
            "errors_found": [_shown(one) for one in found if one.level == "error"],
            "warnings_found": [_shown(one) for one in found if one.level != "error"],
            "elsewhere": elsewhere.ask_all(request.user, ask=False, now=timezone.now()),
            "current": publishing.current(),
            "note_length": NOTE_LENGTH,
            "back_url": reverse("admin:routing_routingrule_changelist"),
        }

    def summary(self, request: HttpRequest, row: RuleSet) -> Mapping[str, Any]:
        before = RuleSet.objects.filter(version__lt=row.version).order_by("-version").first()
        return {
            "answer": f"Version {row.version}" + (" is in force" if row == publishing.current() else ""),
            "changes": ruleset_changes.sentences(before.snapshot if before else None, row.snapshot),
            "rules": [
                {
                    "name": rule["name"],
                    "if": f"If {in_words(rule['when'])}" if rule["when"] else "Every lead",
                    "then": rule["target"]["name"] or "the account's owner",
                }
                for rule in row.snapshot["rules"]
            ],
        }

    @display(description="Published", ordering="published_at")
    def when(self, row: RuleSet) -> str:
        return moment(row.published_at)

    @display(description="Version", ordering="version", header=True)
    def version_label(self, row: RuleSet) -> list[str]:
        newest = publishing.current()
        return [f"Version {row.version}", "in force" if newest == row else ""]


def _answer(found: Sequence[Finding], changes: Sequence[str], current: RuleSet | None) -> str:
    """The worst finding first, then how much there is to publish and to look at."""
    errors = sum(one.level == "error" for one in found)
    if errors:
        rest = f"{counted(errors, 'thing')} to fix before this can be published."
    elif changes and found:
        rest = f"{counted(len(changes), 'change')}, {counted(len(found), 'warning')}."
    elif changes:
        them = "it" if len(changes) == 1 else "them"
        rest = f"{counted(len(changes), 'change')}, and nothing that speaks against {them}."
    else:
        rest = (
            f"Nothing to publish: the drafts say what version {current.version} says."
            if current
            else "Nothing to publish: there are no drafts yet."
        )
    worst = headline(
        (
            findings.Finding(
                "fail" if one.level == "error" else "warn",
                f"“{one.where.name}”: {one.message}" if one.where.name else one.message,
            )
            for one in found
        ),
        praise="",
    )
    return f"{worst} {rest}".strip()


def _shown(finding: Finding) -> dict[str, str]:
    """A finding with the page where it is fixed; no url where there is none."""
    model, where = _PAGES.get(finding.where.kind), finding.where
    url = reverse(f"admin:routing_{model}_change", args=(where.id,)) if model and where.id else ""
    if not url and where.kind == "scoring":
        url = f"{reverse('admin:routing_scoringrule_changelist')}?q={quote(where.name)}"
    return {"message": finding.message, "hint": finding.hint, "url": url, "name": where.name}


class AccountStepsField(forms.Field):
    """The steps by which an account is found, one a row, in their order; what is no row is switched off."""

    def __init__(self, **kwargs: Any) -> None:
        columns = (Column("step", "The account is found by", list(LABELS.items())),)
        super().__init__(widget=RowsWidget(columns, add="Add a step"), required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return [{"step": one} if isinstance(one, str) else one for one in value or []]

    def clean(self, value: Any) -> list[str]:
        steps = [row["step"] for row in value or []]
        for step in steps:
            if step not in LABELS:
                raise forms.ValidationError(f"“{step}” is no step.")
            if steps.count(step) > 1:
                raise forms.ValidationError(f"“{LABELS[step]}” stands there twice.")
        return steps

    def has_changed(self, initial: Any, data: Any) -> bool:
        return [row["step"] for row in self.prepare_value(initial)] != [row["step"] for row in data or []]


class SettingsForm(forms.ModelForm):  # type: ignore[type-arg]
    category_caps = PairsField(
        label="Most points per category",
        left="Category",
        right="Points",
        help_text="Keeps one category from deciding alone: fit counts at most 50.",
    )

    account_steps = AccountStepsField(
        label="In this order",
        help_text="Named accounts and the CRM's. The first step that finds one decides; a step without a row is switched off.",
    )

    class Meta:
        model = RoutingSettings
        fields = [
            "hot_from",
            "warm_from",
            "category_caps",
            "sticky",
            "sticky_days",
            "sticky_when_away",
            "account_steps",
            "account_owner_from",
        ]
        labels = {"sticky_days": "for so many days", "sticky_when_away": "when that owner is away"}
        widgets = {"hot_from": UnfoldAdminIntegerFieldWidget(), "warm_from": UnfoldAdminIntegerFieldWidget()}
        help_texts = {
            "sticky_days": "From the last assignment or two-way contact.",
            "account_owner_from": "For companies that belong to another: who decides where their leads go.",
        }

    def clean_category_caps(self) -> dict[str, int]:
        caps: dict[str, int] = {}
        for category, points in self.cleaned_data["category_caps"].items():
            try:
                caps[category] = int(points)
            except ValueError as error:
                raise forms.ValidationError(f"“{points}” is no number of points.") from error
        return caps

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        hot, warm = cleaned.get("hot_from"), cleaned.get("warm_from")
        if hot is not None and warm is not None and warm >= hot:
            self.add_error("warm_from", "Warm has to begin below hot.")
        return cleaned


@admin.register(RoutingSettings)
class SettingsPage(DraftPage):
    """One row: the list leads straight to it."""

    form = SettingsForm
    may_delete = False
    ordering_field = None
    conditional_fields = {"sticky_days": "sticky == true", "sticky_when_away": "sticky == true"}
    fieldsets = [
        ("Score", {"fields": ["hot_from", "warm_from", "category_caps"]}),
        ("Returning leads", {"fields": ["sticky", "sticky_days", "sticky_when_away"]}),
        ("Which account a lead belongs to", {"fields": ["account_steps", "account_owner_from"]}),
    ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        row, _ = RoutingSettings.objects.get_or_create(pk=1)
        return HttpResponseRedirect(reverse("admin:routing_routingsettings_change", args=(row.pk,)))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def summary(self, request: HttpRequest, row: RoutingSettings) -> Mapping[str, Any]:
        sticky = (
            f"a returning lead stays with its owner for {row.sticky_days} days"
            if row.sticky
            else "a returning lead is decided afresh"
        )
        return {"answer": f"Hot from {row.hot_from} points, warm from {row.warm_from}; {sticky}."}
