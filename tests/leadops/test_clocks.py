"""Clocks that differ are seen: this machine's and the workers', against PostgreSQL's."""

from datetime import UTC, datetime

import pytest
from django.core.cache import cache

from leadops import clocks, health
from leadops.launcher import checkup

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def forgotten():
    cache.delete("leadops:clocks")
    yield
    cache.delete("leadops:clocks")


def test_a_heartbeat_brings_the_clock_of_its_worker():
    health.beat()
    (clock,) = clocks.of_workers()
    assert abs(clock.ahead) < checkup.MOST_APART
    assert [finding.level for finding in checkup.check_clocks()] == ["ok"]


def test_the_doctor_names_the_machine_whose_clock_is_off():
    cache.set("leadops:clocks", {"worker-2": [-3600.0, datetime.now(UTC).isoformat()]}, timeout=60)
    (finding,) = checkup.check_clocks()
    assert finding.level == "fail"
    assert finding.title == "The clock of worker-2 is 3600.0 s behind PostgreSQL's."
