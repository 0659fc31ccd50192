"""Alert rules: who hears of exceptions."""

import pytest
from django.urls import reverse
from django.utils import timezone

from exception_queue import alerts, queue
from exception_queue.models import AlertRule

pytestmark = pytest.mark.django_db

LIST = reverse("admin:exception_queue_alertrule_changelist")
ADD = reverse("admin:exception_queue_alertrule_add")
RULE = {
    "name": "Ops",
    "active": "on",
    "notify": "mailto:ops@acme.test\nmailto:maria@acme.test",
    "min_severity": "low",
    "threshold": "1",
    "window_minutes": "60",
    "quiet_minutes": "15",
}


def test_a_rule_is_made_with_an_address_a_line(maria):
    assert maria.post(ADD, RULE).status_code == 302
    rule = AlertRule.objects.get()
    assert rule.notify == ["mailto:ops@acme.test", "mailto:maria@acme.test"]
    assert rule.kinds == []
    assert alerts.kinds_nobody_hears() == []


@pytest.mark.parametrize("address", ["ops@acme.test", "carrier-pigeon"])
def test_an_address_that_nothing_can_be_sent_to_is_refused_at_its_field(maria, address):
    answer = maria.post(ADD, RULE | {"notify": address})
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors["notify"]
    assert not AlertRule.objects.exists()


def test_the_list_says_which_kinds_nobody_hears_of(maria):
    assert "Nobody hears of exceptions" in maria.get(LIST).content.decode()
    maria.post(ADD, RULE | {"kinds": ["crm.rejected"]})
    text = maria.get(LIST).content.decode()
    assert f"Nobody hears of {len(alerts.kinds_nobody_hears())} kinds of exception" in text


def test_its_page_shows_what_it_has_told(maria):
    maria.post(ADD, RULE)
    rule = AlertRule.objects.get()
    queue.open_items(
        [queue.ExceptionReport("crm.rejected", queue.Subject("lead", "1", "Jana"), "No")], now=timezone.now()
    )
    alerts.decide(now=timezone.now())
    text = maria.get(reverse("admin:exception_queue_alertrule_change", args=(rule.pk,))).content.decode()
    assert rule.notices.get().title in text
