"""The CRMs we can write to. A connector is one folder; CONNECTORS is where it is named, and nothing else names it."""

from collections.abc import Sequence
from datetime import date, timedelta

from crm_sync.connectors.base import ApiVersion, Connector
from crm_sync.connectors.capabilities import Capabilities, MessageKind
from plumbing import dotted

CONNECTORS: dict[str, str] = {
    "hubspot": "crm_sync.connectors.hubspot.connector.HubSpot",
    "salesforce": "crm_sync.connectors.salesforce.connector.Salesforce",
    "webhook": "crm_sync.connectors.webhook.connector.Webhook",
}
# How long before its end a version of an API is warned of.
WARN_BEFORE = timedelta(days=90)


def connector_class(kind: str) -> type[Connector] | None:
    """None where there is no connector of this kind."""
    path = CONNECTORS.get(kind)
    found: type[Connector] | None = dotted.resolve(path) if path else None  # type: ignore[assignment]
    return found


def default_kind() -> str:
    return next(iter(CONNECTORS))


def label_of_kind(kind: str) -> str:
    """What people call the CRM; a kind without a connector is called as it is written."""
    found = connector_class(kind)
    return found.label if found else kind


def kinds() -> list[tuple[str, str]]:
    """(kind, label) of all that can be chosen."""
    return [(kind, label_of_kind(kind)) for kind in CONNECTORS]


def kinds_that_ask_for(credential: str) -> dict[str, str]:
    """The kinds whose connector asks for this field of Credentials, each with what its CRM calls it."""
    found = {kind: connector_class(kind) for kind in CONNECTORS}
    return {
        kind: each.credentials[credential]
        for kind, each in found.items()
        if each is not None and credential in each.credentials
    }


def kinds_with_duplicate_rules() -> list[str]:
    found = {kind: connector_class(kind) for kind in CONNECTORS}
    return [kind for kind, each in found.items() if each is not None and each.has_duplicate_rules]


def can(kind: str) -> Capabilities:
    """Of a kind without a connector: whatever is tried says that there is none."""
    found = connector_class(kind)
    return found.can if found else Capabilities()


def kinds_that_cannot(capability: str) -> list[str]:
    """`capability` is a field of Capabilities."""
    return [kind for kind in CONNECTORS if not getattr(can(kind), capability)]


def messages_of(kind: str) -> Sequence[MessageKind]:
    found = connector_class(kind)
    return found.messages if found else ()


def sends_events(kind: str) -> bool:
    found = connector_class(kind)
    return found is not None and found.webhook_security is not None


def secret_in_address(kind: str) -> str:
    """What the address that events are sent to ends with where it carries their secret, "" where they are signed."""
    found = connector_class(kind)
    scheme = (found.webhook_security if found else None) or {}
    return f"?{scheme['name']}=SECRET" if scheme.get("in") == "query" else ""


def version_of(kind: str, name: str) -> ApiVersion | None:
    """The named version, the newest tested one for "", None where the connector does not know it."""
    found = connector_class(kind)
    versions: Sequence[ApiVersion] = found.api_versions if found else ()
    return next((version for version in versions if name in ("", version.name)), None)


def ending(version: ApiVersion | None, *, today: date) -> str:
    """One sentence when the version ends soon or has ended, else ""."""
    if version is None or version.ends_on is None or today < version.ends_on - WARN_BEFORE:
        return ""
    on = until(version)
    tense = "ended on" if today >= version.ends_on else "ends on"
    return f"The vendor's support for version {version.name} of its API {tense} {on}: choose a newer one."


def until(version: ApiVersion) -> str:
    """The day on which its support ends, in words; "" where none is announced."""
    return f"{version.ends_on:%d %B %Y}".lstrip("0") if version.ends_on else ""
