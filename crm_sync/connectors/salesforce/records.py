"""Leads and contacts: which of the two a record is, its id says. A lead that was converted is a contact from then on."""

from collections.abc import Iterable, Mapping
from typing import Literal

from crm_sync.connectors.salesforce.formats import is_id

PersonObject = Literal["Lead", "Contact"]
LEAD: PersonObject = "Lead"
CONTACT: PersonObject = "Contact"

KEY = "leadops_id__c"
EMAIL = "Email"
OWNER = "OwnerId"
STATUS = "Status"
MODIFIED = "SystemModstamp"

# What a lead has and a contact has not: the first is its account's, how far somebody got is the lead's.
LEADS_ALONE = frozenset({"Company", STATUS})

# https://help.salesforce.com/s/articleView?id=000385203
_PREFIXES: Mapping[str, PersonObject] = {"00Q": LEAD, "003": CONTACT}


def object_of(remote_id: str) -> PersonObject | None:
    """None for what is neither."""
    return _PREFIXES.get(remote_id[:3]) if is_id(remote_id) else None


def by_object(remote_ids: Iterable[str]) -> dict[PersonObject, list[str]]:
    found: dict[PersonObject, list[str]] = {}
    for each in remote_ids:
        if (of := object_of(each)) is not None:
            found.setdefault(of, []).append(each)
    return found
