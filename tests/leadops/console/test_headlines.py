"""A headline never praises over warnings: its first sentence is the worst thing that the page knows."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm_sync.connectors.base import ApiVersion
from crm_sync.connectors.hubspot.connector import HubSpot
from crm_sync.models import CrmConnection, OutboxEntry
from routing.models import Assignment, Owner, Queue, Rotation, RotationMember, RoutingRule
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def amer(acme) -> Rotation:
    return Rotation.objects.get(name="AMER round robin")


def headline_of(maria: Client, row) -> str:
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    return str(maria.get(reverse(name, args=(row.pk,))).context["answer"])


def test_a_rotation_without_trouble_says_that_it_is_fair_and_who_is_next(maria, amer):
    make.handed_off(make.american())
    assert headline_of(maria, amer).startswith("Nobody is more than 0.5 leads from their share. Next: ")


def test_a_rotation_names_whoever_is_at_a_cap_before_it_calls_itself_fair(maria, amer):
    lead = make.handed_off(make.american())
    owner = Assignment.objects.get(lead=lead).owner
    Owner.objects.filter(pk=owner.pk).update(daily_cap=1)
    said = headline_of(maria, amer)
    assert said.startswith(f"{owner.name} has reached the cap (1 of 1 today). Nobody is more than ")
    assert f"Next: {owner.name}" not in said


def test_a_rotation_names_all_who_are_at_a_cap(maria, amer):
    owners = {Assignment.objects.get(lead=make.handed_off(values)).owner for values in make.crowd(2)}
    assert len(owners) == 2
    Owner.objects.filter(pk__in=[owner.pk for owner in owners]).update(daily_cap=1)
    first, second = [member.owner.name for member in amer.members.order_by("pk") if member.owner in owners]
    assert headline_of(maria, amer).startswith(
        f"{first} and {second} have reached their caps. Nobody is more"
    )


def test_a_rotation_that_nobody_can_be_picked_from_says_so_first(maria, amer):
    for values in make.crowd(3):
        make.handed_off(values)
    Owner.objects.update(daily_cap=0)
    assert headline_of(maria, amer).startswith("Nobody can be picked now: leads go to Triage. Nobody is more")


def test_a_rotation_without_members_or_switched_off_says_so_first(maria, amer):
    Rotation.objects.filter(pk=amer.pk).update(active=False)
    assert headline_of(maria, amer).startswith("Switched off: it gives out no lead.")
    RotationMember.objects.filter(rotation=amer).update(active=False)
    assert headline_of(maria, amer) == "Nobody is a member yet: add members below."


def test_the_check_before_publishing_says_its_worst_warning_before_it_counts(maria, acme):
    nurture = Queue.objects.get(name="Nurture")
    catch_all = RoutingRule.objects.create(name="Everyone", target_kind="queue", target_queue=nurture)
    others = RoutingRule.objects.exclude(pk=catch_all.pk).values_list("pk", flat=True)
    order = reverse("admin:routing_routingrule_changelist") + "order/"
    maria.post(order, {"row": [catch_all.pk, *others]})
    shown = maria.get(reverse("admin:routing_ruleset_publish")).context
    worst, said = shown["warnings_found"][0], shown["answer"]
    assert said.startswith(f"“{worst['name']}”: {worst['message']}")
    assert said.endswith(f"changes, {len(shown['warnings_found'])} warnings.")
    assert "nothing that speaks against" not in said


def test_the_check_before_publishing_says_an_error_before_a_warning(maria, acme):
    Queue.objects.update(fallback=False)
    shown = maria.get(reverse("admin:routing_ruleset_publish")).context
    assert shown["answer"].startswith(str(shown["errors_found"][0]["message"]))
    assert shown["answer"].endswith("1 thing to fix before this can be published.")


def test_the_check_before_publishing_praises_changes_that_nothing_speaks_against(maria, acme):
    RoutingRule.objects.filter(name="Partners").update(name="Friends")
    said = maria.get(reverse("admin:routing_ruleset_publish")).context["answer"]
    assert said == "1 change, and nothing that speaks against it."


def test_a_connection_says_what_is_wrong_before_it_calls_itself_in_step(maria, acme, monkeypatch):
    crm = CrmConnection.objects.get()
    assert headline_of(maria, crm) == "In step: everything is written."
    soon = ApiVersion("v9", timezone.now().date() + timedelta(days=30))
    monkeypatch.setattr(HubSpot, "api_versions", (soon,))
    assert headline_of(maria, crm).startswith("The vendor's support for version v9 of its API ends on ")
    make.handed_off(make.american())
    OutboxEntry.objects.update(status="dead")
    assert headline_of(maria, crm) == "Given up: 1 lead could not be written in full."
    OutboxEntry.objects.update(
        status="pending", due_at=timezone.now(), created_at=timezone.now() - timedelta(minutes=5)
    )
    assert headline_of(maria, crm) == "Behind: 1 lead waits to be written."
    CrmConnection.objects.update(health="down")
    assert headline_of(maria, crm) == "The CRM does not answer: 1 lead waits to be written."
