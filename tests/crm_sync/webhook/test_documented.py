"""docs/howto/connect-webhook.md keeps its word: its receiver runs, its bodies are what is sent, its file can be applied."""

import json
import os
import re
import socket
import subprocess
import sys
import time

import pytest

from crm_sandbox.webhook.signing import DEFAULT_SECRET
from crm_sync.connectors.webhook import events
from crm_sync.connectors.webhook.bodies import BY_NAME
from crm_sync.models import CrmConnection
from plumbing import secrets
from tests.leadops.configuration.commands import Config
from tests.make import crm_sync as make
from tests.make import webhook
from tests.structure.repository import BASE

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = (BASE / "docs/howto/connect-webhook.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def receiver(tmp_path):
    """The address of the documented receiver, and its process."""
    (program,) = blocks("python")
    (tmp_path / "receiver.py").write_text(program, encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, tmp_path / "receiver.py", str(port)],
        env=os.environ | {"LEADOPS_SECRET": DEFAULT_SECRET},
        stdout=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}", process
    process.kill()
    process.wait()


def test_the_receiver_takes_what_is_signed_and_says_its_own_id(receiver):
    address, process = receiver
    connection = webhook.connection("", base_url=address)
    lead = make.lead()
    make.drain(connection)
    make.move(lead, make.owner("bob@acme.test"))
    make.drain(connection)
    assert make.link_of(lead).remote_id == "R-1"
    created, assigned = (process.stdout.readline().split(" ", 1) for _ in range(2))
    assert (created[0], json.loads(created[1])["owner"]) == ("lead.created", "alice@acme.test")
    assert (assigned[0], json.loads(assigned[1])["owner"]) == ("lead.assigned", "bob@acme.test")


def test_the_receiver_believes_nobody_else(receiver):
    address, _ = receiver
    made_up = webhook.connection("", base_url=address)
    CrmConnection.objects.filter(pk=made_up.pk).update(token=secrets.encrypt(webhook.BACK))
    make.lead()
    make.drain(made_up)
    made_up.refresh_from_db()
    assert made_up.health == "auth_lost"


def keys(value):
    return {name: keys(each) for name, each in value.items()} if isinstance(value, dict) else None


def test_the_body_that_is_shown_is_the_one_that_is_sent(crm, desk):
    shown = json.loads(blocks("json")[0])
    assert keys(shown) == keys(BY_NAME["lead.created"].body)
    for name, kind in BY_NAME.items():
        own = set(kind.body["data"]) - {"lead_id", "record_id", "lead"}
        if name != "lead.created":
            (row,) = re.findall(rf"^\| `{name}` \| (`.*) \|$", PAGE, re.MULTILINE)
            assert set(re.findall(r"`(\w+)[:`]", row)) == own


def test_the_change_that_is_shown_is_one(desk, connection):
    change = json.loads(blocks("json")[2])
    found = events.parse(json.dumps(change).encode())
    assert not found.unreadable
    assert [each.property for each in found.changes] == ["owner", "status", "touched"]
    assert set(change) | {"deleted", "erased"} == set(events.ToldChange.model_fields)


def test_the_file_that_is_shown_can_be_applied_and_comes_back_the_same(tmp_path):
    (shown,) = blocks("yaml")
    text = "version: 1\nqueues: [{name: Triage, fallback: true}]\n" + shown
    config = Config(tmp_path)
    config.apply(text)
    made = CrmConnection.objects.get(key="desk")
    assert (made.kind, made.messages.of("lead.contacted").active) == ("webhook", False)
    assert made.messages.of("lead.status").body == {
        "text": "{full_name} is {status} now",
        "lead": "{lead_id}",
    }
    assert config.diff(config.export()) == (0, "")
    assert config.diff(text) == (0, "")


BASE_FILE = """\
version: 1
queues: [{name: Triage, fallback: true}]
connections:
  - {key: desk, kind: webhook, base_url: "https://desk.example", """


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("poll_seconds: 60", "has no use for “poll_seconds”"),
        ("task: {when: [hot]}", "has no use for “task”"),
        ("messages: {lead.asigned: {active: false}}", "There is no message “lead.asigned”."),
        ("messages: {lead.asigned: {active: false}}", "Did you mean “lead.assigned”?"),
        ("messages: {lead.created: {active: false}}", "is always sent"),
        (
            "messages: {lead.status: {body: {a: '{statsu}'}}}",
            "There is no placeholder {statsu}. Did you mean “status”?",
        ),
        ("messages: {lead.status: {body: 7}}", "messages › lead.status › body: Write a table here"),
    ],
)
def test_a_file_that_says_what_does_nothing_is_refused_in_words(tmp_path, setting, words):
    answer = Config(tmp_path).refusal(f"{BASE_FILE}{setting}}}\n")
    assert words in answer


def test_a_crm_tells_nothing(tmp_path):
    text = "version: 1\nqueues: [{name: Triage, fallback: true}]\nconnections:\n  - {key: crm, messages: {lead.status: {}}}\n"
    assert "There is no message “lead.status”. It tells nothing." in Config(tmp_path).refusal(text)
