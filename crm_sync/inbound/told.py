"""Events of a connection where nothing can be read: what they say is all that is known."""

from datetime import datetime

from crm_sync.inbound import touches
from crm_sync.inbound.outcomes import Known, Result, Status
from crm_sync.models import CrmLink, InboundEvent
from routing.handover.actions import came_in


def is_late(event: InboundEvent) -> bool:
    """The order in which things happened is that of the events' own moments."""
    others = InboundEvent.objects.filter(
        connection=event.connection_id, remote_id=event.remote_id, property_name=event.property_name
    )
    return others.filter(status=Status.DONE, occurred_at__gt=event.occurred_at or event.received_at).exists()


def contact(known: Known, link: CrmLink, event: InboundEvent, *, now: datetime) -> Result:
    """Somebody was in contact: proof, as what is read there is."""
    touch = known.connector.told(event.payload).touch
    if touch is None or touch.at < came_in(link.lead_id):
        return Status.IGNORED, "That was before the lead came in"
    if touches.tell(known.connection, link, [touch], now=now):
        return Status.DONE, "Contacted"
    return Status.IGNORED, "It is closed, or was contacted already"
