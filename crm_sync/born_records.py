"""From a submission or a lead to the record there that it was made of."""

from collections.abc import Sequence
from uuid import UUID

from crm_sync.models import BornContact, CrmConnection


def records_of(connection: CrmConnection, submissions: Sequence[UUID]) -> dict[UUID, str]:
    """The numbers there of contacts that these submissions are of; one query, none for nobody."""
    if not submissions:
        return {}
    rows = BornContact.objects.filter(connection=connection, submission__in=submissions)
    return dict(rows.values_list("submission_id", "remote_id"))


def records_of_leads(connection: CrmConnection, leads: Sequence[UUID]) -> dict[UUID, str]:
    """The number there of the contact that each of these leads was made of; one query, none for nobody."""
    if not leads:
        return {}
    rows = BornContact.objects.filter(connection=connection, submission__lead__in=leads).order_by("-pk")
    return dict(rows.values_list("submission__lead", "remote_id"))
