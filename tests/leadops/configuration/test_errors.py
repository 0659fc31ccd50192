from itertools import pairwise

import pytest
from django.core.management import CommandError, call_command

from routing.models import Owner, RuleSet

BASE = "version: 1\n"


def test_an_unknown_key_is_an_error_with_its_line_and_what_was_meant(config, acme):
    line = next(n for n, text in enumerate(acme.splitlines(), 1) if "bob@acme.test, name" in text)
    said = config.refusal(acme.replace("daily_cap: 20", "dayly_cap: 20"))

    assert f"line {line}: owners › “Bob Burke” › dayly_cap: “dayly_cap” is not known here." in said
    assert "Did you mean “daily_cap”?" in said
    assert Owner.objects.count() == 0


def test_an_unknown_section_is_an_error(config):
    assert "line 2: rulez: There is no section of this name. Did you mean “rules”?" in config.refusal(
        BASE + "rulez: []\n"
    )


def test_it_names_every_mistake_in_one_pass_by_line(config):
    said = config.refusal(
        BASE
        + """\
calendars:
  - {name: Office, timezone: Europe/Berlinn, hours: {mon-fri: ["09:00-17:30"]}}
  - {name: Night, hours: {mo-fr: ["9-17"]}}
owners:
  - {email: not-an-address, name: Ann}
  - {email: ann@acme.test, name: Ann, team: Nowhere, daily_cap: many}
  - {email: ann@acme.test}
queues:
  - {name: Desk}
rules:
  - {name: A, target: "rotation:Nobody", when: {all: [{field: coutnry, eq: DE}]}}
  - {name: B, target: somewhere, when: {all: [{field: country, equals: DE}]}}
"""
    )
    found = [line.split(": ", 1) for line in said.splitlines()]

    assert [place.rsplit(" ", 1)[1] for place, _ in found] == [
        "3", "4", "4", "6", "7", "7", "8", "8", "9", "12", "12", "13", "13",
    ]  # fmt: skip
    assert "“Nowhere” is not one of the teams." in said
    assert "There is no field 'coutnry'. Did you mean country?" in said
    assert "One queue must say “fallback: true”" in said
    assert "“name” is missing here." in said


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: [", "line 2: This cannot be read"),
        ("- a\n", "line 1: This is not a configuration"),
        ("version: 2\n", "line 1: This leadops reads version 1, not 2."),
        ("teams: []\nteams: []\n", "line 2: This cannot be read: found duplicate key"),
        ("teams:\n", "line 1: teams: This is empty"),
        ("value_aliases: {country: {uk: yes, x: true}}\n", "put it in quotes if you mean the word “true”"),
        ("test_addresses: ['@gmail.com']\n", "Anybody can have an address at gmail.com"),
        ("test_addresses: ['*@acme.test', '@ACME.test']\n", "@acme.test stands here twice."),
        ("test_addresses: [{a: b}]\n", "line 1"),
        ("owners: [{email: a@acme.test, name: 12}]\n", "put it in quotes if you mean the word “12”"),
        ("scoring: {thresholds: {hot: 10, warm: 10}}\n", "“hot” must be more than “warm”."),
        ("connections: [{key: sf, kind: salesforce}]\n", "needs its “base_url”"),
        ("forms: [{key: Web Form, name: Web}]\n", "is not a key"),
        ("forms: [{key: web, name: Web, secret_env: 's3cr-t'}]\n", "never the secret itself"),
        ("forms: [{key: web, name: Web, secret_env: SECRET_KEY}]\n", "a secret of leadops itself"),
        ("connections: [{key: hs, token_env: LEADOPS_API_TOKEN}]\n", "a secret of leadops itself"),
        (
            "connections: [{key: hs, webhook_secret_env: PATH}]\n",
            "starts with LEADOPS_SECRET_, or have it added",
        ),
        ("forms: [{key: web, name: Web, field_map: {mail: e_mail}}]\n", "Did you mean “email”?"),
        (
            "absences: [{owner: a@acme.test, from: 2026-05-02, until: 2026-05-01}]\n",
            "The last day cannot be before",
        ),
        ("sla_policies: [{name: A, first_response: 50%}]\n", "is not a share"),
        ("rules: [{name: A, target: account_owner, when: }]\n", "Write a condition here"),
        ("rotations: [{name: A, when_empty: queue}]\n", "queue:<name>"),
        ("rotations: [{name: A, members: [{owner: a@acme.test, weight: 0}]}]\n", "A weight is more than 0"),
        ("teams: [{name: A}, {name: A}]\n", "A stands here twice."),
        ("calendars: [{name: A, hours: {mon: ['09:00-08:00', '9']}}]\n", "'9' is not a time of day"),
        (
            "sla_policies: [{name: A, first_response: 1h, steps: [{at: 100%, do: queue}]}]\n",
            "needs the name of the queue",
        ),
    ],
)
def test_it_says_what_is_wrong(config, text, expected):
    assert expected in config.refusal(text)


def test_errors_in_the_rules_undo_everything(config, acme):
    circle = acme.replace("when_empty: queue:Triage", "when_empty: rotation:DACH round robin").replace(
        "  - name: DACH round robin\n",
        '  - name: DACH round robin\n    when_empty: "rotation:AMER round robin"\n',
    )
    line = next(n for n, text in enumerate(circle.splitlines(), 1) if "- name: AMER round robin" in text)

    said = config.refusal(circle)

    assert said.startswith("Nothing was applied: the rules cannot be published.")
    assert f"line {line}: Rotation “AMER round robin”: When they are empty they go round in a circle" in said
    assert Owner.objects.count() == 0
    assert RuleSet.objects.count() == 0


def test_a_warning_does_not_stop_an_apply_and_is_said(config, acme):
    long = acme.replace("first_response: 8bh", "first_response: 24h")

    assert "Published as version 1." in config.apply(long)
    assert "Warning: SLA policy “Everyone else”: 24h on a team clock" in config.complaints


def test_what_the_file_switches_off_cannot_be_referred_to_in_it(config, acme):
    config.apply(acme)
    said = config.refusal(acme.replace("  - {name: Nurture, team: AMER Sales}\n", ""))

    assert "“Nurture” is not one of the queues of this file." in said


def test_a_section_alone_may_refer_to_what_the_database_has(config, acme):
    config.apply(acme)

    said = config.apply(
        "stickiness: {days: 30}\nnamed_accounts: [{company: Initech, owner: eva@acme.test}]\n"
    )

    assert "1 named account added, 1 named account deactivated, 1 stickiness setting changed" in said


def test_a_file_that_is_not_there_is_one_plain_sentence(config):
    with pytest.raises(CommandError, match=r"nowhere.yaml cannot be read: No such file or directory."):
        call_command("config", "apply", "nowhere.yaml")


def test_a_territory_in_itself_is_refused(config, acme):
    inside = acme.replace(
        "  - name: North America\n    team", "  - name: North America\n    parent: West Coast\n    team"
    )

    assert "lies inside itself" in config.refusal(inside)


BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{after}: &{after} [{','.join([f'*{before}'] * 10)}]\n" for before, after in pairwise("abcdefghij")
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (BOMB, "line 6: This stands for more than 300,000 values."),
        ("x: " + "[" * 300 + "]" * 300, "line 1: This is nested more than 64 deep."),
        ("x:\n" + "".join(f"{' ' * depth}- \n" for depth in range(1, 300)), "nested more than 64 deep."),
        ("x: " + "[" * 100_000, "line 1: This is nested more than 64 deep."),
        ("teams:\n  - &a [*a]\n", "line 2: *a contains itself."),
        ("x: " + "y" * 5_000_000, "line 1: The file is longer than 4 MiB."),
        (
            "teams:\n  - {name: 2026-02-30}\n",
            "line 2: “2026-02-30” is no value: day is out of range for month.",
        ),
        ("teams:\n  - {name: " + "9" * 6000 + "}\n", "line 2: “9999"),
    ],
    ids=["aliases", "brackets", "indents", "unclosed", "itself", "long", "date", "number"],
)
def test_a_file_that_would_unfold_without_end_is_one_sentence(config, db, text, expected):
    said = config.refusal(text)
    assert expected in said
    assert said.count("\n") == 0
