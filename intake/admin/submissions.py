"""What came in, as it came in. Only the pipeline writes here."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import (
    BooleanRadioFilter,
    ChoicesDropdownFilter,
    RangeDateTimeFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import display

from intake import bodies
from intake.admin.spam_actions import SpamActions
from intake.canonical import label_of
from intake.models import Submission
from plumbing.admin_kit.moments import moment
from plumbing.admin_kit.pages import ReadOnlyPage
from plumbing.readable import readable


@admin.register(Submission)
class SubmissionPage(SpamActions, ReadOnlyPage):
    actions_detail = ["spam", "not_spam"]
    list_display = ["received", "form_name", "person", "state", "why"]
    list_filter = [
        ("status", ChoicesDropdownFilter),
        ("is_test", BooleanRadioFilter),
        ("form", RelatedDropdownFilter),
        ("received_at", RangeDateTimeFilter),
    ]
    list_select_related = ["form", "lead"]
    search_fields = ["=id", "lead__email", "lead__full_name", "idempotency_key"]
    search_help_text = "A person's name or e-mail, a submission's id, or an idempotency key."
    list_per_page = 50
    empty_icon = "move_to_inbox"
    empty_title = "Nothing has come in yet"
    empty_text = "Each post to a form is kept here exactly as it came in. Open a form to see its address."
    fieldsets = [
        (None, {"fields": ["form", "person", "state", "why", "came_in", "left"]}),
        ("As we read it", {"classes": ["tab"], "fields": ["values_table", "extra_table", "notes_list"]}),
        ("As it came in", {"classes": ["tab"], "fields": ["content_type", "raw_body", "header_table", "ip"]}),
        ("Progress", {"classes": ["tab"], "fields": [
            "id", "stage", "due_at", "attempts", "claimed_until", "unchecked", "cleared_by", "retried_by", "idempotency_key"]}),
    ]  # fmt: skip
    readonly_fields = [
        "state", "why", "person", "came_in", "left", "values_table", "extra_table", "notes_list", "raw_body", "header_table",
        "id",
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Submission]:
        rows: QuerySet[Submission] = super().get_queryset(request)
        if request.resolver_match and request.resolver_match.url_name == "intake_submission_changelist":
            # A page of the list would otherwise read every body.
            return rows.defer("body", "headers", "raw_values", "notes")
        return rows

    @display(description="Received", ordering="received_at")
    def received(self, row: Submission) -> str:
        return moment(row.received_at, "ago")

    @display(description="Form", ordering="form__name")
    def form_name(self, row: Submission) -> str:
        return row.form.name

    @display(description="Person")
    def person(self, row: Submission) -> str:
        values = row.values or {}
        name = " ".join(filter(None, (values.get("first_name"), values.get("last_name"))))
        text = str(row.lead) if row.lead else values.get("full_name") or name or values.get("email") or "–"
        if row.lead is None:
            return str(text)
        try:
            return format_html(
                '<a class="text-link" href="{}">{}</a>',
                reverse("admin:intake_lead_change", args=(row.lead_id,)),
                text,
            )
        except NoReverseMatch:
            return str(text)

    @display(
        description="State",
        ordering="status",
        label={
            "Handed off": "success",
            "Held": "warning",
            "Retrying": "warning",
            "Rejected": "danger",
            "Spam": "danger",
            "Received": "info",
            "Processing": "info",
            "Test delivery": "info",
        },
    )
    def state(self, row: Submission) -> str:
        return "Test delivery" if row.is_test else row.get_status_display()

    @display(description="Why", empty_value="–")
    def why(self, row: Submission) -> str:
        return row.reason

    @display(description="Received")
    def came_in(self, row: Submission) -> str:
        return moment(row.received_at)

    @display(description="Handed off")
    def left(self, row: Submission) -> str:
        return moment(row.handed_off_at)

    @display(description="Our fields")
    def values_table(self, row: Submission) -> SafeString | str:
        raw = row.raw_values or {}
        rows = [(label_of(name), value, raw.get(name, "")) for name, value in row.values.items()]
        return _table(("Field", "We read", "They wrote"), rows)

    @display(description="Other values")
    def extra_table(self, row: Submission) -> SafeString | str:
        return _table(("Name", "Value"), list(row.extra.items()))

    @display(description="Notes")
    def notes_list(self, row: Submission) -> SafeString | str:
        if not row.notes:
            return "None: everything could be read."
        return format_html_join("", "<p>{}</p>", ((_note(note),) for note in row.notes))

    @display(description="Headers")
    def header_table(self, row: Submission) -> SafeString | str:
        return _table(("Header", "Value"), list(row.headers.items()))

    @display(description="Body")
    def raw_body(self, row: Submission) -> SafeString:
        text = row.removal or bodies.shown(bytes(row.body), row.content_type)
        return format_html('<pre class="lo-code lo-tall">{}</pre>', text)


def _note(note: Any) -> str:
    return readable(str(note.get("message") or note) if isinstance(note, dict) else str(note))


def _table(heads: tuple[str, ...], rows: list[tuple[Any, ...]]) -> SafeString | str:
    if not rows:
        return "–"
    head = format_html_join("", "<th>{}</th>", ((text,) for text in heads))
    body = format_html_join(
        "",
        "<tr>{}</tr>",
        ((format_html_join("", "<td>{}</td>", ((readable(str(cell)),) for cell in row)),) for row in rows),
    )
    return format_html(
        '<table class="lo-table"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>', head, body
    )
