from datetime import date
from decimal import Decimal

from crm_sync.models import CrmConnection, FieldMapping
from intake.models import IntakeForm, ValueAlias
from routing.models import (
    Absence,
    NamedAccount,
    Owner,
    Queue,
    Rotation,
    RotationMember,
    RoutingRule,
    RoutingSettings,
    RuleSet,
    ScoringRule,
    SlaPolicy,
    Team,
    Territory,
)
from routing.step_settings import SlaStepSpec


def test_it_writes_everything_that_the_file_says(config, acme):
    said = config.apply(acme.replace("enabled: true, days: 90", "enabled: true, days: 60"))

    assert "7 owners added" in said
    assert "Published as version 1." in said
    assert Team.objects.get(name="AMER Sales").manager == Owner.objects.get(email="maria@acme.test")
    assert Owner.objects.get(email="bob@acme.test").daily_cap == 20
    assert not Owner.objects.get(email="frank@acme.test").active
    assert Absence.objects.get().ends_on == date(2027, 1, 4)
    assert Queue.objects.get(fallback=True).name == "Triage"
    assert Territory.objects.get(name="West Coast").parent.name == "North America"
    assert NamedAccount.objects.get(company="Globex").domains == ["globex.com", "globex.de"]
    assert ValueAlias.objects.get(raw="the crm").canonical == "crm"
    rotation = Rotation.objects.get(name="AMER round robin")
    assert (rotation.when_empty, rotation.when_empty_queue.name) == ("queue", "Triage")
    assert [m.weight for m in rotation.members.order_by("id")] == [Decimal(3), Decimal(2), Decimal(1)]
    assert ScoringRule.objects.get(label="student").effect == ScoringRule.Effect.DISQUALIFY
    assert RoutingSettings.objects.get().sticky_days == 60
    assert [rule.name for rule in RoutingRule.objects.all()] == [
        "Named account",
        "Partners",
        "DACH",
        "Hot North America",
        "Cold North America",
    ]
    assert SlaPolicy.objects.get(name="Hot leads").steps[2] == SlaStepSpec(at="150%", do="reassign")
    assert IntakeForm.objects.get(key="demo-request").confirmation_email.within == "5m"
    connection = CrmConnection.objects.get(key="hubspot")
    assert (connection.primary, connection.token_env, connection.token) == (True, "HUBSPOT_TOKEN", "")
    assert FieldMapping.objects.get(canonical="status").values["new"] == "NEW"


def test_it_changes_nothing_the_second_time(config, acme):
    config.apply(acme)
    rows = Owner.history.count(), Rotation.history.count(), Team.history.count()

    assert config.apply(acme) == "Nothing to change. Version 1 stays in force.\n"
    assert (Owner.history.count(), Rotation.history.count(), Team.history.count()) == rows
    assert RuleSet.objects.count() == 1


def test_it_says_in_the_history_where_a_change_came_from(config, acme, django_user_model):
    sales_ops = django_user_model.objects.create(username="ops")
    config.apply(acme, "--by", "ops")

    entry = Owner.objects.get(email="bob@acme.test").history.get()
    assert entry.history_change_reason == "config apply"
    assert entry.history_user == sales_ops
    assert RuleSet.objects.get().published_by == "ops"


def test_it_switches_off_what_the_file_no_longer_says_and_deletes_nothing(config, acme):
    config.apply(acme)
    shorter = acme.replace("  - {name: Nurture, team: AMER Sales}\n", "").replace(
        "  - {name: Cold North America", "  - {name: Cold leads"
    )
    shorter = shorter.replace('target: "queue:Nurture"', 'target: "queue:Partner desk"')

    said = config.apply(shorter)

    assert "1 queue deactivated" in said
    assert "1 rule added, 1 rule deactivated" in said
    assert not Queue.objects.get(name="Nurture").active
    assert not RoutingRule.objects.get(name="Cold North America").active
    assert config.diff(shorter) == (0, "")


def test_it_brings_back_what_the_file_says_again(config, acme):
    config.apply(acme)
    config.apply(
        acme.replace(
            "  - {company: Globex, domains: [globex.com, globex.de], owner: alice@acme.test}", "  []"
        )
    )
    assert not NamedAccount.objects.get().active

    config.apply(acme)

    assert NamedAccount.objects.get().active
    assert NamedAccount.objects.count() == 1


def test_it_leaves_a_section_alone_that_the_file_does_not_have(config, acme):
    config.apply(acme)

    said = config.apply("version: 1\nstickiness: {enabled: false}\n")

    assert said == "1 stickiness setting changed. Published as version 2.\n"
    assert RoutingRule.objects.filter(active=True).count() == 5
    assert Owner.objects.filter(active=True).count() == 6


def test_it_says_in_which_order_accounts_are_found(config, acme):
    config.apply(acme)

    said = config.apply("version: 1\naccount_match: {steps: [name, domain]}\n")

    assert said == "1 setting of account matching changed. Published as version 2.\n"
    assert RoutingSettings.objects.get().account_steps == ["name", "domain"]
    assert "stands here twice" in config.refusal("version: 1\naccount_match: {steps: [name, name]}\n")
    assert "is not known here" in config.refusal("version: 1\naccount_match: {steps: [weather]}\n")


def test_it_keeps_a_members_row_when_the_member_leaves(config, acme):
    config.apply(acme)

    said = config.apply(acme.replace("      - {owner: bob@acme.test, weight: 2}\n", ""))

    assert "1 rotation changed" in said
    member = RotationMember.objects.get(owner__email="bob@acme.test")
    assert (member.active, member.weight) == (False, Decimal(2))


def test_it_moves_the_fallback_and_the_primary_from_one_to_another(config, acme):
    config.apply(acme)
    other = acme.replace("team: AMER Sales, fallback: true}", "team: AMER Sales}").replace(
        "{name: Partner desk, team: DACH Sales}", "{name: Partner desk, team: DACH Sales, fallback: true}"
    )

    config.apply(other)

    assert Queue.objects.get(fallback=True).name == "Partner desk"


def test_it_puts_rules_in_the_order_of_the_file(config, acme):
    config.apply(acme)
    start, end = acme.index("  - {name: Partners"), acme.index("  - {name: DACH, target")
    partners = acme[start:end]
    later = acme[:start] + acme[end:]
    place = later.index("  - name: Hot North America")
    later = later[:place] + partners + later[place:]

    assert config.diff(later)[0] == 1
    assert "rules put in order" in config.apply(later)
    assert [rule.name for rule in RoutingRule.objects.all()][:3] == ["Named account", "DACH", "Partners"]
    assert config.diff(later) == (0, "")


def test_a_country_called_no_is_norway(config, acme):
    norwegian = acme.replace("deutschland: DE}", "deutschland: DE, norge: NO}").replace(
        "in: [DE, AT, CH]", "in: [DE, AT, CH, NO]"
    )
    config.apply(norwegian)

    assert ValueAlias.objects.get(raw="norge").canonical == "NO"
    assert Territory.objects.get(name="DACH").when == {
        "any": [{"field": "country", "in": ["DE", "AT", "CH", "NO"]}]
    }
    assert config.diff(config.export()) == (0, "")


def test_it_says_whether_leads_that_only_some_can_take_count(config, acme):
    config.apply(acme)
    line = "  - name: AMER round robin\n"
    said = acme.replace(line, line + "    specialist_leads: extra\n    max_leads_ahead: 5\n", 1)
    assert config.diff(said)[0] == 1
    config.apply(said)
    changed = Rotation.objects.exclude(specialist_leads="count")
    assert [(row.specialist_leads, row.max_leads_ahead) for row in changed] == [("extra", 5)]
    assert config.diff(said) == (0, "")
    assert "specialist_leads: extra" in config.export()


def test_a_member_who_is_left_out_and_comes_back_has_the_credit_it_had(config, acme):
    config.apply(acme)
    member = Rotation.objects.get(name="DACH round robin").members.order_by("pk")[0]
    member.credit = 7
    member.save()
    without = acme.replace(f"{{owner: {member.owner.email}}}, ", "", 1)
    assert without != acme
    config.apply(without)
    member.refresh_from_db()
    assert (member.active, member.credit) == (False, 7)
    config.apply(acme)
    member.refresh_from_db()
    assert (member.active, member.credit) == (True, 7)
