"""A slip in a mapping is found when it is saved, not by the leads that arrive without the value."""

import pytest
from django.urls import reverse

from crm_sync.models import FieldMapping
from tests.leadops.console.test_configuration_pages import filled

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def page(admin_client, connection):
    return Page(admin_client, connection)


class Page:
    def __init__(self, client, connection):
        self.client, self.connection = client, connection
        self.url = reverse("admin:crm_sync_crmconnection_change", args=(connection.pk,))

    def save(self, **typed):
        """`typed`: by canonical field, what is typed into its line."""
        data = filled(self.client, type(self.connection), self.connection)
        anyway = typed.pop("anyway", False)
        for canonical, values in typed.items():
            prefix = next(
                name.removesuffix("-canonical") for name, value in data.items() if value == canonical
            )
            data |= {f"{prefix}-{name}": value for name, value in values.items()}
        data = {name: value for name, value in data.items() if value is not None}
        return self.client.post(self.url, data | ({"switch_off_anyway": "on"} if anyway else {}))


def errors(answer):
    assert answer.status_code == 200, "It was saved."
    (inline,) = answer.context["inline_admin_formsets"]
    return {name: said[0] for each in inline.formset.errors for name, said in each.items()}


def line(canonical):
    return FieldMapping.objects.get(canonical=canonical)


def test_a_property_that_the_crm_does_not_have_is_refused_at_its_field(page):
    answer = page.save(company={"property": "compny"})
    assert errors(answer) == {"property": "HubSpot has no property “compny”. Did you mean “company”?"}
    assert line("company").property == "company"


def test_a_property_that_is_there_or_ours_to_make_is_saved(page):
    assert page.save(company={"property": "city"}).status_code == 302
    assert page.save(segment={"property": "leadops_tier"}).status_code == 302
    assert (line("company").property, line("segment").property) == ("city", "leadops_tier")


def test_it_asks_the_crm_only_when_a_name_is_new(page, crm):
    before = len(crm.calls())
    assert page.save().status_code == 302
    assert len(crm.calls("/properties")) == before


def test_a_crm_that_does_not_answer_warns_and_saves(page, crm):
    crm.fault("status", status=503)
    answer = page.save(company={"property": "compny"})
    assert answer.status_code == 302
    shown = page.client.get(page.url).content.decode()
    assert "New properties could not be checked" in shown
    assert line("company").property == "compny"


@pytest.mark.parametrize(
    ("canonical", "lost"), [("owner", "without an owner"), ("email", "without an address")]
)
def test_the_owner_and_email_lines_are_not_switched_off_by_a_slip(page, canonical, lost):
    answer = page.save(**{canonical: {"active": None}})
    assert lost in errors(answer)["active"]
    assert "switch_off_anyway" in answer.content.decode()
    assert line(canonical).active
    assert page.save(**{canonical: {"active": None}}, anyway=True).status_code == 302
    assert not line(canonical).active


def test_the_word_is_not_asked_for_when_nobody_needs_it(page):
    assert "switch_off_anyway" not in page.client.get(page.url).content.decode()
    assert page.save(company={"active": None}).status_code == 302
    assert not line("company").active
