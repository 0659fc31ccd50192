"""From a row to its record in the CRM, in a tab of its own."""

from django.utils.html import format_html
from django.utils.safestring import SafeString

from crm_sync.connectors.records import RemoteKind
from crm_sync.models import CrmConnection


def record_link(
    connection: CrmConnection, remote_id: str, kind: RemoteKind = "contacts", *, gone: bool = False
) -> SafeString | str:
    """The record's number, as a link where the CRM has said where its records are looked at; "" for no record."""
    address = "" if gone else connection.page_of(remote_id, kind)
    if not address:
        return f"#{remote_id}" if remote_id else ""
    return format_html(
        '<a class="text-link" href="{}" target="_blank" rel="noopener noreferrer" title="Open the record in {}">#{} ↗</a>',
        address,
        connection.crm_name,
        remote_id,
    )
