"""HubSpot's contacts, companies and deals as records that no CRM owns: which properties are read, and what they mean."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from crm_sync.connectors.hubspot.contacts import EMAIL, MERGED
from crm_sync.connectors.hubspot.formats import SEPARATOR, moment
from crm_sync.connectors.hubspot.properties import LEAD_ID
from crm_sync.connectors.hubspot.versions import Paths
from crm_sync.connectors.records import (
    RemoteCompany,
    RemoteContact,
    RemoteDeal,
    RemoteKind,
    RemoteRecord,
)

OWNER = "hubspot_owner_id"
LIFECYCLE = "lifecyclestage"
LEAD_STATUS = "hs_lead_status"
# Lifecycles of somebody who has bought.
CUSTOMERS = ("customer", "evangelist")

_MODIFIED = "hs_lastmodifieddate"
_PRIMARY_TYPES = frozenset({5})
CONTACT_PROPERTIES = (
    EMAIL,
    "hs_additional_emails",
    OWNER,
    LIFECYCLE,
    LEAD_STATUS,
    "associatedcompanyid",
    "hs_object_source",
    LEAD_ID,
    "createdate",
    "lastmodifieddate",
    "notes_last_contacted",
    MERGED,
)
_COMPANY_PROPERTIES = (
    "name",
    "domain",
    "hs_additional_domains",
    "hs_parent_company_id",
    OWNER,
    LIFECYCLE,
    "hs_ideal_customer_profile",
    "country",
    "phone",
    "zip",
    _MODIFIED,
    MERGED,
)
_DEAL_PROPERTIES = (
    "dealname",
    "pipeline",
    "dealstage",
    "hs_is_closed",
    "hs_is_closed_won",
    OWNER,
    "closedate",
    _MODIFIED,
)


@dataclass(frozen=True, slots=True)
class RecordShape:
    """How one kind is asked for. `associations`: what the list gives along with each record."""

    path: Callable[[Paths], str]
    properties: tuple[str, ...]
    modified: str
    read: Callable[[Mapping[str, Any]], RemoteRecord]
    associations: tuple[str, ...] = ()


def contact(each: Mapping[str, Any]) -> RemoteContact:
    values = _values(each)
    emails = [values.get(EMAIL, ""), *_several(values, "hs_additional_emails")]
    return RemoteContact(
        remote_id=str(each["id"]),
        emails=[address.strip().lower() for address in emails if address.strip()],
        owner_id=values.get(OWNER, ""),
        lifecycle=values.get(LIFECYCLE, ""),
        lead_status=values.get(LEAD_STATUS, ""),
        account_id=values.get("associatedcompanyid", ""),
        source=values.get("hs_object_source", ""),
        lead_key=values.get(LEAD_ID, ""),
        made_at=moment(values.get("createdate") or each.get("createdAt")),
        modified_at=moment(values.get("lastmodifieddate") or each.get("updatedAt")),
        last_contacted_at=moment(values.get("notes_last_contacted")),
        merged_ids=_several(values, MERGED),
    )


def company(each: Mapping[str, Any]) -> RemoteCompany:
    values = _values(each)
    return RemoteCompany(
        remote_id=str(each["id"]),
        name=values.get("name", ""),
        domains=[values.get("domain", ""), *_several(values, "hs_additional_domains")],
        parent_id=values.get("hs_parent_company_id", ""),
        owner_id=values.get(OWNER, ""),
        lifecycle=values.get(LIFECYCLE, ""),
        tier=values.get("hs_ideal_customer_profile", ""),
        is_customer=values.get(LIFECYCLE, "") in CUSTOMERS,
        country=values.get("country", ""),
        phone=values.get("phone", ""),
        postal_code=values.get("zip", ""),
        modified_at=moment(values.get(_MODIFIED) or each.get("updatedAt")),
        merged_ids=_several(values, MERGED),
    )


def deal(each: Mapping[str, Any]) -> RemoteDeal:
    values = _values(each)
    closed, won = values.get("hs_is_closed") == "true", values.get("hs_is_closed_won") == "true"
    companies = _associated(each, "companies")
    return RemoteDeal(
        remote_id=str(each["id"]),
        name=values.get("dealname", ""),
        pipeline=values.get("pipeline", ""),
        stage=values.get("dealstage", ""),
        state="won" if won else "lost" if closed else "open",
        owner_id=values.get(OWNER, ""),
        contact_ids=list(dict.fromkeys(number for number, _ in _associated(each, "contacts"))),
        account_id=main_one(companies),
        closed_at=moment(values.get("closedate")) if closed or won else None,
        modified_at=moment(values.get(_MODIFIED) or each.get("updatedAt")),
    )


def main_one(linked: Iterable[tuple[str, bool]]) -> str:
    """The primary one, else the first; "" of none."""
    return next((number for number, _ in sorted(linked, key=lambda each: not each[1])), "")


def is_primary(types: Any) -> bool:
    return any(isinstance(each, Mapping) and each.get("typeId") in _PRIMARY_TYPES for each in types or ())


SHAPES: dict[RemoteKind, RecordShape] = {
    "contacts": RecordShape(lambda paths: paths.contacts, CONTACT_PROPERTIES, "lastmodifieddate", contact),
    "companies": RecordShape(lambda paths: paths.companies, _COMPANY_PROPERTIES, _MODIFIED, company),
    "deals": RecordShape(
        lambda paths: paths.deals, _DEAL_PROPERTIES, _MODIFIED, deal, ("contacts", "companies")
    ),
}


def _values(each: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in (each.get("properties") or {}).items() if value is not None}


def _several(values: Mapping[str, str], name: str) -> list[str]:
    return [each.strip() for each in values.get(name, "").split(SEPARATOR) if each.strip()]


def _associated(each: Mapping[str, Any], kind: str) -> list[tuple[str, bool]]:
    results = ((each.get("associations") or {}).get(kind) or {}).get("results") or ()
    return [(str(one.get("id") or ""), str(one.get("type") or "").endswith("_primary")) for one in results]
