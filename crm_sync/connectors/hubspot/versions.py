"""Where HubSpot's calls live, by version of its API: one table, and nothing else spells a path.

Versions that are named after their month live for 18 months. https://developers.hubspot.com/changelog
"""

from dataclasses import dataclass
from datetime import date

from crm_sync.connectors.base import ApiVersion


@dataclass(frozen=True, slots=True)
class Paths:
    account: str
    contacts: str
    companies: str
    deals: str
    tasks: str
    calls: str
    emails: str
    meetings: str
    contact_properties: str
    owners: str
    tasks_of_contacts: str
    calls_of_contacts: str
    emails_of_contacts: str
    meetings_of_contacts: str
    contacts_of_deals: str
    companies_of_deals: str


_TABLE: dict[ApiVersion, Paths] = {
    ApiVersion("2026-09", ends_on=date(2028, 3, 8)): Paths(
        account="/account-info/2026-09/details",
        contacts="/crm/objects/2026-09/contacts",
        companies="/crm/objects/2026-09/companies",
        deals="/crm/objects/2026-09/deals",
        tasks="/crm/objects/2026-09/tasks",
        calls="/crm/objects/2026-09/calls",
        emails="/crm/objects/2026-09/emails",
        meetings="/crm/objects/2026-09/meetings",
        contact_properties="/crm/properties/2026-09/contacts",
        owners="/crm/owners/2026-09",
        tasks_of_contacts="/crm/associations/2026-09/contacts/tasks/batch/read",
        calls_of_contacts="/crm/associations/2026-09/contacts/calls/batch/read",
        emails_of_contacts="/crm/associations/2026-09/contacts/emails/batch/read",
        meetings_of_contacts="/crm/associations/2026-09/contacts/meetings/batch/read",
        contacts_of_deals="/crm/associations/2026-09/deals/contacts/batch/read",
        companies_of_deals="/crm/associations/2026-09/deals/companies/batch/read",
    ),
    # Its associations are version 4, which ends before version 3 does (September 2027).
    ApiVersion("v3", ends_on=date(2027, 3, 30)): Paths(
        account="/account-info/v3/details",
        contacts="/crm/v3/objects/contacts",
        companies="/crm/v3/objects/companies",
        deals="/crm/v3/objects/deals",
        tasks="/crm/v3/objects/tasks",
        calls="/crm/v3/objects/calls",
        emails="/crm/v3/objects/emails",
        meetings="/crm/v3/objects/meetings",
        contact_properties="/crm/v3/properties/contacts",
        owners="/crm/v3/owners",
        tasks_of_contacts="/crm/v4/associations/contacts/tasks/batch/read",
        calls_of_contacts="/crm/v4/associations/contacts/calls/batch/read",
        emails_of_contacts="/crm/v4/associations/contacts/emails/batch/read",
        meetings_of_contacts="/crm/v4/associations/contacts/meetings/batch/read",
        contacts_of_deals="/crm/v4/associations/deals/contacts/batch/read",
        companies_of_deals="/crm/v4/associations/deals/companies/batch/read",
    ),
}
VERSIONS = tuple(_TABLE)


def paths_of(version: str) -> Paths:
    return next(paths for known, paths in _TABLE.items() if known.name == version)
