"""Which contacts of the mirror become leads, as the connection says. Counted, shown and taken by the same two queries."""

from collections.abc import Sequence

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from crm_sync.models import BornContact, CrmConnection, CrmLink, KnownContact
from intake.models import IntakeForm


def matching(connection: CrmConnection) -> QuerySet[KnownContact]:
    """Contacts that the connection's words are about and that are none of ours; none while it is switched off."""
    said = connection.born_there
    if not said.active or said.begins_at is None:
        return KnownContact.objects.none()
    rows = KnownContact.objects.filter(
        connection=connection, gone=False, lead_key="", made_at__gte=said.begins_at
    )
    if said.only_without_owner:
        rows = rows.filter(owner_id="")
    if said.lifecycles:
        rows = rows.filter(_one_of("lifecycle", said.lifecycles))
    if said.sources:
        rows = rows.filter(_one_of("source", said.sources))
    linked = CrmLink.objects.filter(connection=connection, remote_id=OuterRef("remote_id"))
    return rows.filter(~Exists(linked))


def waiting(connection: CrmConnection) -> QuerySet[KnownContact]:
    """Those whose turn has not come, the oldest first. What was left is looked at again once it was changed there."""
    begun = BornContact.objects.filter(connection=connection, remote_id=OuterRef("remote_id")).exclude(
        status=BornContact.Status.LEFT, contact_modified_at__lt=OuterRef("modified_at")
    )
    return matching(connection).filter(~Exists(begun)).order_by(F("made_at").asc(), "remote_id")


def is_switched_off(connection: CrmConnection) -> bool:
    """Whoever switches off the form takes nothing by it for the moment."""
    return IntakeForm.objects.filter(key=connection.key, kind=IntakeForm.Kind.CRM, active=False).exists()


def _one_of(column: str, words: Sequence[str]) -> Q:
    """The CRM writes it in capitals, people do not."""
    found = Q()
    for word in words:
        found |= Q(**{f"{column}__iexact": word})
    return found
