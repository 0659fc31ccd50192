"""What the CRM knows, as it was read last: contacts, accounts, deals. Nobody edits these rows; they are changed in the CRM."""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import (
    BooleanRadioFilter,
    ChoicesDropdownFilter,
    RangeDateTimeFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import display

from crm_sync.admin.record_links import record_link
from crm_sync.connectors.records import RemoteKind
from crm_sync.models import Account, CrmConnection, KnownContact, OpenDeal, OwnerLink
from crm_sync.polling import lag
from plumbing.admin_kit.moments import moment
from plumbing.admin_kit.pages import ReadOnlyPage
from plumbing.counting import counted


class MirrorPage(ReadOnlyPage):
    kind: RemoteKind
    list_before_template = "crm_sync/mirror_age.html"
    list_select_related = ["connection"]
    empty_icon = "cloud_download"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        people = OwnerLink.objects.filter(connection=OuterRef("connection"), remote_id=OuterRef("owner_id"))
        rows: QuerySet[Any] = super().get_queryset(request)
        named: QuerySet[Any] = rows.annotate(owner_email=Subquery(people.values("email")[:1]))
        return named

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        ages = [
            (connection, path)
            for connection in CrmConnection.objects.filter(active=True)
            for path in lag.paths(connection, now=timezone.now())
            if path.kind == self.kind
        ]
        return super().changelist_view(request, {"ages": ages, **(extra_context or {})})

    @display(description="Number there", ordering="remote_id")
    def number(self, row: Any) -> SafeString | str:
        return record_link(row.connection, row.remote_id, self.kind, gone=row.gone)

    @display(description="Account there", empty_value="–")
    def account(self, row: Any) -> SafeString | str | None:
        return record_link(row.connection, row.account_id, "companies") or None

    @display(description="Owner there", empty_value="nobody")
    def owner(self, row: Any) -> str | None:
        return row.owner_email or (f"owner {row.owner_id}" if row.owner_id else None)

    @display(description="Changed there", ordering="modified_at")
    def changed(self, row: Any) -> str:
        return moment(row.modified_at, "ago")


@admin.register(KnownContact)
class KnownContactPage(MirrorPage):
    kind = "contacts"
    list_title = "Contacts there"
    list_display = ["title", "number", "owner", "lifecycle", "lead_status", "ours", "connection", "changed"]
    list_filter = [
        ("connection", RelatedDropdownFilter),
        ("gone", BooleanRadioFilter),
        ("modified_at", RangeDateTimeFilter),
    ]
    search_fields = ["emails__icontains", "remote_id__exact", "lifecycle"]
    search_help_text = "An e-mail address or a part of one, or the number there"
    fields = [
        "connection", "number", "addresses", "owner", "lifecycle", "lead_status", "account", "source", "lead_key",
        "made_at", "modified_at", "last_contacted_at", "gone",
    ]  # fmt: skip
    readonly_fields = ["number", "addresses", "owner", "account"]
    empty_title = "No contacts read yet"
    empty_text = "An active connection's contacts are read page by page, and asked for changes after that."

    @display(description="Contact", header=True)
    def title(self, row: KnownContact) -> list[str]:
        more = counted(len(row.emails) - 1, "more address", "more addresses") if len(row.emails) > 1 else ""
        return [str(row), more]

    @display(description="E-mail addresses")
    def addresses(self, row: KnownContact) -> str:
        return ", ".join(row.emails)

    @display(description="A lead here", boolean=True)
    def ours(self, row: KnownContact) -> bool:
        return bool(row.lead_key)


@admin.register(Account)
class AccountPage(MirrorPage):
    kind = "companies"
    list_title = "Accounts there"
    list_display = [
        "title",
        "number",
        "owner",
        "is_customer",
        "tier",
        "lifecycle",
        "country",
        "connection",
        "changed",
    ]
    list_filter = [
        ("connection", RelatedDropdownFilter),
        ("is_customer", BooleanRadioFilter),
        ("gone", BooleanRadioFilter),
    ]
    search_fields = ["name", "domains__icontains", "remote_id__exact"]
    search_help_text = "A name, a domain, or the number there"
    fields = [
        "connection", "number", "name", "all_domains", "owner", "is_customer", "tier", "lifecycle", "parent", "country",
        "postal_code", "phone", "modified_at", "gone",
    ]  # fmt: skip
    readonly_fields = ["number", "all_domains", "owner", "parent"]
    empty_title = "No accounts read yet"
    empty_text = "An active connection's companies are read page by page, and asked for changes after that."

    @display(description="Account", header=True, ordering="name")
    def title(self, row: Account) -> list[str]:
        return [str(row), ", ".join(row.domains[:2])]

    @display(description="Company above it", empty_value="–")
    def parent(self, row: Account) -> SafeString | str | None:
        return record_link(row.connection, row.parent_id, self.kind) or None

    @display(description="Domains")
    def all_domains(self, row: Account) -> str:
        return ", ".join(row.domains)


@admin.register(OpenDeal)
class DealPage(MirrorPage):
    kind = "deals"
    list_title = "Deals there"
    list_display = ["title", "number", "how", "stage", "pipeline", "owner", "connection", "changed"]
    list_filter = [
        ("connection", RelatedDropdownFilter),
        ("state", ChoicesDropdownFilter),
        ("gone", BooleanRadioFilter),
    ]
    search_fields = ["name", "remote_id__exact", "stage"]
    search_help_text = "A name, a stage, or the number there"
    fields = [
        "connection", "number", "name", "how", "pipeline", "stage", "owner", "contacts", "account", "closed_at",
        "modified_at", "gone",
    ]  # fmt: skip
    readonly_fields = ["number", "how", "owner", "contacts", "account"]
    empty_title = "No deals read yet"
    empty_text = "An active connection's deals are read page by page, and asked for changes after that."

    @display(description="Deal", ordering="name")
    def title(self, row: OpenDeal) -> str:
        return str(row)

    @display(
        description="State", ordering="state", label={"open": "info", "won": "success", "lost": "warning"}
    )
    def how(self, row: OpenDeal) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @display(description="Contacts there", empty_value="–")
    def contacts(self, row: OpenDeal) -> SafeString | None:
        return (
            format_html_join(", ", "{}", [(record_link(row.connection, one),) for one in row.contact_ids])
            or None
        )
