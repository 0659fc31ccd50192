"""Whom a person gave a lead to in the CRM is taken in before anything of ours is written there.

Where a CRM says of a record only who changed it last (`Connector.authors_of_records`), a write of ours would hide that a person
did it, and their choice would be changed back as an automation's. So records of ours are read before they are written, a batch in
one call, and what a person did waits for nobody: the lead's row does, until that was worked on.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from crm_sync import heard, outbox
from crm_sync.connection import lease, owners
from crm_sync.connectors.base import Present
from crm_sync.models import CrmLink
from crm_sync.outbound.lead_push import Push
from crm_sync.outbound.session import ConnectionSession

PAUSE = timedelta(seconds=2)


def put_off(session: ConnectionSession, pushes: dict[str, Push]) -> None:
    """Those that wait for what a person did there leave `pushes`, and are due again soon. Raises RemoteError, LeaseLost."""
    name = session.plan.names.owner
    if not session.connector.authors_of_records or name not in session.plan.lines:
        return
    linked = {push.link.remote_id: push for push in pushes.values() if push.link is not None}
    found = session.connector.read(list(linked), by="id", properties=[name], history=[name])
    news = {number: each for number, each in found.items() if _is_news(session, linked[number].link, each)}
    if not news:
        return
    now = timezone.now()
    with transaction.atomic():
        lease.hold(session.pk, session.token)
        waiting = [linked[number] for number in heard.note_seen(session.connection, news, now=now)]
        outbox.wait([push.entry for push in waiting], until=now + PAUSE)
    for push in waiting:
        del pushes[push.key]


def _is_news(session: ConnectionSession, link: CrmLink | None, present: Present) -> bool:
    """Whether a person has given it to somebody else, of which we have not heard; or made another record of it."""
    name = session.plan.names.owner
    author, value = present.authors.get(name), present.properties.get(name, "")
    if link is None or author is None or not session.connector.is_person(author):
        return False
    if present.remote_id != link.remote_id:
        return True
    if value in (link.sent.get(name, ""), link.kept.get(name)):
        return False
    # Whom we have refused is shown already.
    return link.shown_owner != owners.shown_as(session.pk, value)
