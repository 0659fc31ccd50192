"""What may stand in a file and does nothing yet is applied, and said."""

import pytest

from crm_sync import connectors
from crm_sync.models import CrmConnection
from intake.models import IntakeForm
from leadops.configuration.not_active_yet import idle_settings
from routing.models import SlaPolicy

MAIL = (
    "not active yet: confirmation_email (demo-request): no thank-you mail is sent."
    " Let the website or your mail tool confirm, or take it off the form."
)
PIPEDRIVE = "connections:\n  - {key: sf, kind: pipedrive, base_url: 'https://acme.pipedrive.test'}\n"
TASK_STEPS = """
sla_policies:
  - {name: Hot, first_response: 30m, steps: [{at: 50%, do: crm_task}, {at: 100%, do: crm_task}]}
  - {name: Warm, first_response: 4h, steps: [{at: 50%, do: notify_channel}, {at: 100%, do: crm_task}]}
"""


def not_active(config) -> list[str]:
    """The lines on standard error, as the last command left them."""
    return [line for line in config.complaints.splitlines() if "not active" in line or "does nothing" in line]


def test_a_file_that_names_one_is_applied_and_told_once(config, acme):
    said = config.apply(acme)

    assert "Published as version 1." in said
    assert not_active(config) == [MAIL]
    assert "not active" not in said
    assert IntakeForm.objects.get(key="demo-request").confirmation_email.within == "5m"


def test_a_diff_says_it_too_and_changes_its_exit_status_for_nothing_else(config, acme):
    status, printed = config.diff(acme)
    assert (status, not_active(config)) == (1, [MAIL])
    config.apply(acme)

    status, printed = config.diff(acme)
    assert (status, printed, not_active(config)) == (0, "", [MAIL])


def test_a_connection_to_a_crm_without_a_connector_is_kept_and_named(config):
    config.apply(PIPEDRIVE)

    assert not_active(config) == [
        "not active yet: kind: pipedrive (sf): there is no connector for it, so what is to be written waits."
        " Switch the connection off (active: false) if that is not wanted."
    ]
    assert CrmConnection.objects.get(key="sf").kind == "pipedrive"


def test_it_is_named_no_more_once_a_connector_is_registered(monkeypatch):
    said = {"connections": [{"key": "sf", "kind": "pipedrive"}]}
    assert len(idle_settings(said)) == 1

    monkeypatch.setitem(connectors.CONNECTORS, "pipedrive", connectors.CONNECTORS["hubspot"])
    assert idle_settings(said) == []


def test_a_step_that_nobody_carries_out_is_named_once_however_often_it_stands_there(config, acme):
    config.apply(acme[: acme.index("sla_policies:")] + TASK_STEPS.lstrip())

    lines = not_active(config)
    assert len(lines) == 2
    assert lines[0].startswith(
        "not active yet: do: crm_task (Hot, Warm): No task is made in the CRM by a step yet."
    )
    assert lines[1].startswith("not active yet: do: notify_channel (Warm): ")
    assert SlaPolicy.objects.get(name="Hot").steps[0].do == "crm_task"


def test_the_file_is_told_of_its_own_and_not_of_what_the_database_holds(config, acme):
    config.apply(acme)
    config.apply("teams:\n  - {name: AMER Sales}\n  - {name: DACH Sales}\n", "--force")

    assert not_active(config) == []


def test_a_task_is_due_when_the_answer_is_and_at_no_other_time(config):
    said = config.refusal("connections:\n  - {key: hubspot, task: {when: [hot], due: tomorrow}}\n")
    assert "“tomorrow” is not known here: use" in said


CONNECTION = """connections:
  - key: hubspot
    mode: observe
    when: {all: [{field: country, in: [DE, AT]}]}
    ownership: {phone: {system: crm, direction: from_crm}}
    known_owner: route_anew
    recycled: [UNQUALIFIED]
    poll_seconds: 60
    look_up_ms: 200
"""


def test_everything_that_a_connection_can_say_is_acted_on_kept_and_exported(config):
    config.apply(CONNECTION)
    assert not_active(config) == []
    row = CrmConnection.objects.get(key="hubspot")
    assert (row.mode, row.known_owner, row.recycled) == ("observe", "route_anew", ["UNQUALIFIED"])
    assert row.ownership.plain() == {"phone": {"system": "crm", "direction": "from_crm"}}
    assert config.diff(CONNECTION) == (0, "")
    exported = config.export()
    assert all(f"{name}:" in exported for name in ("when", "ownership", "poll_seconds"))


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("mode: dry", "“dry” is not known here"),
        ("when: {field: country, resembles: DE}", "resembles"),
        ("ownership: {phone: {system: nobody}}", "“nobody” is not known here"),
        ("ownership: {phone: {direction: sideways}}", "“sideways” is not known here"),
        ("ownership: {owner: {direction: from_crm}}", "The owner is written there always"),
        ("on_duplicate: ask", "HubSpot has no rules about duplicates"),
        ("on_duplicate: merge", "“merge” is not known here"),
        ("poll_seconds: 0", "0 is out of range"),
        ("look_up_ms: 9000", "9000 is out of range"),
    ],
)
def test_a_setting_of_a_connection_that_makes_no_sense_is_refused(config, setting, said):
    assert said in config.refusal(f"connections:\n  - key: hubspot\n    {setting}\n")


@pytest.mark.parametrize("section", ["forms", "connections", "sla_policies"])
def test_nothing_is_said_of_what_is_switched_off(section):
    idle = {
        "forms": {"key": "web", "confirmation_email": {"subject": "Thanks"}},
        "connections": {"key": "sf", "kind": "pipedrive"},
        "sla_policies": {"name": "Hot", "steps": [{"at": "50%", "do": "crm_task"}]},
    }[section]
    assert len(idle_settings({section: [idle]})) == 1
    assert idle_settings({section: [{**idle, "active": False}]}) == []
