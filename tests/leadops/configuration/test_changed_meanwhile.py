from leadops.management.commands.prepare import apply_demo
from routing.models import Owner, RoutingRule, Team
from routing.rules import publishing


def edit_in_the_console(**values) -> None:
    owner = Owner.objects.get(email="bob@acme.test")
    for name, value in values.items():
        setattr(owner, name, value)
    owner.save()


def test_it_refuses_after_somebody_changed_the_configuration_and_shows_what(config, acme):
    config.apply(acme, "--by", "ops")
    edit_in_the_console(daily_cap=30)

    said = config.refusal(acme)

    assert "the configuration was changed in the console since ops applied or exported it" in said
    assert "~ bob@acme.test" in said
    assert "daily_cap: 20 → 30" in said
    assert Owner.objects.get(email="bob@acme.test").daily_cap == 30


def test_force_lets_the_file_win(config, acme):
    config.apply(acme)
    edit_in_the_console(daily_cap=30)

    assert config.apply(acme, "--force") == "1 owner changed. Version 1 stays in force.\n"
    assert Owner.objects.get(email="bob@acme.test").daily_cap == 20


def test_it_refuses_too_when_the_change_is_in_a_section_that_the_file_leaves_out(config, acme):
    config.apply(acme)
    edit_in_the_console(daily_cap=30)

    assert "daily_cap: 20 → 30" in config.refusal("version: 1\nstickiness: {enabled: false}\n")


def test_a_change_that_the_file_says_too_is_no_reason_to_refuse(config, acme):
    config.apply(acme)
    edit_in_the_console(daily_cap=30)

    assert config.apply(acme.replace("daily_cap: 20", "daily_cap: 30")).startswith("Nothing to change.")


def test_an_export_counts_as_having_seen_the_change(config, acme):
    config.apply(acme)
    edit_in_the_console(daily_cap=30)
    config.export()

    assert "1 owner changed" in config.apply(acme)


def test_it_refuses_to_write_over_what_was_only_ever_made_in_the_console(config, acme):
    Team.objects.create(name="Console team")

    said = config.refusal(acme)

    assert "never went through a file" in said
    assert "+ Console team" in said


def test_a_database_with_only_the_demo_counts_as_unchanged(config, acme, settings, tmp_path):
    settings.LEADOPS_SANDBOX_PORT, settings.LEADOPS_DATA_DIR = 8123, tmp_path
    apply_demo()

    said = config.apply(acme)

    assert said == "1 connection changed. Version 1 stays in force.\n"


def test_a_draft_that_waits_in_the_console_is_not_published_by_the_way(config, acme):
    config.apply(acme)
    rule = RoutingRule.objects.get(name="DACH")
    rule.active = False
    rule.save()

    config.refusal("version: 1\nteams: []\n")

    assert publishing.unpublished_changes() == ["Rule “DACH” goes."]
