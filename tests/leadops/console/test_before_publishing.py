"""Before rules are published, and when a file is applied: what the CRM has against leads that are to go there."""

from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from crm_sandbox.server import SandboxServer
from crm_sync import exception_kinds as kinds
from crm_sync.models import CrmConnection, CrmProperty, FieldMapping
from crm_sync.tasks import read_properties
from exception_queue.models import ExceptionItem
from routing.models import Owner, RoutingRule, RuleSet
from tests import make
from tests.crm_sync.test_looking_up import connected
from tests.crm_sync.test_values_that_do_not_fit import make_choice
from tests.make import crm_sync
from tests.make.sandbox import Crm

pytestmark = pytest.mark.django_db(transaction=True)
PUBLISH = "admin:routing_ruleset_publish"


@pytest.fixture
def crm(tmp_path):
    with SandboxServer(data_dir=tmp_path) as server:
        yield Crm(server.url)


@pytest.fixture
def connection(crm, committed_acme) -> CrmConnection:
    """Industry goes to a choice there; one lead has one."""
    make_choice(crm)
    found = connected(crm)
    FieldMapping.objects.filter(connection=found, canonical="industry").delete()
    FieldMapping.objects.create(connection=found, canonical="industry", property="branch", position=90)
    make.handed_off(make.american(industry="FINANCE"))
    crm_sync.drain(found)
    read_properties()
    assert not ExceptionItem.objects.filter(kind=kinds.DRIFT).exists()
    return found


def age(connection, minutes):
    at = timezone.now() - timedelta(minutes=minutes)
    CrmProperty.objects.filter(connection=connection).update(seen_at=at)
    CrmConnection.objects.filter(pk=connection.pk).update(owners_read_at=at)


def breaks(crm):
    crm.call("PATCH", "/control/hubspot/properties/contacts/branch", {"archived": True})


def page(client, *, ask=False) -> str:
    headers = {"HX-Request": "true"} if ask else {}
    return client.get(reverse(PUBLISH), headers=headers).content.decode()


def test_the_preview_names_the_mapping_and_the_leads_as_the_crm_is_now(crm, connection, admin_client):
    age(connection, 6)
    breaks(crm)
    # The page itself waits for nobody, and asks for that part of it afterwards.
    shown = page(admin_client)
    assert "Nothing there speaks against" in shown
    assert "Reading it again" in shown
    asked = page(admin_client, ask=True)
    assert "<b>Industry → branch</b>: Industry: “branch” is there no more" in asked
    assert "1 lead has a value for it." in asked
    assert f"{reverse('admin:crm_sync_crmconnection_change', args=(connection.pk,))}#mappings" in asked
    assert ExceptionItem.objects.get(kind=kinds.DRIFT).status == "open"


def test_what_was_read_a_moment_ago_is_not_read_again(crm, connection, admin_client):
    age(connection, 4)
    before = len(crm.calls("properties"))
    assert "Nothing there speaks against" in page(admin_client, ask=True)
    assert len(crm.calls("properties")) == before


def test_where_the_crm_does_not_answer_it_says_how_old_the_answer_is(crm, connection, admin_client):
    breaks(crm)
    read_properties()
    age(connection, 90)
    crm.fault("status", status=503)
    shown = page(admin_client, ask=True)
    assert "could not be read just now; as it was" in shown
    assert "<b>Industry → branch</b>" in shown
    # Looking is no reason to call the CRM down.
    connection.refresh_from_db()
    assert connection.health == CrmConnection.Health.OK


def test_it_stops_no_publication_and_is_told_again_afterwards(crm, connection, admin_client):
    breaks(crm)
    read_properties()
    RoutingRule.objects.filter(name="Partners").update(active=False)
    answer = admin_client.post(reverse(PUBLISH), {"note": ""}, follow=True)
    assert RuleSet.objects.order_by("-version").first().version == 2
    assert "1 thing stands against leads on their way to the CRM" in answer.content.decode()


def test_a_rule_that_sends_to_somebody_archived_there_is_warned_of(crm, connection, admin_client):
    owner = Owner.objects.get(email="alice@acme.test")
    rule = RoutingRule.objects.filter(active=True).first()
    RoutingRule.objects.filter(pk=rule.pk).update(
        target_kind="owner", target_owner=owner, target_rotation=None, target_queue=None
    )
    crm.call("POST", "/control/owners", {"email": owner.email, "name": owner.name, "archived": True})
    age(connection, 6)
    page(admin_client, ask=True)
    assert "It sends to Alice Ames, who is archived in HubSpot: its leads go to the fallback queue." in page(
        admin_client
    )


def test_whoever_sees_some_owners_only_hears_of_these_only(crm, connection, admin_client, client):
    zoe = Owner.objects.create(email="zoe@acme.test", name="Zoe Zorn")
    RoutingRule.objects.filter(pk=RoutingRule.objects.filter(active=True).first().pk).update(
        target_kind="owner", target_owner=zoe, target_rotation=None, target_queue=None
    )
    assert "Nobody in HubSpot has the address zoe@acme.test." in page(admin_client)
    dieter = User.objects.create_user("dieter", is_staff=True)
    dieter.groups.add(Group.objects.get(name="Manager"))
    Owner.objects.filter(email="dieter@acme.test").update(user=dieter)
    client.force_login(dieter)
    shown = page(client)
    assert 'id="elsewhere"' in shown
    assert "has the address" not in shown


def test_without_a_connection_nothing_is_said(committed_acme, admin_client):
    CrmConnection.objects.update(active=False)
    assert 'id="elsewhere"' not in page(admin_client)


def test_applying_a_file_says_what_the_crm_has_against_it(crm, connection, tmp_path):
    file, said = tmp_path / "acme.yaml", StringIO()
    call_command("config", "export", str(file))
    call_command("config", "apply", str(file), stderr=said, stdout=StringIO())
    assert "branch" not in said.getvalue()
    breaks(crm)
    age(connection, 6)
    call_command("config", "apply", str(file), stderr=said, stdout=StringIO())
    assert (
        "Warning: HubSpot (hubspot): Industry → branch: Industry: “branch” is there no more"
        in said.getvalue()
    )
    assert RuleSet.objects.count() == 1
