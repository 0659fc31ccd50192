"""A connector owns its CRM whole: outside its folder nobody knows what a CRM is called or how it writes."""

import re

import pytest

from crm_sync.connectors import CONNECTORS, connector_class
from tests.structure.repository import BASE, first_party, parse_text

# What goes over the wire, or is called so in the CRM. Each connector adds its own.
WORDS = {
    "hubspot": [
        "hubspot", "hubapi", "occurredAt", "changeSource", "subscriptionType", "propertyName", "appId", "objectId",
        "userId", "hs_", "leadops_lead_id", "leadops_shared", "lifecyclestage",
    ],
    "salesforce": [
        "salesforce", "sforce", "soql", "leadops_id__c", "OwnerId", "SystemModstamp", "WhoId", "allOrNone", "statusCode",
        "errorCode", "compositeRequest",
    ],
    # Of the standard that it speaks.
    "webhook": ["whsec_", "webhook-id", "webhook-timestamp", "webhook-signature", "standardwebhooks"],
}  # fmt: skip
ELSEWHERE = (
    # Behaves like a CRM, and imports nothing of ours.
    "crm_sandbox/",
    # Forms of vendors, by name: another registry.
    "intake/vendors/",
    # The demo's CRM is the sandbox.
    "leadops/launcher/",
    "leadops/management/commands/crm_sandbox.py",
    # Names of variables that a configuration may name without being told.
    "leadops/settings/secret_keys.py",
)
REGISTRATION = '    "{kind}": "crm_sync.connectors.{kind}.'


def found_in(modules, kind):
    pattern = re.compile("|".join(_pattern(word) for word in WORDS[kind]))
    registration = REGISTRATION.format(kind=kind)
    return [
        f"{module.name}:{number}: {line.strip()}"
        for module in modules
        if not module.name.startswith((f"crm_sync/connectors/{kind}/", *ELSEWHERE))
        for number, line in enumerate(module.text.splitlines(), start=1)
        if pattern.search(line) and not line.startswith(registration)
    ]


def _pattern(word):
    """Names in camel case are keys, whole and as written; of others any spelling counts."""
    if word != word.lower():
        return rf"\b{word}\b"
    return rf"(?i:(?<![A-Za-z]){re.escape(word)})"


def test_every_connector_says_which_words_are_its_own():
    assert set(WORDS) == set(CONNECTORS)
    for kind in CONNECTORS:
        key = connector_class(kind).names.key
        # Where nothing is kept there is no key of ours.
        assert not connector_class(kind).can.reads or any(
            re.search(_pattern(word), key) for word in WORDS[kind]
        )


@pytest.mark.parametrize("kind", sorted(CONNECTORS))
def test_no_vendors_word_is_outside_its_folder(kind):
    assert found_in(first_party(), kind) == []


@pytest.mark.parametrize("kind", sorted(CONNECTORS))
def test_a_connector_is_registered_by_one_line(kind):
    text = (BASE / "crm_sync/connectors/__init__.py").read_text()
    assert sum(line.startswith(REGISTRATION.format(kind=kind)) for line in text.splitlines()) == 1


@pytest.mark.parametrize(
    "line", ['HEADER = "X-HubSpot-Signature-v3"', 'at = event["occurredAt"]', "# like hs_lead_status"]
)
def test_a_word_of_a_vendor_would_be_found(line):
    assert len(found_in([parse_text(line)], "hubspot")) == 1
