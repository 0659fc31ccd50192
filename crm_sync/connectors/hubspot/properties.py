"""Contact properties: making those that are ours, and finding out which others do not exist."""

from collections.abc import Collection, Sequence
from typing import Any

from crm_sync.connectors.base import Need, SetupProblem
from crm_sync.connectors.hubspot.client import Client
from crm_sync.connectors.hubspot.errors import item_errors, refusal, refusal_of
from plumbing.http import Permanent

PREFIX = "leadops_"
GROUP = "leadops"
LEAD_ID = "leadops_lead_id"
SHARED_EMAIL = "leadops_shared_email"

# Default properties of every HubSpot account (knowledge.hubspot.com, "HubSpot's default contact properties").
USUAL = {
    "first_name": "firstname",
    "last_name": "lastname",
    "phone": "phone",
    "job_title": "jobtitle",
    "company": "company",
    "website": "website",
    "country": "country",
    "state": "state",
    "city": "city",
    "postal_code": "zip",
    "industry": "industry",
    "employee_count": "numemployees",
    "annual_revenue": "annualrevenue",
    "message": "message",
    "language": "hs_language",
    "timezone": "hs_timezone",
}

# Of the options of hs_lead_status.
USUAL_STATUS = {
    "new": "NEW",
    "working": "IN_PROGRESS",
    "contacted": "CONNECTED",
    "disqualified": "UNQUALIFIED",
}

_OWN = (
    Need(LEAD_ID, "leadops: lead id"),
    Need(SHARED_EMAIL, "leadops: shared e-mail"),
)
_TYPES = {
    "text": ("string", "text"),
    "boolean": ("string", "text"),
    "number": ("number", "number"),
    "datetime": ("datetime", "date"),
    "date": ("date", "date"),
}


def is_ours(name: str) -> bool:
    return name.startswith(PREFIX)


def prepare(client: Client, *, needs: Sequence[Need], create: bool) -> list[str]:
    """Make what is ours (with `create`); returns what does not exist and stays missing. Raises SetupProblem."""
    known = definitions(client)
    if LEAD_ID in known and not known[LEAD_ID].get("hasUniqueValue"):
        raise SetupProblem(
            f"The property {LEAD_ID} exists in HubSpot but does not require unique values: delete it there, "
            "and it is made again as it must be."
        )
    wanted = {need.name: need for need in (*_OWN, *needs)}
    missing = [name for name in wanted if name not in known]
    ours = [name for name in missing if is_ours(name)]
    if create and ours:
        make(client, needs=[wanted[name] for name in ours])
        missing = [name for name in missing if name not in ours]
    return missing


def make(client: Client, *, needs: Sequence[Need]) -> None:
    """Create properties in our group. One that somebody else has just made is fine. Raises SetupProblem."""
    _make_group(client)
    inputs = [_definition(need) for need in needs]
    try:
        answer = client.call(
            "POST", f"{client.paths.contact_properties}/batch/create", json={"inputs": inputs}
        )
    except Permanent as error:
        if error.status == 409:
            _make_the_rest(client, needs=needs)
            return
        raise SetupProblem(f"HubSpot does not let us make properties: {refusal_of(error).message}") from error
    refused = [each for each in item_errors(answer) if "ALREADY_EXISTS" not in str(each.get("category"))]
    if refused:
        raise SetupProblem(f"HubSpot does not let us make properties: {refusal(refused[0]).message}")


def _make_the_rest(client: Client, *, needs: Sequence[Need]) -> None:
    """Somebody else was quicker with some of them, and HubSpot refuses the batch whole."""
    known = definitions(client)
    missing = [need for need in needs if need.name not in known]
    if 0 < len(missing) < len(needs):
        make(client, needs=missing)


def need_called(name: str, *, needs: Collection[Need]) -> Need:
    """What we know of a property of ours that turned out to be missing."""
    return next((need for need in (*_OWN, *needs) if need.name == name), Need(name, name))


def definitions(client: Client) -> dict[str, dict[str, Any]]:
    body = client.call("GET", client.paths.contact_properties).body
    results = body.get("results", []) if isinstance(body, dict) else []
    return {str(each.get("name")): each for each in results}


def _make_group(client: Client) -> None:
    try:
        group = {"name": GROUP, "label": "leadops", "displayOrder": -1}
        client.call("POST", f"{client.paths.contact_properties}/groups", json=group)
    except Permanent as error:
        if error.status != 409:
            said = refusal_of(error).message
            raise SetupProblem(f"HubSpot does not let us make a property group: {said}") from error


def _definition(need: Need) -> dict[str, Any]:
    type_, field_type = _TYPES[need.type]
    return {
        "name": need.name,
        "label": need.label,
        "type": type_,
        "fieldType": field_type,
        "groupName": GROUP,
        "hasUniqueValue": need.name == LEAD_ID,
        "formField": False,
    }
