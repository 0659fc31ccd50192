"""What a lead can have, as the org describes it to our user: a field that it may not see does not exist.

A description is dated, and not sent again while it holds: "not modified" also means that no permission, profile or label of the
org has changed. https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_conditional.htm
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from crm_sync.connectors.base import Need, SetupProblem
from crm_sync.connectors.definitions import PropertyDefinition, PropertyType, Schema
from crm_sync.connectors.salesforce.client import OrgClient
from crm_sync.connectors.salesforce.records import KEY, LEAD

HOW_TO_MAKE_KEY = (
    "Make it in Setup > Object Manager > Lead > Fields & Relationships: Text, length 36, name leadops_id, Unique "
    "(case insensitive) and External ID, and let the user of this connection see and edit it."
)
GONE = "Salesforce says the same of a field that the user of this connection may not see: look at the field-level security too."
_DESCRIBE = f"/sobjects/{LEAD}/describe"
_LONGEST_STAMP = 300
_TYPES: dict[str, PropertyType] = {
    "boolean": "boolean",
    "date": "date",
    "datetime": "datetime",
    "multipicklist": "choices",
    "reference": "reference",
    "int": "number",
    "double": "number",
    "currency": "number",
    "percent": "number",
    "long": "number",
}
# What takes the name of a place, and where its code goes in an org that has lists of them. Codes of states are each country's.
_PLACES = {"Country": "CountryCode", "State": ""}
# Where an org has made no others; for leads that somebody made there.
# https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_lead.htm
USUAL = {
    "first_name": "FirstName",
    "last_name": "LastName",
    "phone": "Phone",
    "job_title": "Title",
    "company": "Company",
    "website": "Website",
    "country": "Country",
    "state": "State",
    "city": "City",
    "postal_code": "PostalCode",
    "industry": "Industry",
    "employee_count": "NumberOfEmployees",
    "annual_revenue": "AnnualRevenue",
    "message": "Description",
}
# What an org has before its admin makes other values; none that converts.
USUAL_STATUS = {
    "new": "Open - Not Contacted",
    "working": "Working - Contacted",
    "contacted": "Working - Contacted",
    "disqualified": "Closed - Not Converted",
}


def prepare(client: OrgClient, needs: Sequence[Need]) -> list[str]:
    """Nothing is made: whoever may change an org's objects is asked to. Returns what does not exist. Raises SetupProblem."""
    known = described(client)
    key = known.get(KEY)
    if key is None:
        raise SetupProblem(
            f"Leads in Salesforce have no field {KEY}, or our user does not see it. {HOW_TO_MAKE_KEY}"
        )
    if not key.get("externalId") or not key.get("unique"):
        raise SetupProblem(
            f"The field {KEY} in Salesforce is not an external id that is unique. {HOW_TO_MAKE_KEY}"
        )
    return [need.name for need in needs if need.name not in known]


def schema(client: OrgClient, *, since: str) -> Schema | None:
    """As `Connector.schema`. A stamp holds for whom it was given to: another user sees other fields."""
    asked_as = f"{client.access.api_version} {client.login.account} {client.login.us} "
    known = since.removeprefix(asked_as) if since.startswith(asked_as) else ""
    answer = client.read_news(_DESCRIBE, since=known) if known else client.read(_DESCRIBE)
    if answer is None:
        return None
    # Of an answer that is not dated, when it was given.
    at = str(answer.headers.get("Last-Modified") or answer.headers.get("Date") or "")
    stamp = f"{asked_as}{at}" if at else ""
    fields = _fields(answer.body)
    found = {
        name: replace(_definition(each), place_names=_place_names(fields.get(_PLACES[name])))
        if name in _PLACES
        else _definition(each)
        for name, each in fields.items()
    }
    return Schema(found, stamp if len(stamp) <= _LONGEST_STAMP else "")


def described(client: OrgClient) -> dict[str, Mapping[str, Any]]:
    return _fields(client.read(_DESCRIBE).body)


def _fields(body: Any) -> dict[str, Mapping[str, Any]]:
    fields = body.get("fields") if isinstance(body, Mapping) else None
    return {
        str(each["name"]): each for each in fields or () if isinstance(each, Mapping) and each.get("name")
    }


def _definition(each: Mapping[str, Any]) -> PropertyDefinition:
    type_ = _type(each)
    createable, updateable = bool(each.get("createable")), bool(each.get("updateable"))
    must = createable and not each.get("nillable") and not each.get("defaultedOnCreate")
    return PropertyDefinition(
        name=str(each["name"]),
        label=str(each.get("label") or each["name"]),
        type=type_,
        options=tuple(
            (str(one["value"]), str(one.get("label") or one["value"]))
            for one in each.get("picklistValues") or ()
            if one.get("active") and one.get("value")
        ),
        length=int(each["length"]) if type_ == "text" and each.get("length") else None,
        read_only=not createable and not updateable,
        required=must and each.get("type") != "boolean",
        unique=bool(each.get("unique")),
    )


def _place_names(codes: Mapping[str, Any] | None) -> tuple[tuple[str, str], ...]:
    """Where the org has lists of countries and states, each has a text beside its code: as it comes, the English name."""
    values = codes.get("picklistValues") or () if codes is not None else ()
    return tuple(
        (str(each["value"]), str(each["label"])) for each in values if each.get("value") and each.get("label")
    )


def _type(each: Mapping[str, Any]) -> PropertyType:
    if each.get("type") == "picklist":
        # Another one takes any text, and has it as one more value from then on.
        return "choice" if each.get("restrictedPicklist") else "text"
    return _TYPES.get(str(each.get("type")), "text")
