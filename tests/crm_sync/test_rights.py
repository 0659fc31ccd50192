"""What the token has to be allowed follows from how a connection is set up; what it may not do is named, with what that stops."""

import pytest
from django.urls import reverse
from django.utils import timezone

from crm_sandbox.hubspot.scopes import SCOPES
from crm_sync.connection import owners
from crm_sync.connectors import CONNECTORS
from crm_sync.doctor import check_connections
from crm_sync.looking import asking
from crm_sync.models import CrmConnection, MirrorProgress
from crm_sync.outbound.needed_rights import FACTS, MIRRORED, needed
from crm_sync.polling import filling
from crm_sync.schema import reading
from crm_sync.tasks import read_properties
from exception_queue.models import ExceptionItem
from plumbing import secrets
from routing.models import RoutingRule
from routing.rules import vocabulary
from tests.crm_sync.contract.backstage import MemoryBackstage
from tests.crm_sync.test_polled_changes import BOB
from tests.crm_sync.test_touches import logged
from tests.make import crm_sync as make
from tests.make.sandbox import TOKEN

pytestmark = pytest.mark.django_db(transaction=True)

WRITING = {"crm.objects.contacts.write", "crm.schemas.contacts.write"}
READING = {
    "crm.objects.contacts.read",
    "crm.objects.companies.read",
    "crm.objects.deals.read",
    "crm.objects.owners.read",
    "crm.schemas.contacts.read",
    "sales-email-read",
}


def address(connection):
    return reverse("admin:crm_sync_crmconnection_access", args=(connection.pk,))


def press(client, connection, **what):
    """The page after its button."""
    return client.post(address(connection), what or {"test": "1"})


def state_of(answer, right):
    return next(row for row in answer.context["rows"] if row.right.name == right)


def take_away(crm, *scopes):
    crm.call("POST", "/control/hubspot/scopes", {"missing": list(scopes)})


def by_name(connection):
    return {each.name: each for each in needed(connection)}


def test_a_live_connection_needs_to_write_and_one_that_is_observed_only_later(connection):
    assert set(by_name(connection)) == READING | WRITING
    assert not any(each.later for each in needed(connection))
    connection.mode = CrmConnection.Mode.OBSERVE
    assert {name for name, each in by_name(connection).items() if each.later} == WRITING


def test_what_each_is_for_follows_from_tasks_and_contacts_made_there(connection):
    def said(name):
        return " ".join(use.what_for for use in by_name(connection)[name].uses)

    assert "gets a task for it (hot, warm)" in said("crm.objects.contacts.write")
    assert "become leads" not in said("crm.objects.contacts.read")
    connection.task = {}
    connection.born_there = {"active": True, "created_after": "2026-11-01"}
    connection.save()
    connection.refresh_from_db()
    assert "task" not in said("crm.objects.contacts.write")
    assert "Contacts that somebody makes there become leads." in said("crm.objects.contacts.read")


def test_lines_and_rules_that_need_a_right_are_named(connection):
    tier = {"all": [{"field": "account_tier", "eq": "A"}, {"field": "country", "eq": "DE"}]}
    queue = make.queue()
    to_queue = {"target_kind": "queue", "target_queue": queue}
    RoutingRule.objects.create(name="Tier A", when=tier, position=2, **to_queue)
    RoutingRule.objects.create(name="Deals", when={"field": "open_deal", "eq": True}, position=3, **to_queue)
    RoutingRule.objects.create(name="Account", target_kind="account_owner", position=1)
    RoutingRule.objects.create(name="Germany", when={"field": "country", "eq": "DE"}, position=4, **to_queue)
    found = by_name(connection)
    assert found["crm.objects.companies.read"].rules == ["Account", "Tier A"]
    assert found["crm.objects.deals.read"].rules == ["Deals"]
    assert found["crm.objects.contacts.read"].rules == []
    assert found["crm.objects.owners.read"].lines == ["Owner → hubspot_owner_id"]
    assert "Lead score → leadops_score" in found["crm.schemas.contacts.write"].lines
    connection.mappings.filter(canonical="owner").update(active=False)
    assert by_name(connection)["crm.objects.owners.read"].lines == []


def test_whatever_the_mirror_reads_and_conditions_ask_of_it_has_its_right():
    assert set(MIRRORED) == set(MirrorProgress.Kind)
    asked = {fact.name for fact in vocabulary.FACTS.values() if fact.group == "What the CRM says"}
    assert asked <= {name for names in FACTS.values() for name in names}


def everything(crm, connection):
    """All that a connection does there."""
    reading.read_now(connection)
    owners.refresh_all()
    filling.fill_all()
    (answer,) = asking.ask([(connection, ["nobody@globex.example"])], now=timezone.now())
    assert answer.missed == ""
    made = make.lead(segment="hot", points=90)
    make.clock(made)
    make.push(made)
    make.drain(connection)
    return made


def test_with_the_rights_that_are_listed_everything_works(crm, connection):
    make.queue(fallback=True)
    make.owner(BOB)
    take_away(crm, *(set(SCOPES) - set(by_name(connection))))
    made = everything(crm, connection)
    assert logged(crm, made, "email") == 1
    assert len(crm.tasks()) == 1
    assert [each["path"] for each in crm.calls() if each["status"] == 403] == []


def test_an_observed_one_reads_with_those_that_are_needed_now(crm, connection):
    CrmConnection.objects.update(mode=CrmConnection.Mode.OBSERVE)
    connection.refresh_from_db()
    now = {each.name for each in needed(connection) if not each.later}
    take_away(crm, *(set(SCOPES) - now))
    everything(crm, connection)
    assert [each["path"] for each in crm.calls() if each["status"] == 403] == []
    assert not any("lacks" in found.title for found in check_connections())


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        ("crm.objects.contacts.read", "no lead can be written"),
        ("crm.objects.contacts.write", "E-mail → email, First name"),
        ("crm.schemas.contacts.write", "Lead score → leadops_score, Segment"),
        ("crm.objects.owners.read", "Owner → hubspot_owner_id."),
        ("crm.objects.companies.read", "account owner and customers stay unknown."),
        ("crm.objects.deals.read", "open deals stay unknown."),
        ("sales-email-read", "e-mails that are logged there are no proof of a contact."),
    ],
)
def test_each_scope_that_lacks_is_named_with_what_it_stops(admin_client, crm, connection, scope, said):
    take_away(crm, scope)
    answer = press(admin_client, connection)
    row = state_of(answer, scope)
    assert (row.state, answer.context["answer"]) == ("missing", "HubSpot lets us in, and 1 scope is missing.")
    assert [each.right.name for each in answer.context["rows"] if each.is_missing] == [scope]
    words = [found.title for found in check_connections() if f"lacks {scope}:" in found.title]
    assert len(words) == 1 and said in words[0]
    for part in (row.right.without, *row.right.lines):
        assert part in answer.text


def test_what_cannot_be_told_while_another_lacks_is_not_called_missing(admin_client, crm, connection):
    """HubSpot lets nobody read e-mails who may not read contacts."""
    take_away(crm, "crm.objects.contacts.read")
    assert state_of(press(admin_client, connection), "sales-email-read").state == "not known yet"


def test_reading_properties_wants_one_of_two_scopes(admin_client, crm, connection):
    """HubSpot reads them for whoever may read contacts."""
    take_away(crm, "crm.schemas.contacts.read", "crm.objects.contacts.read")
    answer = press(admin_client, connection)
    assert state_of(answer, "crm.schemas.contacts.read").is_missing
    assert "the CRM&#x27;s properties cannot be read" in answer.text


def test_a_token_that_has_them_all_is_praised_and_nothing_is_changed(admin_client, crm, connection):
    make.lead()
    make.drain(connection)
    before = crm.contacts()
    answer = press(admin_client, connection)
    assert "lets us in, and the token has each scope that it needs." in answer.text
    assert {row.state for row in answer.context["rows"]} == {"there"}
    assert crm.contacts() == before


def test_doctor_says_it_too(crm, connection):
    take_away(crm, "crm.objects.deals.read")
    assert any("lacks crm.objects.deals.read" in found.title for found in check_connections())


def test_before_there_is_a_token_the_page_says_how_to_make_one(admin_client, crm, connection):
    CrmConnection.objects.update(token="")
    answer = admin_client.get(address(connection))
    assert "There is no Service Key yet" in answer.text
    assert "Settings, then Integrations, then Service Keys" in answer.text
    assert {row.state for row in answer.context["rows"]} == {"not tested"}
    assert "Version 2026-09 of its API is used: HubSpot supports it until 8 March 2028." in answer.text
    assert crm.calls() == []


def test_a_token_that_is_refused_is_told_in_the_crms_words_and_tests_nothing(admin_client, crm, connection):
    crm.fault("status", status=401)
    answer = press(admin_client, connection, save="1", token="pat-of-yesterday")
    assert answer.context["tested"].error
    assert answer.context["tested"].error in answer.text
    assert {row.state for row in answer.context["rows"]} == {"not tested"}
    assert "Make a new Service Key" in answer.text


def test_a_crm_that_does_not_answer_refuses_nobody(admin_client, crm, connection):
    crm.fault("status", status=503)
    answer = press(admin_client, connection)
    assert "The token could not be tested." in answer.text
    assert "Make a new" not in " ".join(step.says for step in answer.context["next_steps"])


def test_a_token_that_is_given_is_stored_tried_and_used(admin_client, crm, connection):
    CrmConnection.objects.update(token="", health=CrmConnection.Health.AUTH_LOST)
    answer = press(admin_client, connection, save="1", token=TOKEN)
    connection.refresh_from_db()
    assert secrets.decrypt(connection.token) == TOKEN
    assert connection.health == CrmConnection.Health.OK
    assert connection.history.latest().history_user is not None
    assert "the token has each scope that it needs" in answer.context["answer"]
    assert TOKEN not in answer.text
    press(admin_client, connection, save="1", token="")
    connection.refresh_from_db()
    assert secrets.decrypt(connection.token) == TOKEN


def test_a_variable_is_only_sent_where_it_may_go(admin_client, crm, connection):
    """The connection's address is the sandbox's: what a variable holds does not go there because somebody typed its name."""
    CrmConnection.objects.update(token="")
    answer = press(admin_client, connection, save="1", token="", token_env="HUBSPOT_TOKEN")
    assert "is not sent to" in answer.text
    assert crm.calls() == []
    assert CrmConnection.objects.get().token_env == ""


def test_a_new_connection_leads_there(admin_client, crm, connection):
    add = reverse("admin:crm_sync_crmconnection_add")
    form = {
        "key": "second", "kind": "hubspot", "look_up_ms": "400", "poll_seconds": "30", "known_owner": "keep",
        "on_duplicate": "link",
        "mappings-TOTAL_FORMS": "0", "mappings-INITIAL_FORMS": "0", "when": "", "recycled": "",
    }  # fmt: skip
    answer = admin_client.post(add, {**form, "_save": "Save"})
    assert answer.status_code == 302, answer.context["errors"]
    made = CrmConnection.objects.get(key="second")
    # Nothing is written before its rights and lines were looked at.
    assert made.mode == "observe"
    shown = admin_client.get(add).context["adminform"].form
    assert {shown[name].value() for name in ("master_owner", "master_lifecycle")} == {"leadops", "crm"}
    assert answer["Location"] == address(made)
    assert "There is no Service Key yet" in admin_client.get(address(made)).text
    again = admin_client.post(add, {**form, "key": "third", "_continue": "1"})
    assert again["Location"] == reverse(
        "admin:crm_sync_crmconnection_change", args=(CrmConnection.objects.get(key="third").pk,)
    )


def test_a_connector_of_another_kind_says_it_in_its_own_words(admin_client, transactional_db, monkeypatch):
    monkeypatch.setitem(CONNECTORS, "memory", "tests.crm_sync.contract.memory.Memory")
    backstage = MemoryBackstage("2")
    made = CrmConnection.objects.create(
        key="other", kind="memory", base_url=backstage.base_url, token=secrets.encrypt(TOKEN)
    )
    backstage.deny_deals()
    answer = press(admin_client, made)
    assert "Ask for a pass at the gate." in answer.text
    assert "Memory CRM lets us in, and 1 permission is missing." in answer.text
    assert state_of(answer, "may-deals").is_missing
    assert "HubSpot" not in answer.context["answer"]


def test_a_kind_without_a_connector_has_a_page(admin_client, connection):
    CrmConnection.objects.update(kind="gone")
    assert "There is no connector for “gone”" in admin_client.get(address(connection)).text


def test_the_exceptions_lead_there(admin_client, crm, connection):
    read_properties()
    take_away(crm, "crm.schemas.contacts.write", "crm.objects.deals.read")
    read_properties()
    MirrorProgress.objects.update(asked_at=None)
    filling.fill_all()
    take_away(crm, "crm.objects.owners.read")
    read_properties()
    for kind in ("crm.drift", "crm.mirror_behind", "crm.auth_lost"):
        item = ExceptionItem.objects.get(kind=kind)
        page = admin_client.get(reverse("admin:exception_queue_exceptionitem_change", args=(item.pk,)))
        assert f'href="{address(connection)}"' in page.text, kind
