"""What crm_sync keeps: connections and mappings, links to CRM records, the mirror, the outbox, events that came in."""

from crm_sync.models.connections import CrmConnection, FieldMapping, OwnerLink
from crm_sync.models.inbound import InboundEvent
from crm_sync.models.mirror import Account, KnownContact, MirrorProgress, OpenDeal
from crm_sync.models.outbox import CrmLink, OutboxEntry

__all__ = [
    "Account",
    "CrmConnection",
    "CrmLink",
    "FieldMapping",
    "InboundEvent",
    "KnownContact",
    "MirrorProgress",
    "OpenDeal",
    "OutboxEntry",
    "OwnerLink",
]
