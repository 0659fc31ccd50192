"""Leads: who asked for us, who has them, and by when somebody answers."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import display
from unfold.views import ChangeList

from intake.canonical import label_of
from intake.lead_changes import VALUE_COLUMNS, LeadEdit, edit_leads
from intake.models import Lead
from leadops import lead_view
from leadops.console.lead import comparing, facts, filters, page
from leadops.console.lead.acting import RARE, SOURCE, LeadActions
from leadops.console.lead.rows import STATUS_TONES, LeadChangeList, due_of, place_of, segment_look
from plumbing.admin_kit.moments import moment
from plumbing.admin_kit.pages import Page
from plumbing.admin_kit.people import initials, name_of
from routing.access import of_leads
from routing.models import SlaClock

_FIELDSETS: list[Any] = [
    ("Person", {"fields": [
        ("first_name", "last_name"), "full_name", ("email", "phone"), ("job_title", "language")]}),
    ("Company", {"fields": [
        ("company", "website"), "industry", ("employee_count", "annual_revenue")]}),
    ("Place", {"fields": [("country", "state"), ("city", "postal_code"), "timezone"]}),
    ("Request", {"fields": [
        ("intent", "product_interest"), ("budget", "timeline"), "existing_customer", "message"]}),
]  # fmt: skip


class LeadForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a person may correct. A value typed here is kept: no later form overwrites it."""

    class Meta:
        model = Lead
        fields = VALUE_COLUMNS
        labels = {name: label_of(name) for name in VALUE_COLUMNS}
        help_texts = {"country": "Two letters: DE, US.", "phone": "With country code: +49 30 901820."}

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("email") and not cleaned.get("phone"):
            self.add_error(
                "email", ValidationError("Keep a way to reach the person: an e-mail address or a phone.")
            )
        if (country := cleaned.get("country")) and not (len(country) == 2 and country.isalpha()):
            self.add_error("country", ValidationError("Two letters, as in DE or US."))
        return cleaned


@admin.register(Lead)
class LeadPage(LeadActions, Page):
    form = LeadForm
    fieldsets = _FIELDSETS
    list_display = [
        "person",
        "company_name",
        "segment",
        "assigned_to",
        "status_word",
        "answer",
        "crm",
        "received",
    ]
    list_display_links = ["person"]
    list_filter = [
        filters.OwnerFilter,
        filters.QueueFilter,
        filters.SegmentFilter,
        filters.ClockFilter,
        ("status", ChoicesDropdownFilter),
        filters.FormFilter,
        filters.CrmFilter,
        ("is_test", BooleanRadioFilter),
        ("created_at", RangeDateTimeFilter),
    ]
    search_fields = ["full_name", "last_name", "company", "email", "=id"]
    search_help_text = "Name, e-mail, phone or company."
    ordering = ["-created_at", "-id"]
    list_per_page = 50
    list_before_template = "leadops/lead/views.html"
    actions = None
    warn_unsaved_form = True
    empty_icon = "contacts"
    empty_title = "No leads yet"
    empty_text = "Post to a form and the person stands here a moment later, with an owner. Open a form to see its address."

    class Media:
        css = {"screen": ["admin/css/vendor/select2/select2.css", "admin/css/autocomplete.css"]}
        js = [
            "admin/js/vendor/jquery/jquery.js",
            "admin/js/vendor/select2/select2.full.js",
            "admin/js/jquery.init.js",
            "unfold/js/select2.init.js",
            "leadops/dialogs.js",
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        # People come in through forms; `import_leads` brings in others.
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return LeadChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Lead]:
        rows: QuerySet[Lead] = super().get_queryset(request)
        if request.resolver_match and request.resolver_match.url_name == "intake_lead_changelist":
            return rows.defer("message", "raw", "attribution", "extra")
        return rows

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Lead], search_term: str
    ) -> tuple[QuerySet[Lead], bool]:
        """A term of digits is a phone number, however it is written."""
        digits = "".join(char for char in search_term if char.isdigit())
        if len(digits) >= 4 and not any(char.isalpha() for char in search_term):
            return queryset.filter(Q(phone__contains=digits.lstrip("0"))), False
        found: tuple[QuerySet[Lead], bool] = super().get_search_results(request, queryset, search_term)
        return found

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        clocks = SlaClock.objects.filter(status=SlaClock.Status.RUNNING)
        running = of_leads(request.user, clocks, lead="lead")
        counts = {"waiting": running.count(), "overdue": running.filter(due_at__lte=timezone.now()).count()}
        more = {"lead_views": _views(request, counts)}
        response: HttpResponse = super().changelist_view(request, {**more, **(extra_context or {})})
        return response

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Without ?edit the page tells the story; with it, it is the form."""
        lead = self.get_object(request, object_id) if object_id else None
        editing = "edit" in request.GET or request.method == "POST"
        more: dict[str, Any] = {"title": str(lead) if lead else "", "show_save_and_continue": False}
        if lead is not None and not editing and self.has_view_permission(request, lead):
            more |= page.context(lead, user=request.user, now=timezone.now())
        response: HttpResponse = super().changeform_view(
            request, object_id, form_url, {**more, **(extra_context or {})}
        )
        if not editing and isinstance(response, TemplateResponse):
            response.template_name = "leadops/lead/page.html"
        if isinstance(response, TemplateResponse) and response.context_data is not None:
            # The buttons stand beside the answer, not in the bar above.
            buttons = response.context_data.pop("actions_detail", [])
            if response.context_data.get("owner") is None:
                buttons = [button for button in buttons if button["title"] != "Decline"]
            response.context_data["lead_actions"] = [one for one in buttons if one["title"] not in RARE]
            response.context_data["rare_actions"] = [one for one in buttons if one["title"] in RARE]
        return response

    def save_model(self, request: HttpRequest, obj: Lead, form: Any, change: bool) -> None:
        values = {name: form.cleaned_data[name] for name in form.changed_data if name in VALUE_COLUMNS}
        with transaction.atomic():
            edit = LeadEdit(obj.pk, values, typed=True)
            edit_leads([edit], actor=name_of(request.user), source=SOURCE, now=timezone.now())

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The timeline says who changed what; a second log would only say less."""
        return None

    def response_change(self, request: HttpRequest, obj: Lead) -> HttpResponse:
        messages.success(request, "Saved. Forms do not overwrite what you typed; the CRM follows.")
        return HttpResponseRedirect(reverse("admin:intake_lead_change", args=(obj.pk,)))

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        return (("<uuid:one>/compare/<uuid:other>/", "intake_lead_compare", self.compare),)

    def compare(self, request: HttpRequest, one: UUID, other: UUID, **kwargs: Any) -> HttpResponse:
        """Two leads side by side: are they one person?"""
        if not self.has_view_permission(request):
            raise PermissionDenied
        leads = self.get_queryset(request).in_bulk([one, other])
        if len(leads) != 2:
            raise Http404("One of these leads is not there.")
        items = comparing.open_items(one, other)
        if request.method == "POST":
            if not self.has_change_permission(request):
                raise PermissionDenied
            comparing.keep_apart(one, other, by=name_of(request.user), source=SOURCE)
            messages.success(
                request, f"{leads[one]} and {leads[other]} are two people. Both leads stay as they are."
            )
            return HttpResponseRedirect(reverse("admin:intake_lead_change", args=(one,)))
        known = lead_view.of_leads([one, other])
        sides = [{"lead": leads[pk], "known": known[pk], "place": place_of(leads[pk])} for pk in (one, other)]
        context = {
            **self.admin_site.each_context(request),
            "title": "Are they one person?",
            "found": [reason for item in items for reason in item.detail.get("reasons", [])],
            "sides": sides,
            "may_decide": self.has_change_permission(request),
            "asked": bool(items)
            or other == leads[one].possible_duplicate_of_id
            or one == leads[other].possible_duplicate_of_id,
            "rows": facts.same_and_different(leads[one], leads[other]),
        }
        return TemplateResponse(request, "leadops/lead/compare.html", context)

    # -- columns -------------------------------------------------------------------------------------------

    @display(description="Lead", ordering="full_name", header=True)
    def person(self, lead: Lead) -> list[str]:
        badge = '{} <span class="lo-badge lo-info">Test</span>'
        name = format_html(badge, lead.person_name) if lead.is_test else lead.person_name
        return [name, lead.email or lead.phone, initials(lead.person_name)]

    @display(description="Company", ordering="company", empty_value="–")
    def company_name(self, lead: Lead) -> str:
        place = place_of(lead)
        return format_html(
            '<span class="lo-who"><span class="lo-clamp">{}</span><small>{}</small></span>',
            lead.company or "–",
            place,
        )

    @display(description="Segment")
    def segment(self, lead: Any) -> str:
        score = lead.view.score
        if score is None:
            return "–"
        look = segment_look(score.segment)
        return format_html(
            '<span class="lo-segment lo-{}"><span class="material-symbols-outlined" aria-hidden="true">{}</span>{} {}</span>',
            look["tone"],
            look["icon"],
            look["word"],
            score.points if score.segment != "disqualified" else "",
        )

    @display(description="Owner or queue")
    def assigned_to(self, lead: Any) -> str:
        row = lead.view.assignment
        if row is None:
            return "–"
        if row.owner is None:
            return format_html(
                '<span class="lo-holder"><span class="material-symbols-outlined" title="Queue">inbox</span>{}</span>',
                row.queue,
            )
        return format_html(
            '<span class="lo-holder"><span class="lo-face">{}</span>{}</span>',
            initials(row.owner.name),
            row.owner,
        )

    @display(description="Status", ordering="status")
    def status_word(self, lead: Lead) -> str:
        tone = STATUS_TONES.get(lead.status, "plain")
        return format_html('<span class="lo-badge lo-{}">{}</span>', tone, lead.get_status_display())

    @display(description="Answer")
    def answer(self, lead: Any) -> str:
        due = due_of(lead.view.clock, now=timezone.now())
        if due is None:
            return "–"
        when = moment(due.at, "due") if due.counts else ""
        word = due.word if due.word != "due" else ""
        return format_html('<span class="lo-due lo-{}" data-late>{} {}</span>', due.tone, word, when)

    @display(description="CRM")
    def crm(self, lead: Any) -> str:
        state = lead.view.crm_in_short
        if state is None:
            return "–"
        return format_html(
            '<span class="lo-badge lo-{}" title="{}">{}</span>',
            state.tone,
            state.error or state.name,
            state.message,
        )

    @display(description="Received", ordering="created_at")
    def received(self, lead: Lead) -> str:
        return moment(lead.created_at, "ago")


def _views(request: HttpRequest, counts: dict[str, int]) -> list[dict[str, Any]]:
    """Lists that people open every day, as links."""
    views = [
        ("All", "", None),
        ("Wait for an answer", "clock=waiting", counts["waiting"]),
        ("Overdue", "clock=overdue", counts["overdue"]),
        ("Mine", "owner=me", None),
        ("In queues", "owner=none", None),
        ("Hot", "segment=hot", None),
        ("Not in the CRM yet", "crm=waiting", None),
    ]
    here = request.GET.urlencode()
    return [
        {"title": title, "link": f"?{query}", "active": query == here, "count": count}
        for title, query, count in views
    ]
