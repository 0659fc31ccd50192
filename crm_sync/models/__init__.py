"""What crm_sync keeps: connections, mappings, properties there, links to records, the mirror, the outbox, events."""

from crm_sync.models.born import BornContact
from crm_sync.models.connections import CrmConnection, FieldMapping, OwnerLink
from crm_sync.models.inbound import InboundEvent
from crm_sync.models.left_out import LeftOutValue
from crm_sync.models.logins import CrmLogin
from crm_sync.models.mirror import Account, KnownContact, MirrorProgress, OpenDeal
from crm_sync.models.outbox import CrmLink, OutboxEntry, PushTries
from crm_sync.models.reconciliation import CrmDifference, Reconciliation
from crm_sync.models.schema import CrmProperty

__all__ = [
    "Account",
    "BornContact",
    "CrmConnection",
    "CrmDifference",
    "CrmLink",
    "CrmLogin",
    "CrmProperty",
    "FieldMapping",
    "InboundEvent",
    "KnownContact",
    "LeftOutValue",
    "MirrorProgress",
    "OpenDeal",
    "OutboxEntry",
    "OwnerLink",
    "PushTries",
    "Reconciliation",
]
