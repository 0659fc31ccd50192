"""What our user has to be allowed, as the org describes its objects to it: one call that changes nothing.

Transferring leads that it does not own, and seeing everybody's, are not among what a description says.
"""

from collections.abc import Collection, Mapping
from typing import Any

from crm_sync.connectors.granted import Purpose, TokenGuide
from crm_sync.connectors.salesforce.client import OrgClient

GUIDE = TokenGuide(
    token="consumer secret",
    right="permission",
    steps=(
        "In Salesforce, make a user for leadops alone: licence Salesforce Integration, profile Minimum Access - API Only "
        "Integrations, and a permission set of your own with API Enabled, Transfer Leads, and View All Records of the objects "
        "below.",
        "In the permission set, give the object permissions below, and no others; let it see and edit the mapped fields.",
        "On the object Lead, make the field leadops_id: Text, length 36, Unique (case insensitive) and External ID.",
        "Under External Client App Manager, make an app: distribution state Local, OAuth with the scope api, the flow Client "
        "Credentials; in its policies, name the user under Run As.",
        "Copy its consumer key and consumer secret, and give both to leadops below.",
    ),
    remarks=(
        "Instead of a secret the private key of a certificate that was uploaded to the app does as well: enable its JWT flow, "
        "and enter the name of the user too.",
        "Whether leads of others can be transferred is seen when the first one is: no description says so.",
    ),
)
RIGHTS: Mapping[Purpose, tuple[str, ...]] = {
    "contacts": ("Lead: Read", "Contact: Read"),
    "writing": ("Lead: Create", "Lead: Edit"),
    "tasks": ("Task: Create", "Task: Edit"),
    "properties": ("Lead: Read",),
    # None is made.
    "own_properties": (),
    "owners": ("User: Read",),
    "companies": ("Account: Read",),
    "deals": ("Opportunity: Read",),
    "touches": ("Task: Read", "Event: Read"),
}
_FLAGS = {"Read": "queryable", "Create": "createable", "Edit": "updateable"}


def granted(client: OrgClient, rights: Collection[str]) -> dict[str, bool | None]:
    """One call. Raises RemoteError where our user is not let in at all."""
    if not rights:
        return {}
    body = client.read("/sobjects/").body
    objects = body.get("sobjects") if isinstance(body, Mapping) else None
    known: dict[str, Mapping[str, Any]] = {
        str(each.get("name")): each for each in objects or () if isinstance(each, Mapping)
    }
    return {right: _has(known, right) for right in rights}


def _has(known: Mapping[str, Mapping[str, Any]], right: str) -> bool:
    name, _, may = right.partition(": ")
    return bool(known.get(name, {}).get(_FLAGS[may]))
