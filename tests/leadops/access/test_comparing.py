"""Two leads that could be one person are compared by whoever sees both."""

import pytest
from django.urls import reverse
from django.utils import timezone

from exception_queue.models import ExceptionItem
from intake.models import Lead
from routing.handover import actions
from routing.models import Owner
from tests import make
from tests.leadops.access.people import console, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def item(acme) -> ExceptionItem:
    """Bob, whom Alice of AMER has, could be the Robert of Eva of DACH."""
    robert = make.american(company="Hill Works", full_name="Robert Hill", email="robert.hill@hill.example")
    bob = make.american(company="Hill Works", full_name="Bob Hill", email="bob@hill.example")
    for owner, values in (("eva", robert), ("alice", bob)):
        actions.reassign(
            lead_id=make.handed_off(values).pk,
            owner_id=Owner.objects.get(email=f"{owner}@acme.test").pk,
            reason="Test",
            source="api",
            actor="Test",
            now=timezone.now(),
        )
    return ExceptionItem.objects.get(kind="intake.ambiguous_duplicate")


@pytest.mark.parametrize(("role", "owner", "both"), [("Manager", "maria", False), ("Ops", "", True)])
def test_nobody_is_led_to_a_comparison_with_a_lead_that_is_none_of_their_business(item, role, owner, both):
    browser = console(person(role, owner))
    comparison = reverse("admin:intake_lead_compare", args=(item.detail["lead"], item.detail["candidate"]))
    assert browser.get(comparison).status_code == (200 if both else 404)
    about = Lead.objects.get(email="bob@hill.example")
    assert item.subject_id == str(about.pk)
    pages = [
        reverse("admin:intake_lead_change", args=(about.pk,)),
        reverse("admin:exception_queue_exceptionitem_change", args=(item.pk,)),
        reverse("admin:exception_queue_exceptionitem_changelist"),
    ]
    for page in pages:
        answer = browser.get(page)
        assert answer.status_code == 200 and "Could be the same person" in answer.text, page
        assert (comparison in answer.text) == both, page
