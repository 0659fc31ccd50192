import pytest
from django.core.management import call_command

from crm_sync.models import CrmConnection
from intake import models
from intake.models import IntakeForm
from leadops.configuration import sections
from leadops.models import ConfigurationMark
from plumbing.secrets import encrypt
from routing.models import NamedAccount, Owner, RuleSet
from routing.rules import publishing


def empty_the_database() -> None:
    call_command("flush", verbosity=0, interactive=False)


def test_what_was_exported_says_the_same_as_what_was_applied(config, acme):
    config.apply(acme)

    assert config.diff(config.export()) == (0, "")
    assert config.diff(acme) == (0, "")


def test_an_export_applied_to_an_empty_database_exports_the_same_text(config, acme, transactional_db):
    config.apply(acme)
    exported = config.export()
    snapshot = RuleSet.objects.get().checksum
    empty_the_database()

    config.apply(exported)

    assert config.export() == exported
    assert RuleSet.objects.get().checksum != "" and len(snapshot) == 64
    assert config.diff(acme) == (0, "")


def test_it_exports_every_section_also_of_an_empty_database(config):
    text = config.export()

    assert all(f"\n{name}:" in text for name in sections.SECTIONS)


def test_it_never_writes_a_secret(config, acme):
    config.apply(acme)
    IntakeForm.objects.update(secret=encrypt("form-secret"), token=encrypt("form-token"))
    CrmConnection.objects.update(token=encrypt("crm-token"), webhook_secret=encrypt("hook-secret"))

    text = config.export()

    for row in (*IntakeForm.objects.all(),):
        assert row.secret not in text
        assert row.token not in text
    connection = CrmConnection.objects.get()
    assert connection.token not in text
    assert connection.webhook_secret not in text
    assert "token_env: HUBSPOT_TOKEN" in text


def test_it_exports_what_has_no_behaviour_yet_as_it_was(config, acme):
    salesforce = """
  - key: salesforce
    kind: salesforce
    base_url: https://acme.my.salesforce.test
    client_id: 3MVG9lKcPoNINVB
    username: leadops@acme.test
    token_env: SALESFORCE_TOKEN
    mappings: {last_name: {property: LastName}}
"""
    config.apply(acme.rstrip() + salesforce)

    text = config.export()

    assert "confirmation_email: {subject: 'Thanks, we will be in touch', within: 5m}" in text
    assert "kind: salesforce" in text
    assert "client_id: 3MVG9lKcPoNINVB" in text
    assert "username: leadops@acme.test" in text
    assert "last_name: {property: LastName, mode: overwrite}" in text


def test_it_writes_odd_values_so_that_they_are_read_back_the_same(config, acme):
    odd = acme.replace(
        "product_interest: {crm suite: crm,",
        'product_interest: {"null": crm, "1.5": crm, "yes": crm, "a: b # c": crm, crm suite: crm,',
    )
    odd = odd.replace(
        "defaults: {intent: demo_request}",
        'defaults: {intent: "2026-01-01", budget: "007", existing_customer: false}',
    )
    config.apply(odd)

    assert config.diff(odd) == (0, "")
    assert config.diff(config.export()) == (0, "")


def test_it_remembers_what_it_has_exported(config, acme):
    config.apply(acme, "--by", "first")
    IntakeForm.objects.filter(key="demo-request").update(honeypot="other")

    config.export()

    assert ConfigurationMark.objects.get().configuration["forms"][0]["honeypot"] == "other"
    assert "1 form changed" in config.apply(acme)


@pytest.mark.parametrize("since", ["2026-11-27", '"2026-11-27"', '"2026-11-27T09:00+01:00"'])
def test_what_is_said_of_contacts_made_there_goes_round(config, acme, since):
    said = f"    born_there: {{active: true, created_after: {since}, sources: [IMPORT], per_minute: 10}}\n"
    wanted = acme.replace("    task: {when: [hot", f"{said}    task: {{when: [hot")
    assert wanted != acme
    config.apply(wanted)

    stored = CrmConnection.objects.get().born_there
    assert (stored.active, stored.sources, stored.per_minute) == (True, ["IMPORT"], 10)
    assert stored.created_after == since.strip('"')
    assert config.diff(wanted) == (0, "")
    assert config.diff(config.export()) == (0, "")


def test_companies_above_and_tiers_go_round(config, acme):
    wanted = (
        acme.replace(
            "named_accounts:\n",
            "named_accounts:\n  - {company: Unit, parent: Group, tier: A}\n  - {company: Group}\n",
        )
        + "\naccount_match: {owner_from: ultimate}\n"
    )
    config.apply(wanted)

    unit = NamedAccount.objects.select_related("parent").get(company="Unit")
    assert (unit.parent.company, unit.tier) == ("Group", "A")
    assert publishing.compiled().account_match.owner_from == "ultimate"
    assert config.diff(wanted) == (0, "")
    assert config.diff(config.export()) == (0, "")


def test_a_form_that_a_connection_has_made_stays_when_a_file_does_not_name_it(config, acme):
    config.apply(acme)
    IntakeForm.objects.create(key="hubspot", name="Made in HubSpot (hubspot)", kind="crm", purpose="partner")
    assert config.diff(acme) == (0, "")
    config.apply(acme.replace("Alice Ames", "Alice A. Ames"))
    assert IntakeForm.objects.get(key="hubspot").active
    exported = config.export()
    assert "purpose: partner" in exported
    assert config.diff(exported) == (0, "")


def test_pairs_go_round(config, acme):
    wanted = acme.replace("{email: alice@acme.test, ", "{email: alice@acme.test, sdr: bob@acme.test, ")
    assert wanted != acme
    config.apply(wanted)

    assert Owner.objects.select_related("sdr").get(email="alice@acme.test").sdr.email == "bob@acme.test"
    assert config.diff(wanted) == (0, "")
    assert config.diff(config.export()) == (0, "")
    config.apply(acme)
    assert Owner.objects.get(email="alice@acme.test").sdr is None


def test_test_addresses_and_the_test_mode_go_round(config, acme):
    wanted = (
        acme.replace("    primary: true  ", "    mode: test\n    primary: true  ")
        + "\ntest_addresses: [Ann@Globex.example, '@testing.example', '*+test@globex.example']\n"
    )
    config.apply(wanted)

    assert CrmConnection.objects.get().mode == "test"
    assert set(models.TestAddress.objects.filter(active=True).values_list("pattern", flat=True)) == {
        "ann@globex.example",
        "@testing.example",
        "*+test@globex.example",
    }
    assert config.diff(wanted) == (0, "")
    assert config.diff(config.export()) == (0, "")

    config.apply(acme + "\ntest_addresses: ['@testing.example']\n")
    assert list(models.TestAddress.objects.filter(active=True).values_list("pattern", flat=True)) == [
        "@testing.example"
    ]
    assert models.TestAddress.objects.count() == 3
