"""HubSpot's owners. `id` goes into hubspot_owner_id; `userId` there is an error."""

from collections.abc import Iterator
from typing import Any

from crm_sync.connectors.base import RemoteOwner
from crm_sync.connectors.hubspot.client import Client

_MOST_PAGES = 200


def ping(client: Client) -> None:
    client.call("GET", client.paths.owners, params={"limit": "1"})


def owners(client: Client) -> list[RemoteOwner]:
    """Active ones, then archived ones; nobody without an e-mail address."""
    found = [*_pages(client, archived=False), *_pages(client, archived=True)]
    return [_read(each) for each in found if each.get("id") and each.get("email")]


def _pages(client: Client, *, archived: bool) -> Iterator[dict[str, Any]]:
    after = ""
    for _ in range(_MOST_PAGES):
        params = {"limit": "100", "archived": "true" if archived else "false"} | (
            {"after": after} if after else {}
        )
        body = client.call("GET", client.paths.owners, params=params).body or {}
        yield from body.get("results") or ()
        after = str(((body.get("paging") or {}).get("next") or {}).get("after") or "")
        if not after:
            return


def _read(each: dict[str, Any]) -> RemoteOwner:
    name = f"{each.get('firstName') or ''} {each.get('lastName') or ''}".strip()
    return RemoteOwner(
        remote_id=str(each["id"]),
        email=str(each["email"]).strip().lower(),
        name=name or str(each["email"]),
        user_id=str(each.get("userId") or each.get("userIdIncludingInactive") or ""),
        archived=bool(each.get("archived")),
    )
