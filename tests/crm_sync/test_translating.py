"""A value that is no option is translated on the page of its exception: the leads that lack it follow, and the item closes."""

import threading
from html import unescape

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection as database
from django.urls import reverse
from django.utils import timezone

from crm_sync import exception_kinds as kinds
from crm_sync.admin import translating as page
from crm_sync.admin import translations
from crm_sync.models import FieldMapping, LeftOutValue
from crm_sync.outbound import translating
from crm_sync.outbound.translating import Translation
from exception_queue.models import ExceptionItem
from tests.crm_sync.test_mapping_lines import Page, errors, line
from tests.crm_sync.test_values_that_do_not_fit import PATH, leads, make_choice, mapping, open_item, value_of
from tests.exception_queue.trying import only
from tests.leadops.console.test_configuration_pages import filled
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["mapping"]


def panel(item, user):
    found = page.panel(item, user)
    return None if found is None else {each.ours: each for _, each, _, _ in found.context["values"]}


def fields(client):
    """What the item's page would send, with nothing chosen."""
    shown = client.get(reverse("admin:exception_queue_exceptionitem_change", args=(open_item().pk,)))
    found = shown.context["panel"].context
    sent = {"mapping": found["mapping"].pk, "next": shown.wsgi_request.path}
    return found["act_url"], sent | {f"was-{key}": was for key, _, was, _ in found["values"]}


def send(client, choices, *, shown=None):
    url, sent = shown or fields(client)
    return client.post(url, sent | {page.field_of(ours): said for ours, said in choices.items()})


def said(answer):
    return [str(message) for message in answer.wsgi_request._messages]


def test_each_value_stands_with_its_leads_beside_the_options_and_one_button_mends_it(
    crm, connection, mapping, admin_client, admin_user
):
    machines, mines = leads(3), leads(1, "Bergbau")
    other = leads(1, "Fischerei")
    make.drain(connection)
    item = only(kinds.VALUE_LEFT_OUT)
    assert {ours: each.leads for ours, each in panel(item, admin_user).items()} == {
        "Maschinenbau": 3,
        "Bergbau": 1,
        "Fischerei": 1,
    }
    answer = send(admin_client, {"Maschinenbau": "=MACHINERY", "Bergbau": "="})
    assert (answer.status_code, answer.url) == (
        302,
        reverse("admin:exception_queue_exceptionitem_change", args=(item.pk,)),
    )
    mapping.refresh_from_db()
    assert mapping.values == {"Maschinenbau": "MACHINERY", "Bergbau": ""}
    newest = mapping.history.first()
    assert (newest.values, newest.history_user) == (mapping.values, admin_user)
    item.refresh_from_db()
    assert item.retried_by == "admin"
    assert "“Maschinenbau” is written as “MACHINERY”" in item.notes.last().text
    make.drain(connection)
    assert [value_of(crm, lead) for lead in machines] == ["MACHINERY"] * 3
    assert not value_of(crm, mines[0])
    # One still lacks it.
    assert list(LeftOutValue.objects.values_list("ours", flat=True)) == ["Fischerei"]
    assert list(panel(open_item(), admin_user)) == ["Fischerei"]
    send(admin_client, {"Fischerei": "=FINANCE"})
    make.drain(connection)
    item.refresh_from_db()
    assert (item.status, item.resolved_by) == ("resolved", "admin")
    assert value_of(crm, other[0]) == "FINANCE"
    assert page.panel(item, admin_user) is None


def test_a_value_that_is_called_like_an_option_is_chosen_already(crm, connection, mapping, admin_client):
    leads(1, "machinery")
    make.drain(connection)
    shown = admin_client.get(reverse("admin:exception_queue_exceptionitem_change", args=(open_item().pk,)))
    assert '<option value="=MACHINERY" selected>Machinery</option>' in shown.text
    assert '<option value="=FINANCE">Finance</option>' in shown.text


def test_what_people_have_typed_is_text_and_nothing_else(crm, connection, mapping, admin_client):
    nasty = '<script>alert("1")</script>; a=b'
    lead = make.lead(industry=nasty)
    make.drain(connection)
    item = open_item()
    shown = admin_client.get(reverse("admin:exception_queue_exceptionitem_change", args=(item.pk,))).text
    assert "<script>alert" not in shown
    assert nasty in unescape(shown)
    send(admin_client, {nasty: "=MACHINERY"})
    make.drain(connection)
    assert value_of(crm, lead) == "MACHINERY"
    # The editor shows it, and saving that page keeps it.
    editor = Page(admin_client, connection)
    assert editor.save(company={"mode": "overwrite"}).status_code == 302
    assert line("industry").values == {nasty: "MACHINERY"}


def test_what_is_no_option_any_more_is_not_written_into_the_line(crm, connection, mapping, admin_client):
    leads(1)
    make.drain(connection)
    answer = send(admin_client, {"Maschinenbau": "=SHIPPING"})
    assert said(answer) == ["“SHIPPING” is no option of Branch any more: choose another."]
    assert said(send(admin_client, {"Maschinenbau": ""})) == [
        "Nothing was chosen, or no lead lacks it any more."
    ]
    assert line("industry").values == {}


def test_a_translation_to_an_option_that_has_gone_is_shown_and_replaced(
    crm, connection, mapping, admin_client, admin_user
):
    FieldMapping.objects.filter(pk=mapping.pk).update(values={"Maschinenbau": "SHIPS", "Bank": "FINANCE"})
    (lead,) = leads(1)
    make.drain(connection)
    assert panel(open_item(), admin_user)["Maschinenbau"].now == "SHIPS"
    send(admin_client, {"Maschinenbau": "=MACHINERY"})
    make.drain(connection)
    assert value_of(crm, lead) == "MACHINERY"
    assert line("industry").values == {"Maschinenbau": "MACHINERY", "Bank": "FINANCE"}


def test_of_a_list_each_value_is_translated_by_itself(crm, connection, admin_client, admin_user):
    make_choice(crm, name="parts", options=[("C", "Cloud"), ("P", "On site")], fieldType="checkbox")
    FieldMapping.objects.create(connection=connection, canonical="extra.parts", property="parts", position=90)
    lead = make.lead(extra={"parts": ["cloud", "P", "hybrid"]})
    make.drain(connection)
    assert set(panel(open_item(), admin_user)) == {"cloud", "hybrid"}
    send(admin_client, {"cloud": "=C", "hybrid": "=C"})
    make.drain(connection)
    assert value_of(crm, lead, "parts") == "C;P"


def test_what_somebody_else_has_translated_meanwhile_stays(crm, connection, mapping, admin_client):
    leads(1)
    leads(1, "Bergbau")
    make.drain(connection)
    shown = fields(admin_client)
    FieldMapping.objects.filter(pk=mapping.pk).update(values={"Bergbau": "FINANCE", "Other": "FINANCE"})
    answer = send(admin_client, {"Maschinenbau": "=MACHINERY"}, shown=shown)
    assert line("industry").values == {"Bergbau": "FINANCE", "Other": "FINANCE", "Maschinenbau": "MACHINERY"}
    assert len(said(answer)) == 1
    found = translating.translate(
        mapping.pk, {"Bergbau": Translation("MACHINERY", was=None)}, by="kim", now=timezone.now()
    )
    assert (found.done, found.elsewise) == ({}, {"Bergbau": "FINANCE"})
    assert line("industry").values["Bergbau"] == "FINANCE"


def test_of_many_who_translate_at_one_moment_nobody_is_lost(crm, connection, mapping):
    words = [f"Word {number}" for number in range(6)]
    start = threading.Barrier(len(words))

    def one(word):
        start.wait()
        try:
            translating.translate(
                mapping.pk, {word: Translation("MACHINERY", was=None)}, by="kim", now=timezone.now()
            )
        finally:
            database.close()

    threads = [threading.Thread(target=one, args=(word,)) for word in words]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert line("industry").values == dict.fromkeys(words, "MACHINERY")


def test_the_editor_keeps_what_was_translated_in_an_exception_while_it_was_open(
    crm, connection, mapping, admin_client
):
    editor = Page(admin_client, connection)
    data = filled(admin_client, type(connection), connection)
    prefix = next(name.removesuffix("-canonical") for name, value in data.items() if value == "industry")
    FieldMapping.objects.filter(pk=mapping.pk).update(values={"Bergbau": "FINANCE"})
    assert editor.client.post(editor.url, data).status_code == 302
    assert line("industry").values == {"Bergbau": "FINANCE"}
    typed = {f"{prefix}-values": "Maschinenbau=MACHINERY"}
    assert editor.client.post(editor.url, data | typed).status_code == 302
    assert line("industry").values == {"Bergbau": "FINANCE", "Maschinenbau": "MACHINERY"}
    other = {f"{prefix}-values": "Bergbau=MACHINERY"}
    assert (
        "“Bergbau” to “FINANCE” meanwhile" in errors(editor.client.post(editor.url, data | other))["values"]
    )


def somebody(role):
    user = User.objects.create_user(role, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user


def test_who_may_change_the_connection_translates_and_others_see_whom_to_ask(
    crm, connection, mapping, client
):
    leads(1)
    make.drain(connection)
    address = reverse("admin:exception_queue_exceptionitem_change", args=(open_item().pk,))
    client.force_login(somebody("Viewer"))
    shown = client.get(address)
    assert "Maschinenbau" in shown.text
    assert "Who may change CRM connections (Ops can) translates them here" in shown.text
    assert "Save translations" not in shown.text
    act, sent = fields(client)
    assert send(client, {"Maschinenbau": "=MACHINERY"}, shown=(act, sent)).status_code == 403
    client.force_login(somebody("Ops"))
    assert "Save translations" in client.get(address).text
    send(client, {"Maschinenbau": "=MACHINERY"})
    assert line("industry").values == {"Maschinenbau": "MACHINERY"}
    assert line("industry").history.first().history_user.username == "Ops"


def test_the_lines_are_a_part_of_the_connection_for_those_who_may_change_or_see_it(connection, client):
    client.force_login(somebody("Ops"))
    assert Page(client, connection).save(company={"property": "city"}).status_code == 302
    assert line("company").property == "city"
    client.force_login(somebody("Viewer"))
    shown = client.get(reverse("admin:crm_sync_crmconnection_change", args=(connection.pk,)))
    assert "hs_lead_status" in shown.text
    assert 'name="mappings-0-property"' not in shown.text


def test_a_line_of_another_connection_is_not_there(crm, connection, mapping, admin_client):
    leads(1)
    make.drain(connection)
    other = make.connection(crm.url, key="other", primary=False)
    _, sent = fields(admin_client)
    url = reverse("admin:crm_sync_crmconnection_translate", args=(other.pk,))
    assert send(admin_client, {"Maschinenbau": "=MACHINERY"}, shown=(url, sent)).status_code == 404


def test_a_property_without_options_offers_nothing(crm, connection, admin_user):
    group = {"name": "own", "label": "Own", "groupName": "own", "type": "number", "fieldType": "number"}
    crm.call("POST", f"{PATH}/groups", {"name": "own", "label": "Own"})
    crm.call("POST", PATH, group | {"name": "heads"})
    FieldMapping.objects.create(connection=connection, canonical="industry", property="heads", position=90)
    leads(1)
    make.drain(connection)
    assert page.panel(ExceptionItem.objects.get(status="open"), admin_user) is None


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"new": "NEW", "working": "IN_PROGRESS"},
        {"a;b": "X", 'the "best"': "Y=Z", " blank ": "", "two\nlines": "ünï", "=": ";"},
    ],
)
def test_translations_are_read_as_they_are_shown(values):
    assert translations.read(translations.in_words(values)) == values


@pytest.mark.parametrize("typed", ["new", "=NEW", 'a="NEW', '"a" b=C', "a=b; c"])
def test_what_is_no_translation_is_said(typed):
    with pytest.raises(translations.ValidationError):
        translations.read(typed)
