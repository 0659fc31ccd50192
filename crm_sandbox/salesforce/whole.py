"""Whole records: deleted and out of the bin again, merged, converted. All but deleting is done by people only."""

from __future__ import annotations

import sqlite3

from crm_sandbox.salesforce import moments, rows, staff, writing
from crm_sandbox.salesforce.callers import OrgCaller
from crm_sandbox.salesforce.errors import not_found, refused
from crm_sandbox.salesforce.org import Org
from crm_sandbox.salesforce.rows import OrgRecord
from crm_sandbox.wire import Json

MERGEABLE = ("Lead", "Contact", "Account")
# Where records lead to others that may be merged away or become contacts.
_LEADING = {
    "Task": ("WhoId", "WhatId", "AccountId"),
    "Contact": ("AccountId",),
    "Opportunity": ("AccountId", "ContactId"),
    "Event": ("WhoId", "WhatId", "AccountId"),
    "OpportunityContactRole": ("ContactId",),
}


def delete(db: sqlite3.Connection, *, org: Org, caller: OrgCaller, row: OrgRecord) -> None:
    """Into the recycle bin."""
    at = moments.now()
    row.deleted = True
    row.fields |= {"SystemModstamp": at, "LastModifiedDate": at, "LastModifiedById": caller.user_id}
    rows.save(db, row)


def undelete(db: sqlite3.Connection, *, org: Org, caller: OrgCaller, row: OrgRecord) -> None:
    """Raises OrgError: it is not in the bin, it was merged, or another has its unique values now."""
    if not row.deleted or row.fields.get("MasterRecordId"):
        raise not_found("entity is not in the recycle bin")
    for name, made in org.definitions.fields(db, row.type).items():
        value = row.fields.get(name)
        if (
            made["unique"]
            and value is not None
            and rows.holding(db, type=row.type, name=name, value=str(value))
        ):
            raise refused("DUPLICATE_VALUE", f"duplicate value found: {name}")
    row.deleted = False
    writing.set_fields(db, org=org, row=row, caller=caller, changed={})


def merge(
    db: sqlite3.Connection, *, org: Org, caller: OrgCaller, master: OrgRecord, losers: list[OrgRecord]
) -> None:
    """The master keeps its values and takes those that it lacks, but no external id. Up to two others, as in Salesforce.

    Raises OrgError.
    """
    if master.type not in MERGEABLE or any(row.type != master.type for row in losers):
        raise refused("INVALID_ID_FIELD", "records of one object are merged: leads, contacts or accounts")
    if not 1 <= len(losers) <= 2 or master.id in [row.id for row in losers]:
        raise refused("NUMBER_OUTSIDE_VALID_RANGE", "one or two others are merged into a record")
    if any(row.fields.get("IsConverted") for row in (master, *losers)):
        raise refused("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
    fields = org.definitions.fields(db, master.type)
    taken: Json = {}
    for row in losers:
        for name, value in row.fields.items():
            made = fields.get(name)
            if made and made["updateable"] and not made["unique"] and not made["externalId"]:
                taken.setdefault(name, value)
    for row in losers:
        row.fields["MasterRecordId"] = master.id
        delete(db, org=org, caller=caller, row=row)
        _lead_elsewhere(db, org=org, caller=caller, old=row.id, new=master.id)
    changed = {name: value for name, value in taken.items() if master.fields.get(name) in (None, "")}
    writing.set_fields(db, org=org, row=master, caller=caller, changed=changed)


def convert(
    db: sqlite3.Connection,
    *,
    org: Org,
    caller: OrgCaller,
    lead: OrgRecord,
    account_id: str = "",
    contact_id: str = "",
    opportunity: str = "",
    status: str = "",
    owner_id: str = "",
) -> Json:
    """Into an account, a contact and, where it has a name, an opportunity: their ids. Open tasks go to the contact.

    Raises OrgError.
    """
    if lead.type != "Lead" or lead.deleted:
        raise not_found("There is no such lead")
    if lead.fields.get("IsConverted"):
        raise refused("CANNOT_UPDATE_CONVERTED_LEAD", "lead already converted")
    converted = [name for name, each in staff.status_values(db, "LeadStatus").items() if each["IsConverted"]]
    if status and status not in converted:
        raise refused("INVALID_STATUS", f"invalid convertedStatus: {status}")
    owner = owner_id or lead.get("OwnerId")
    if not owner.startswith("005"):
        owner = caller.user_id
    account = _account(db, org=org, caller=caller, lead=lead, id=account_id, owner=owner)
    contact = _contact(db, org=org, caller=caller, lead=lead, id=contact_id, account=account, owner=owner)
    made: Json = {"accountId": account, "contactId": contact, "opportunityId": None}
    if opportunity:
        given: Json = {
            "Name": opportunity,
            "AccountId": account,
            "ContactId": contact,
            "StageName": "Prospecting",
            "CloseDate": moments.in_days(90),
            "OwnerId": owner,
            "LeadSource": lead.fields.get("LeadSource"),
        }
        made["opportunityId"] = writing.create(db, org=org, caller=caller, type="Opportunity", given=given).id
    changed: Json = {
        "IsConverted": True,
        "ConvertedDate": moments.today(),
        "ConvertedAccountId": account,
        "ConvertedContactId": contact,
        "ConvertedOpportunityId": made["opportunityId"],
        "Status": status or converted[0],
    }
    _lead_elsewhere(db, org=org, caller=caller, old=lead.id, new=contact)
    writing.set_fields(db, org=org, row=lead, caller=caller, changed=changed)
    return made


def _account(
    db: sqlite3.Connection, *, org: Org, caller: OrgCaller, lead: OrgRecord, id: str, owner: str
) -> str:
    if id:
        return id
    names = ("Phone", "Website", "Industry", "AnnualRevenue", "NumberOfEmployees")
    given = {name: lead.fields[name] for name in names if lead.fields.get(name) is not None}
    given |= {f"Billing{name}": lead.fields[name] for name in _PLACE if lead.fields.get(name)}
    given |= {"Name": lead.get("Company"), "OwnerId": owner}
    return writing.create(db, org=org, caller=caller, type="Account", given=given).id


def _contact(
    db: sqlite3.Connection, *, org: Org, caller: OrgCaller, lead: OrgRecord, id: str, account: str, owner: str
) -> str:
    if id:
        return id
    names = (
        "FirstName",
        "LastName",
        "Salutation",
        "Title",
        "Email",
        "Phone",
        "MobilePhone",
        "LeadSource",
        "Description",
    )
    given = {name: lead.fields[name] for name in names if lead.fields.get(name) is not None}
    given |= {f"Mailing{name}": lead.fields[name] for name in _PLACE if lead.fields.get(name)}
    given |= {"AccountId": account, "OwnerId": owner}
    # Custom fields of one name are usually mapped onto one another.
    custom = [name for name in org.definitions.fields(db, "Contact") if name.endswith("__c")]
    given |= {name: lead.fields[name] for name in custom if lead.fields.get(name) is not None}
    return writing.create(db, org=org, caller=caller, type="Contact", given=given).id


_PLACE = ("Street", "City", "State", "PostalCode", "Country")


def _lead_elsewhere(db: sqlite3.Connection, *, org: Org, caller: OrgCaller, old: str, new: str) -> None:
    """What belonged to one record belongs to another; closed tasks of a converted lead too."""
    for type, names in _LEADING.items():
        for name in names:
            for row in rows.holding(db, type=type, name=name, value=old, exact=True):
                writing.set_fields(db, org=org, row=row, caller=caller, changed={name: new}, quiet=True)
