"""What a token may do: the scopes that each call needs, as HubSpot's reference lists them.

A token of this account has all of them, but for those that a control has taken away.
"""

from __future__ import annotations

import sqlite3

from crm_sandbox import portal_settings
from crm_sandbox.hubspot.errors import HubSpotError
from crm_sandbox.hubspot.kinds import kind_called

_KINDS = ("contacts", "companies", "deals")
_OWNERS, _EMAIL_CONTENT = "crm.objects.owners.read", "sales-email-read"
SCOPES = (
    *(
        f"crm.{part}.{kind}.{verb}"
        for kind in _KINDS
        for part in ("objects", "schemas")
        for verb in ("read", "write")
    ),
    _OWNERS,
    _EMAIL_CONTENT,
)
_PAGE = "https://developers.hubspot.com/scopes"
_VERSIONS = ("crm", "v3", "v4", "2026-09")


def missing(db: sqlite3.Connection) -> list[str]:
    found: list[str] = portal_settings.read(db, portal_settings.MISSING_SCOPES, [])
    return found


def take_away(db: sqlite3.Connection, names: list[str]) -> None:
    """These and no others."""
    portal_settings.write(db, portal_settings.MISSING_SCOPES, sorted(set(names)) or None)


def check(db: sqlite3.Connection, *, method: str, path: str) -> None:
    """Raises HubSpotError 403 MISSING_SCOPES with the scopes, any of which would do."""
    gone = missing(db)
    if not gone:
        return
    for any_of in needed(method=method, path=path):
        if all(scope in gone for scope in any_of):
            raise _refused(any_of)


def needed(*, method: str, path: str) -> list[tuple[str, ...]]:
    """Of each of these one scope at least. Raises HubSpotError 400 for an object type that does not exist."""
    area, *rest = [part for part in path.strip("/").split("/") if part not in _VERSIONS]
    verb = "read" if method == "GET" or path.endswith(("/search", "/batch/read")) else "write"
    if area == "owners":
        return [(_OWNERS,)]
    if area == "pipelines":
        return [("crm.schemas.deals.read", "crm.objects.deals.read")]
    if area == "properties":
        kind = _scoped(rest[0])
        also = (f"crm.objects.{kind}.read",) if verb == "read" else ()
        return [(f"crm.schemas.{kind}.{verb}", *also)]
    if area not in ("objects", "associations"):
        return []
    names = rest[:2] if area == "associations" else rest[:1]
    if area == "objects" and "associations" in rest:
        names += [part for part in rest[rest.index("associations") + 1 :] if part != "default"][:1]
    scopes: list[tuple[str, ...]] = [(f"crm.objects.{_scoped(name)}.{verb}",) for name in names]
    if area == "objects" and verb == "read" and kind_called(names[0]).name == "emails":
        scopes.append((_EMAIL_CONTENT,))
    return scopes


def _scoped(name: str) -> str:
    """Tasks and engagements go by the scopes of contacts."""
    kind = kind_called(name).name
    return kind if kind in _KINDS else "contacts"


def _refused(any_of: tuple[str, ...]) -> HubSpotError:
    return HubSpotError(
        403,
        "This app hasn't been granted all required scopes to make this call. "
        f"Read more about required scopes here: {_PAGE}.",
        category="MISSING_SCOPES",
        errors=[
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": list(any_of)},
            }
        ],
        extra={"links": {"scopes": _PAGE}},
    )
