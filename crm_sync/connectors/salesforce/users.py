"""Users who may own records: people, with every name by which an owner here may be found.

A federation id and a username are one person's; an e-mail address may be several users', and then names nobody.
"""

from collections import Counter

from crm_sync.connectors.base import RemoteOwner
from crm_sync.connectors.salesforce.formats import long_id
from crm_sync.connectors.salesforce.soql import Asking, Question, Row, text

_FIELDS = ("Id", "Name", "Email", "Username", "FederationIdentifier", "IsActive")


def owners(asking: Asking) -> list[RemoteOwner]:
    """Active ones, and those who are not active any more. Not our own user, who stands for nobody."""
    us = asking.client.login.us
    rows = asking.all(Question("User", _FIELDS, "WHERE UserType = 'Standard' ORDER BY Id"))
    shared = Counter(_address(row, "Email") for row in rows if row.get("IsActive"))
    return [_owner(row, alone=shared[_address(row, "Email")] <= 1) for row in rows if text(row, "Id") != us]


def _owner(row: Row, *, alone: bool) -> RemoteOwner:
    also = [
        name for name in (_address(row, "FederationIdentifier"), _address(row, "Username")) if "@" in name
    ]
    email = _address(row, "Email") if alone else ""
    user_id = long_id(text(row, "Id"))
    return RemoteOwner(
        remote_id=user_id,
        email=email or _address(row, "Username"),
        name=text(row, "Name") or text(row, "Username"),
        user_id=user_id,
        archived=not row.get("IsActive"),
        also=tuple(also),
    )


def _address(row: Row, name: str) -> str:
    return text(row, name).strip().lower()
