"""What doctor says about alerts."""

import pytest

from exception_queue.doctor import check_alerts
from exception_queue.kinds import all_kinds
from exception_queue.models import AlertRule

pytestmark = pytest.mark.django_db


def said():
    (finding,) = check_alerts()
    return finding.level, finding.title


def rule(severity, **values):
    return AlertRule.objects.create(
        name=severity, min_severity=severity, notify=["mailto:ops@acme.test"], **values
    )


def test_it_warns_when_nobody_hears_of_anything_and_names_the_worst_first():
    level, title = said()
    worst = sorted((kind.rank, kind.title) for kind in all_kinds())[0][1]
    assert level == "warn"
    assert title.startswith(f"Nobody hears of {len(all_kinds())} kinds of exceptions: “{worst}” (high)")


def test_it_warns_of_what_a_rule_leaves_out():
    rule("high")
    level, title = said()
    assert level == "warn"
    assert "(medium)" in title and "(high)" not in title


def test_it_is_content_when_only_low_ones_are_quiet():
    rule("medium")
    assert said()[0] == "ok"


def test_a_rule_that_is_switched_off_tells_nobody():
    rule("low", active=False)
    assert said()[0] == "warn"
