"""Half of those who fill in the form are known in the CRM, and it is down for a while: nothing there is written over."""

import pytest

from tests.drills import mixed
from tests.drills.known import KEEP, ROUTE_ANEW

pytestmark = pytest.mark.drill


@pytest.mark.parametrize(
    ("crm", "policy"),
    [
        ("hubspot", KEEP), ("hubspot", ROUTE_ANEW), ("salesforce", KEEP), ("both", KEEP),
    ],
)  # fmt: skip
def test_nothing_that_stands_in_the_crm_is_written_over_against_the_policy(tmp_path, crm, policy):
    found = mixed.run(tmp_path, leads=200, crm=crm, policy=policy, per_second=10)
    assert found.failed == [], found.to_json()
    assert found.counts["answered 202"] == found.counts["leads"] == 200
