"""A running sandbox, and a session to its org."""

from __future__ import annotations

import pytest

from tests.crm_sandbox.salesforce.client import Bare


@pytest.fixture
def org(sandbox):
    with Bare(sandbox.url) as session:
        yield session.log_in()
