"""What a CRM has of contacts, companies and deals, in words that no CRM owns: as much as deciding needs.

All `*_id` are the CRM's ids as text, "" for none. Moments are the CRM's own; None where it says nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

# The kinds of records that can be listed, as MirrorProgress.Kind names them.
RemoteKind = Literal["contacts", "companies", "deals"]


@dataclass(frozen=True, slots=True)
class RemoteContact:
    """`emails`: the main address first. `lead_key`: our key on it. `merged_ids`: records that became this one."""

    remote_id: str
    emails: Sequence[str] = ()
    owner_id: str = ""
    lifecycle: str = ""
    lead_status: str = ""
    account_id: str = ""
    source: str = ""
    lead_key: str = ""
    made_at: datetime | None = None
    modified_at: datetime | None = None
    last_contacted_at: datetime | None = None
    merged_ids: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class RemoteCompany:
    """`domains` as the CRM writes them. `is_customer`: it has bought, by the CRM's own lifecycle."""

    remote_id: str
    name: str = ""
    domains: Sequence[str] = ()
    parent_id: str = ""
    owner_id: str = ""
    lifecycle: str = ""
    tier: str = ""
    is_customer: bool = False
    country: str = ""
    phone: str = ""
    postal_code: str = ""
    modified_at: datetime | None = None
    merged_ids: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class RemoteDeal:
    remote_id: str
    name: str = ""
    pipeline: str = ""
    stage: str = ""
    state: Literal["open", "won", "lost"] = "open"
    owner_id: str = ""
    contact_ids: Sequence[str] = ()
    account_id: str = ""
    closed_at: datetime | None = None
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RemoteTouch:
    """Somebody has been in contact with a contact, by hand and both ways or one to one: no confirmation, sequence or note.

    `owner_id`: who of us, as an owner there.
    """

    contact_id: str
    kind: Literal["call", "email", "meeting"]
    at: datetime
    owner_id: str = ""


RemoteRecord = RemoteContact | RemoteCompany | RemoteDeal


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Records of one kind. `after` asks for those that follow, "" where there are none. `total`: of all pages, where it is
    said."""

    records: Sequence[RemoteRecord]
    after: str = ""
    total: int | None = None


@dataclass(frozen=True, slots=True)
class DeletedPage:
    """Ids of records that were deleted. `after` as in RecordPage."""

    ids: Sequence[str]
    after: str = ""
