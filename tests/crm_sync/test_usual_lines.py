"""A connection that has no lines can start with the usual ones: those that the CRM has a property for."""

import pytest
from django.urls import reverse

from crm_sync.models import CrmConnection, CrmProperty, FieldMapping
from crm_sync.outbound import sending, usual_lines
from crm_sync.schema import reading
from tests.leadops.console.permission_rows import SURE
from tests.make import crm_sync as make
from tests.make import salesforce

pytestmark = pytest.mark.django_db(transaction=True)

DIALOG = {"HX-Request": "true"}
WHO = ["email", "first_name", "last_name", "company", "phone", "job_title", "status"]
OURS = ["score", "segment", "routing_reason", "routed_at", "disqualify_reason"]


@pytest.fixture(params=["hubspot", "salesforce"])
def empty(request, crm, transactional_db):
    made = (make if request.param == "hubspot" else salesforce).connection(crm.url)
    FieldMapping.objects.all().delete()
    return made


def page(connection, name="usual_lines"):
    return reverse(f"admin:crm_sync_crmconnection_{name}", args=(connection.pk,))


def lines(connection):
    return list(connection.mappings.values_list("canonical", flat=True))


def test_they_are_shown_then_added_and_a_lead_arrives_by_them(crm, empty, admin_client):
    shown = admin_client.get(page(empty, "change")).content.decode()
    assert "No field is mapped, so nothing can be written." in shown
    offered = admin_client.get(page(empty), headers=DIALOG).content.decode()
    assert all(line.property in offered for line in usual_lines.of(empty))
    assert lines(empty) == []
    admin_client.post(page(empty), SURE)
    assert lines(empty) == [*WHO, *(OURS if empty.kind == "hubspot" else []), "owner"]
    assert FieldMapping.history.filter(history_user__username="admin").exists()
    assert "No field is mapped" not in admin_client.get(page(empty, "change")).content.decode()
    lead = make.lead(phone="+493090182001", job_title="Head of Sales")
    sending.drain_all()
    assert make.link_of(lead).shown_owner == "alice@acme.test"
    sent = make.link_of(lead).sent
    assert {sent[each.property] for each in empty.mappings.filter(canonical__in=WHO[:3])} == {
        lead.email,
        "Gina",
        "Green",
    }
    status = empty.mappings.get(canonical="status")
    assert sent[status.property] == status.values["new"]


def test_they_fit_what_the_crm_has_without_a_warning_of_ours(empty):
    reading.read_now(empty)
    rules = usual_lines.rules_of(empty)
    for line in usual_lines.of(empty):
        judged = usual_lines.MappingLine(line.canonical, line.property, line.values, mode=line.mode)
        assert not [each.words for each in rules.troubles(judged)]


def test_what_is_there_already_is_not_added_again_and_nothing_is_offered_twice(empty, admin_client):
    reading.read_now(empty)
    (email, first, *_) = usual_lines.of(empty)
    FieldMapping.objects.create(connection=empty, canonical="email", property=email.property, active=False)
    FieldMapping.objects.create(connection=empty, canonical="full_name", property=first.property, position=7)
    found = usual_lines.of(empty)
    assert not {"email", "first_name"} & {line.canonical for line in found}
    assert found[0].position == 8
    for _ in range(2):
        admin_client.post(page(empty), SURE)
    assert usual_lines.of(empty) == []
    assert (
        "The mapping has every usual line that fits"
        in admin_client.get(page(empty), headers=DIALOG).content.decode()
    )


def test_a_property_that_is_gone_or_has_other_options_is_left_out(empty):
    reading.read_now(empty)
    status = next(line for line in usual_lines.of(empty) if line.canonical == "status")
    CrmProperty.objects.filter(name=status.property).update(options=[["Cold", "Cold"]])
    phone = next(line for line in usual_lines.of(empty) if line.canonical == "phone")
    CrmProperty.objects.filter(name=phone.property).update(archived=True)
    assert not {"status", "phone"} & {line.canonical for line in usual_lines.of(empty)}


def test_without_an_answer_of_the_crm_it_says_why_nothing_is_offered(empty, admin_client):
    CrmConnection.objects.update(base_url="http://127.0.0.1:9/nobody")
    said = admin_client.get(page(empty), headers=DIALOG).content.decode()
    assert "could not be read" in said
    admin_client.post(page(empty), SURE)
    assert lines(empty) == []
