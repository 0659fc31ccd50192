"""The CRM refuses, swallows answers or hangs up while leads come in: afterwards each of them is there, once."""

import pytest

from tests.make.installation import FULL, everybody_arrives, people, wait_until

pytestmark = pytest.mark.drill
LEADS = 100 if FULL else 40
FAULTS = (
    {"kind": "status", "status": 503},
    {"kind": "timeout_after_commit", "ms": 300},
    {"kind": "reset", "rate": 0.7},
)


def test_leads_that_come_in_while_the_crm_is_down_arrive_afterwards_once_each(installation):
    for number, fault in enumerate(FAULTS):
        leads = people(LEADS, first=LEADS * number)
        installation.crm("POST", "/control/faults", {"target": "hubspot", **fault})
        assert None not in installation.post_all(leads, clients=8)
        emails = [lead["email"] for lead in leads]
        wait_until(
            lambda emails=emails: installation.handed_off(emails) == LEADS,
            lambda fault=fault: f"They wait for the CRM: {fault}",
        )
        wait_until(
            lambda: bool(installation.sql("SELECT 1 FROM crm_sync_crmconnection WHERE failures > 0")),
            lambda fault=fault: f"Nobody noticed {fault}",
        )
        installation.crm("DELETE", "/control/faults")
        everybody_arrives(installation, leads)
