"""Leads, contacts, accounts and opportunities as records that no CRM owns: which fields are read, and what they mean.

Leads and contacts are both somebody: an id says which. A lead has no account; of a contact, its account says whether it buys.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from crm_sync.connectors.records import RemoteCompany, RemoteContact, RemoteDeal, RemoteKind, RemoteRecord
from crm_sync.connectors.salesforce.formats import long_id, moment
from crm_sync.connectors.salesforce.records import CONTACT, EMAIL, KEY, LEAD, MODIFIED, OWNER, STATUS
from crm_sync.connectors.salesforce.soql import Row, text

# Types of an account that has bought, as every org has them.
CUSTOMERS = ("Customer", "Customer - Direct", "Customer - Channel")

# The records that became each, by its id.
Merged = Mapping[str, Sequence[str]]
_PERSON = ("Id", EMAIL, OWNER, KEY, "LeadSource", "CreatedDate", "LastActivityDate", MODIFIED)


@dataclass(frozen=True, slots=True)
class ObjectShape:
    """How one object is asked for. `live`: which of its rows count. `read` takes who owns nobody's records. `optional`: our user
    need not see it."""

    object: str
    fields: tuple[str, ...]
    read: Callable[[Row, Merged, str], RemoteRecord]
    live: str = ""
    optional: bool = False


def _person(row: Row, merged: Merged, us: str) -> RemoteContact:
    number, owner = long_id(text(row, "Id")), long_id(text(row, OWNER))
    email = text(row, EMAIL).strip().lower()
    return RemoteContact(
        remote_id=number,
        emails=[email] if email else [],
        owner_id="" if owner == us else owner,
        lifecycle=text(row, "Account.Type"),
        lead_status=text(row, STATUS),
        account_id=long_id(text(row, "AccountId")),
        source=text(row, "LeadSource"),
        lead_key=text(row, KEY),
        made_at=moment(row.get("CreatedDate")),
        modified_at=moment(row.get(MODIFIED)),
        last_contacted_at=moment(_noon(text(row, "LastActivityDate"))),
        merged_ids=merged.get(number, ()),
    )


def _company(row: Row, merged: Merged, us: str) -> RemoteCompany:
    number, owner = long_id(text(row, "Id")), long_id(text(row, OWNER))
    kind = text(row, "Type")
    return RemoteCompany(
        remote_id=number,
        name=text(row, "Name"),
        domains=[host] if (host := _host(text(row, "Website"))) else [],
        parent_id=long_id(text(row, "ParentId")),
        owner_id="" if owner == us else owner,
        lifecycle=kind,
        is_customer=kind in CUSTOMERS,
        country=text(row, "BillingCountry"),
        phone=text(row, "Phone"),
        postal_code=text(row, "BillingPostalCode"),
        modified_at=moment(row.get(MODIFIED)),
        merged_ids=merged.get(number, ()),
    )


def _deal(row: Row, _merged: Merged, us: str) -> RemoteDeal:
    owner = long_id(text(row, OWNER))
    closed, won = bool(row.get("IsClosed")), bool(row.get("IsWon"))
    return RemoteDeal(
        remote_id=long_id(text(row, "Id")),
        name=text(row, "Name"),
        stage=text(row, "StageName"),
        state="won" if won else "lost" if closed else "open",
        owner_id="" if owner == us else owner,
        account_id=long_id(text(row, "AccountId")),
        closed_at=moment(_noon(text(row, "CloseDate"))) if closed else None,
        modified_at=moment(row.get(MODIFIED)),
    )


LEADS = ObjectShape(LEAD, (*_PERSON, STATUS), _person, live="IsConverted = false")
CONTACTS = ObjectShape(CONTACT, (*_PERSON, "AccountId", "Account.Type"), _person, optional=True)
_ACCOUNTS = ObjectShape(
    "Account",
    (
        "Id",
        "Name",
        "Website",
        "ParentId",
        OWNER,
        "Type",
        "BillingCountry",
        "Phone",
        "BillingPostalCode",
        MODIFIED,
    ),
    _company,
)
_OPPORTUNITIES = ObjectShape(
    "Opportunity",
    ("Id", "Name", "StageName", "IsClosed", "IsWon", OWNER, "AccountId", "CloseDate", MODIFIED),
    _deal,
)
SHAPES: Mapping[RemoteKind, Sequence[ObjectShape]] = {
    "contacts": (LEADS, CONTACTS),
    "companies": (_ACCOUNTS,),
    "deals": (_OPPORTUNITIES,),
}


def _host(website: str) -> str:
    """Of an address as people type it."""
    try:
        return urlsplit(website if "//" in website else f"//{website}").hostname or ""
    except ValueError:
        return ""


def _noon(day: str) -> str:
    """A date without an hour, as the moment in its middle: for most zones it is that day."""
    return f"{day}T12:00:00+00:00" if day else ""
