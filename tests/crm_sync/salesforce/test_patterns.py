"""The three ways to live with two CRMs, by the files of docs/howto/two-crms.md: what the page says is what happens."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as project
from django.utils import timezone

from crm_sync import exception_kinds as kinds
from crm_sync.born_there import taking
from crm_sync.connection import owners
from crm_sync.inbound import webhook_events
from crm_sync.models import CrmConnection, CrmLink, MirrorProgress
from crm_sync.outbound import lead_changes, sending
from crm_sync.polling import filling
from exception_queue.models import ExceptionItem
from intake import runner
from intake.models import Lead
from leadops.management.commands.prepare import DEMO
from plumbing import secrets
from routing.models import Assignment
from tests import make
from tests.crm_sync.salesforce.test_whole_way import Org
from tests.leadops.configuration.commands import Config
from tests.make import crm_sync as building
from tests.make.salesforce import CLIENT_ID, SECRET
from tests.make.sandbox import TOKEN

pytestmark = pytest.mark.django_db(transaction=True)

EXAMPLES = Path(project.BASE_DIR) / "docs" / "examples"
ALICE, BOB, DIETER, EVA = (f"{name}@acme.test" for name in ("alice", "bob", "dieter", "eva"))


class Company:
    """One that has applied a file, with both CRMs in the sandbox."""

    def __init__(self, crm, folder):
        self.crm, self.folder = crm, folder

    def apply(self, name):
        text = (EXAMPLES / f"two-crms-{name}.yaml").read_text(encoding="utf-8")
        self.takes(
            text.replace("    kind: hubspot\n", f"    kind: hubspot\n    base_url: {self.crm.url}/hubspot\n")
        )

    def takes(self, text):
        """The text of a file, whose addresses and secrets are the sandbox's from now on."""
        text = text.replace("https://acme.my.salesforce.com", f"{self.crm.url}/salesforce")
        config = Config(self.folder)
        config.apply(re.sub("client_id: .*", f"client_id: {CLIENT_ID}", text))
        assert "Warning" not in config.complaints
        for key, token in (("hubspot", TOKEN), ("salesforce", SECRET)):
            CrmConnection.objects.filter(key=key).update(token=secrets.encrypt(token), token_env="")
        owners.refresh_all()
        self.org = Org(self.crm, CrmConnection.objects.get(key="salesforce"))
        self.goes_on()

    def goes_on(self, times=3):
        for _ in range(times):
            MirrorProgress.objects.update(polled_at=timezone.now() - timedelta(minutes=5))
            filling.fill_all()
            webhook_events.work_all()
            taking.take_all()
            runner.drain()
            lead_changes.queue_changes()
            sending.drain_all()

    def comes_in(self, **said):
        answer = make.posted(
            {
                "email": "gina@globex.example",
                "first_name": "Gina",
                "last_name": "Green",
                "company": "Globex",
                **said,
            }
        )
        assert answer.status_code == 202, answer.content
        self.goes_on()
        return Lead.objects.latest("created_at")

    def number(self, lead, key):
        return CrmLink.objects.get(lead=lead, connection__key=key).remote_id

    def owners(self, lead):
        """Here, in HubSpot and in Salesforce, by address; "" for nobody."""
        assignment = Assignment.objects.select_related("owner").get(lead=lead)
        shown = dict(CrmLink.objects.filter(lead=lead).values_list("connection__key", "remote_id"))
        contact = next((one for one in self.crm.contacts() if one["id"] == shown.get("hubspot")), {})
        record = next((one for one in self.org.leads("OwnerId") if one["Id"] == shown.get("salesforce")), {})
        return (
            assignment.owner.email if assignment.owner else "",
            self._who("hubspot", contact.get("hubspot_owner_id", "")),
            self._who("salesforce", record.get("OwnerId", "")),
        )

    def _who(self, key, remote_id):
        links = CrmConnection.objects.get(key=key).owner_links.filter(remote_id=remote_id)
        email = links.values_list("email", flat=True).first() or ""
        return "" if email == "leadops@acme.test" else email

    def in_salesforce(self, lead, owner, by):
        self.org.control(f"Lead/{self.number(lead, 'salesforce')}/owner", {"owner": owner, "by": by})
        self.goes_on()

    def person_in_hubspot(self, lead, owner):
        self.crm.person_changes(self.number(lead, "hubspot"), hubspot_owner_id=self.crm.owner_id(owner))
        self.goes_on()

    def workflow_in_hubspot(self, lead, owner):
        self.crm.program_changes(self.number(lead, "hubspot"), hubspot_owner_id=self.crm.owner_id(owner))
        self.goes_on()


@pytest.fixture
def company(crm, tmp_path, transactional_db):
    return Company(crm, tmp_path)


def test_route_in_one_the_others_show_whom_it_has_chosen(company):
    company.apply("route-in-one")
    lead = company.comes_in()
    assert company.owners(lead) == ("", "", "")
    company.in_salesforce(lead, BOB, by="autoproc@acme.test")
    assert company.owners(lead) == (BOB, BOB, BOB)
    company.in_salesforce(lead, EVA, by=ALICE)
    assert company.owners(lead) == (EVA, EVA, EVA)
    company.person_in_hubspot(lead, ALICE)
    assert company.owners(lead) == (EVA, EVA, EVA)
    assert not ExceptionItem.objects.exists()


def test_route_in_one_a_change_here_does_not_reach_the_one(company):
    """Said on the page: Salesforce gets an owner with a new record only."""
    company.apply("route-in-one")
    lead = company.comes_in()
    company.in_salesforce(lead, BOB, by=ALICE)
    building.move(lead, building.owner(EVA))
    company.goes_on()
    assert company.owners(lead) == (EVA, EVA, BOB)


def test_route_in_the_middle_both_show_whom_the_rules_have_chosen(company):
    company.apply("route-in-the-middle")
    lead = company.comes_in(country="DE")
    here, *there = company.owners(lead)
    assert here in (DIETER, EVA)
    assert there == [here, here]
    assert CrmLink.objects.filter(lead=lead, task_open=True, connection__key="hubspot").exists()
    company.in_salesforce(lead, BOB, by=ALICE)
    assert company.owners(lead) == (BOB, BOB, BOB)
    company.person_in_hubspot(lead, ALICE)
    assert company.owners(lead) == (ALICE, ALICE, ALICE)
    company.workflow_in_hubspot(lead, EVA)
    assert company.owners(lead) == (ALICE, ALICE, ALICE)
    company.workflow_in_hubspot(lead, EVA)
    assert company.owners(lead) == (ALICE, EVA, ALICE)
    assert ExceptionItem.objects.filter(kind=kinds.PING_PONG).count() == 1


def test_route_in_the_middle_salesforce_has_only_the_leads_of_its_condition(company):
    company.apply("route-in-the-middle")
    american = company.comes_in(country="US")
    here, hubspot, salesforce = company.owners(american)
    assert here in (ALICE, BOB)
    assert (hubspot, salesforce) == (here, "")
    assert company.org.leads() == []


def test_each_routes_its_own_and_the_other_shows_it(company):
    company.apply("each-routes-its-own")
    lead = company.comes_in()
    assert company.owners(lead) == ("", "", "")
    company.in_salesforce(lead, BOB, by="autoproc@acme.test")
    assert company.owners(lead) == (BOB, BOB, BOB)
    company.workflow_in_hubspot(lead, ALICE)
    assert company.owners(lead) == (ALICE, ALICE, ALICE)
    assert not ExceptionItem.objects.exists()


def test_what_is_made_in_either_stands_in_the_other_with_its_owner(company):
    company.apply("each-routes-its-own")
    fields = {"LastName": "Roth", "Company": "Rothbau AG", "Email": "lea@rothbau.example"}
    company.org.control("Lead", {"fields": fields, "owner": EVA})
    properties = {"email": "tom@fieldworks.example", "lastname": "Field", "company": "Fieldworks"}
    company.crm.call("POST", "/control/hubspot/contacts", {"properties": properties, "owner": ALICE})
    company.goes_on(4)
    assert {lead.email: company.owners(lead) for lead in Lead.objects.all()} == {
        "lea@rothbau.example": (EVA, EVA, EVA),
        "tom@fieldworks.example": (ALICE, ALICE, ALICE),
    }
    assert (len(company.crm.contacts()), len(company.org.leads())) == (2, 2)
    assert not ExceptionItem.objects.exists()


def test_the_second_connection_of_the_demos_file_works_when_its_signs_are_taken_away(company):
    head, mark, rest = DEMO.read_text(encoding="utf-8").partition("#  A second CRM")
    assert mark
    second = "\n".join(line.replace("#", "", 1) for line in rest.splitlines()[1:])
    company.takes(f"{head.replace('http://127.0.0.1:8899', company.crm.url)}{second}\n")
    german, american = company.comes_in(country="DE"), company.comes_in(email="tom@big.example", country="US")
    assert [each["Email"] for each in company.org.leads()] == [german.email]
    assert {each["email"] for each in company.crm.contacts()} == {german.email, american.email}
