"""A slip in a mapping is found when it is saved, not by the leads that arrive without the value."""

from html import unescape

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from crm_sync.models import FieldMapping
from crm_sync.schema import reading
from tests.crm_sync.test_values_that_do_not_fit import make_choice
from tests.leadops.console.test_configuration_pages import filled
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def page(admin_client, connection):
    return Page(admin_client, connection)


class Page:
    def __init__(self, client, connection):
        self.client, self.connection = client, connection
        self.url = reverse("admin:crm_sync_crmconnection_change", args=(connection.pk,))

    def save(self, **typed):
        """`typed`: by canonical field, what is typed into its line; `goes`: what is said elsewhere on the page."""
        data = filled(self.client, type(self.connection), self.connection)
        anyway = typed.pop("anyway", False)
        data |= typed.pop("goes", {})
        data |= {name: typed.pop(name) for name in ("_preview", "preview_email") if name in typed}
        for canonical, values in typed.items():
            prefix = next(
                name.removesuffix("-canonical") for name, value in data.items() if value == canonical
            )
            data |= {f"{prefix}-{name}": value for name, value in values.items()}
        data = {name: value for name, value in data.items() if value is not None}
        return self.client.post(self.url, data | ({"switch_off_anyway": "on"} if anyway else {}))

    def add(self, **typed):
        """One line more."""
        number = self.connection.mappings.count()
        data = filled(self.client, type(self.connection), self.connection)
        line = {"mode": "overwrite", "active": "on", "position": "99", **typed}
        data |= {f"mappings-{number}-{name}": value for name, value in line.items()}
        return self.client.post(self.url, data | {"mappings-TOTAL_FORMS": number + 1})


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


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("owner", "nobody", "Nothing stands in for an owner"),
        ("score", "none", "“none” is nothing that “leadops_score” takes: it is a number."),
    ],
)
def test_what_stands_there_for_nothing_has_to_fit(page, crm, name, text, said):
    make.lead()
    make.drain(page.connection)
    found = errors(page.save(**{name: {"default": text}}))
    assert said in found["default"]


def test_a_text_for_leads_without_a_value_is_saved(page):
    assert page.save(company={"default": "[not provided]"}).status_code == 302
    assert line("company").default == "[not provided]"


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


@pytest.fixture
def read(connection, crm):
    """The properties were read, and one of them takes three words only."""
    make_choice(crm, name="heat", options=[("hot", "Hot"), ("warm", "Warm"), ("COLD", "Cold")])
    reading.read_now(connection)


@pytest.mark.parametrize(
    ("canonical", "typed", "field", "said"),
    [
        ("company", {"property": "createdate"}, "property", "HubSpot writes “createdate” itself"),
        ("company", {"property": "leadops_lead_id"}, "property", "leadops fills “leadops_lead_id” itself"),
        ("company", {"property": "leadops_shared_email"}, "property", "leadops fills"),
        ("company", {"property": "hubspot_owner_id"}, "canonical", "only “Owner” is written to it"),
        ("owner", {"property": "company"}, "property", "The owner is written to “hubspot_owner_id”"),
        ("company", {"property": "firstname"}, "property", "“First name” is written to “firstname” already."),
        ("email", {"property": "closedate"}, "property", "E-mail is never a moment, as “closedate” is."),
        (
            "segment",
            {"property": "heat", "values": "cold=KALT"},
            "values",
            "“KALT” is no option of “heat”. It takes hot, warm, COLD.",
        ),
        ("status", {"property": "heat", "values": ""}, "values", "“new”, “working”, “contacted”"),
    ],
)
def test_what_can_never_arrive_is_refused_at_its_field_and_says_what_to_do(
    page, read, canonical, typed, field, said
):
    found = errors(page.save(**{canonical: typed}))
    assert list(found) == [field]
    assert said in found[field]


def test_what_some_leads_lack_is_saved_with_a_warning(page, read):
    answer = page.save(segment={"property": "heat", "values": "cold=COLD"})
    assert answer.status_code == 302
    shown = page.client.get(page.url).content.decode()
    assert "“disqualified” is no option of “heat”: translate (disqualified=…) to hot, warm, COLD." in shown
    assert page.save(company={"property": "closedate"}).status_code == 302
    assert "Company can be any text" in page.client.get(page.url).content.decode()


def test_values_of_real_leads_without_an_option_are_counted_and_named_with_the_options(page, read):
    for number, industry in enumerate(["Warm Water", "Warm Water", "Mining", "hot", ""]):
        make.lead(email=f"lead{number}@globex.example", industry=industry)
    new_line = page.add(canonical="industry", property="heat", values="Mining=COLD")
    assert new_line.status_code == 302
    shown = unescape(page.client.get(page.url).content.decode())
    assert (
        "“Warm Water” (2 leads) of the newest 1,000 leads: no option of “heat”. "
        "Translate (Warm Water=…) to hot, warm, COLD; what has no translation is left out."
    ) in shown
    assert page.save(industry={"values": "Mining=COLD; Warm Water=warm"}).status_code == 302
    assert "no option of" not in page.client.get(page.url).content.decode()


def test_values_of_leads_are_named_to_nobody_who_may_not_see_leads(page, read):
    make.lead(industry="Mining")
    user = User.objects.create_user("kim", "kim@acme.test", is_staff=True)
    may = (
        "view_crmconnection",
        "change_crmconnection",
        "view_fieldmapping",
        "add_fieldmapping",
        "change_fieldmapping",
    )
    user.user_permissions.set(Permission.objects.filter(codename__in=may))
    page.client.force_login(user)
    assert page.add(canonical="industry", property="heat").status_code == 302
    assert "Mining" not in page.client.get(page.url).content.decode()


def test_a_line_that_was_wrong_before_holds_up_no_other(page, read):
    FieldMapping.objects.filter(canonical="company").update(property="createdate")
    assert page.save(segment={"mode": "if_empty"}).status_code == 302
    assert "writes “createdate” itself" in errors(page.save(company={"values": "a=b"}))["property"]


def test_properties_are_offered_by_name_with_what_they_take(page, read):
    shown = page.client.get(page.url).content.decode()
    offered = shown[shown.index("<datalist") : shown.index("</datalist>")]
    assert '<option value="heat">Branch: one of hot, warm, COLD</option>' in offered
    assert "createdate" not in offered
    assert "leadops_lead_id" not in offered
    assert "First Name: a text</p>" in shown


def test_two_lines_of_before_that_fill_one_property_can_be_saved(page, read):
    FieldMapping.objects.filter(canonical="last_name").update(property="firstname")
    assert page.save(company={"mode": "overwrite"}).status_code == 302


def test_a_preview_is_what_the_code_that_sends_would_send_and_saves_nothing(page, read, crm):
    lead = make.lead(email="ada@globex.example", company="Machine Works", segment="cold")
    make.lead(email="later@globex.example")
    crm_calls = len(crm.calls())
    answer = page.save(
        _preview="1",
        preview_email="ada@globex.example",
        segment={"property": "heat", "values": "cold=COLD"},
        company={"property": "closedate"},
        first_name={"active": None},
    )
    shown = {each.property: each for each in answer.context["lines"]}
    assert (shown["heat"].value, shown["heat"].means) == ("COLD", "Cold")
    assert (shown["closedate"].left_out, shown["closedate"].why) == (True, "Of another type")
    assert (shown["leadops_disqualify_reason"].value, shown["leadops_disqualify_reason"].why) == (
        "",
        "The lead has no value",
    )
    assert "firstname" not in shown
    assert answer.context["lead"] == lead
    assert (line("company").property, len(crm.calls())) == ("company", crm_calls)
    # The same lead, sent by these lines.
    FieldMapping.objects.filter(canonical="company").update(property="closedate")
    FieldMapping.objects.filter(canonical="segment").update(property="heat", values={"cold": "COLD"})
    FieldMapping.objects.filter(canonical="first_name").update(active=False)
    make.drain(page.connection)
    number = make.link_of(lead).remote_id
    names = ",".join(shown)
    there = crm.call("GET", f"/hubspot/crm/v3/objects/contacts/{number}?properties={names}")["properties"]
    sent = {name: each.value for name, each in shown.items() if each.value and not each.left_out}
    assert {name: there[name] for name in sent} == sent


def test_a_preview_of_a_wrong_line_says_what_is_wrong_and_shows_the_others(page, read):
    make.lead(email="ada@globex.example")
    answer = page.save(_preview="1", preview_email="", company={"property": "createdate"})
    assert "writes “createdate” itself" in answer.content.decode()
    assert "ada@globex.example" in {each.value for each in answer.context["lines"]}
    assert "No lead of yours" in page.save(_preview="1", preview_email="x@y.example").content.decode()
