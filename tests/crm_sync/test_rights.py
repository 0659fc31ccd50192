"""What the token may not do is named, with the mappings that it stops."""

import pytest
from django.urls import reverse

from crm_sync.doctor import check_connections
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db(transaction=True)


def press(client, connection):
    """What the page says after its button."""
    url = reverse("admin:crm_sync_crmconnection_test_rights", args=(connection.pk,))
    assert client.post(url, {"_form_submitted": "on"}).status_code == 200
    page = client.get(reverse("admin:crm_sync_crmconnection_change", args=(connection.pk,)))
    return [str(each) for each in page.context["messages"]]


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        (
            "crm.objects.contacts.read",
            "no lead can be written. Mappings that it stops: E-mail → email, First name",
        ),
        (
            "crm.objects.contacts.write",
            "no lead can be written. Mappings that it stops: E-mail → email, First name",
        ),
        ("crm.schemas.contacts.write", "Mappings that it stops: Lead score → leadops_score, Segment"),
        ("crm.objects.owners.read", "Mappings that it stops: Owner → hubspot_owner_id."),
        ("crm.objects.companies.read", "accounts and customers there are not known."),
        ("crm.objects.deals.read", "open deals are not known."),
        ("sales-email-read", "e-mails that are logged there are no proof of a contact."),
    ],
)
def test_each_scope_that_lacks_is_named_with_what_it_stops(admin_client, crm, connection, scope, said):
    crm.call("POST", "/control/hubspot/scopes", {"missing": [scope]})
    words = [each for each in press(admin_client, connection) if f"lacks {scope}:" in each]
    assert len(words) == 1, words
    assert said in words[0]


def test_reading_properties_wants_one_of_two_scopes(admin_client, crm, connection):
    """HubSpot reads them for whoever may read contacts."""
    missing = ["crm.schemas.contacts.read", "crm.objects.contacts.read"]
    crm.call("POST", "/control/hubspot/scopes", {"missing": missing})
    said = " ".join(press(admin_client, connection))
    assert "lacks crm.schemas.contacts.read: the CRM's properties cannot be read." in said


def test_a_token_that_has_them_all_is_praised_and_nothing_is_changed(admin_client, crm, connection):
    make.lead()
    make.drain(connection)
    before = crm.contacts()
    assert press(admin_client, connection) == [
        "The connection works, and its token has every scope that it needs."
    ]
    assert crm.contacts() == before


def test_a_token_that_does_not_work_is_no_lacking_scope(admin_client, crm, connection):
    crm.fault("status", status=401)
    assert "The connection does not work" in press(admin_client, connection)[0]


def test_doctor_says_it_too(crm, connection):
    crm.call("POST", "/control/hubspot/scopes", {"missing": ["crm.objects.deals.read"]})
    assert any("lacks crm.objects.deals.read" in found.title for found in check_connections())
