"""`manage.py up` with everything real."""

import json
import os
import shlex
import signal
import socket
import urllib.error
import urllib.request

import pytest

from leadops.launcher import home, runfile
from tests.leadops.launcher.running import Up

pytestmark = pytest.mark.drill


@pytest.fixture
def data_dir(tmp_path):
    yield tmp_path / "var"
    home.remove(tmp_path / "var")


@pytest.fixture
def up(data_dir):
    """Starts one; whatever happens, it and its children are gone afterwards."""
    started = []

    def start(**options):
        started.append(Up(data_dir, **options))
        return started[-1]

    yield start
    for each in started:
        if each.alive:
            each.process.kill()
            each.process.wait()
        for process in each.family:
            if process.is_running():
                process.kill()


def fetch(url, *, token="", body=None):
    headers = {"Authorization": f"Token {token}"} if token else {}
    if body is not None:
        headers["Content-Type"] = "application/json"
    request = urllib.request.Request(url, data=body.encode() if body else None, headers=headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")


def shown_token(text):
    return text.split("Authorization: Token ")[1].split()[0]


def test_a_first_start_says_all_that_a_newcomer_needs_and_a_second_one_does_not_repeat_it(up, data_dir):
    first = up(demo=True).ready()
    curl = shlex.split(next(line for line in first.text.splitlines() if line.startswith("curl ")))
    status, answer = fetch(curl[curl.index("POST") + 1], body=curl[curl.index("-d") + 1])
    assert status == 202, answer
    assert "user admin   password " in first.text
    secrets = runfile.read_file(data_dir / runfile.SECRETS)
    assert not [value for value in secrets.values() if value in first.text]
    assert first.stop() == 0

    second = up(demo=True).ready()
    assert "password" not in second.text
    assert "Token" not in second.text
    status, answer = fetch(f"{second.address}{answer['status_url']}", token=shown_token(first.text))
    assert status == 200, answer
    assert second.stop() == 0
    assert not (data_dir / runfile.RUNNING).exists()


def test_it_keeps_running_whatever_happens_to_its_parts_until_it_is_told_to_stop(up):
    running = up(LEADOPS_ADMIN_PASSWORD="correct horse", LEADOPS_API_TOKEN="0123456789abcdef0123").ready()
    what_was_given_is_kept_from_the_terminal_and_from_all_children(running)
    another_terminal_finds_it(running)
    a_second_start_on_its_folder_is_refused(up(), running=running)
    for name, words in (
        ("postgres", "bin/postgres"),
        ("web", "granian"),
        ("worker", "leadops.celery worker"),
    ):
        it_starts_again_what_dies(running, name=name, words=words)
    signals_to_the_whole_group_stop_it_once(running)


def what_was_given_is_kept_from_the_terminal_and_from_all_children(running):
    given = {"correct horse", "0123456789abcdef0123"}
    assert "(from LEADOPS_API_TOKEN)" in running.text
    told = [running.text, (running.data_dir / runfile.RUNNING).read_text()]
    told += [str(process.environ()) for process in running.family]
    assert len(told) > 6
    assert not [text for text in told for value in given if value in text]


def another_terminal_finds_it(running):
    code = (
        "from django.contrib.auth import authenticate; from django.test import RequestFactory;"
        "request = RequestFactory().get('/');"
        "print(authenticate(request, username='admin', password='correct horse').username)"
    )
    assert running.manage("shell", "--no-imports", "-c", code).stdout.strip() == "admin"
    doctor = running.manage("doctor")
    assert "ok    The broker answers." in doctor.stdout
    assert "ok    The tables fit this version" in doctor.stdout


def a_second_start_on_its_folder_is_refused(refused, *, running):
    assert refused.ended() == 1
    assert refused.text.count("\n") == 1
    assert f"already runs on {running.data_dir} at {running.address}: stop it first" in refused.text


def it_starts_again_what_dies(running, *, name, words):
    victim = running.child(words)
    victim.kill()
    running.wait_for(f"{name} has stopped (signal 9); starting it again in 1 s.", seconds=30)
    running.wait_for(f"{name} runs again.", seconds=60)
    assert running.child(words).pid != victim.pid


def signals_to_the_whole_group_stop_it_once(running):
    os.killpg(running.process.pid, signal.SIGINT)
    os.killpg(running.process.pid, signal.SIGTERM)
    running.wait_for("Stopping.", seconds=10)
    running.process.send_signal(signal.SIGTERM)
    assert running.ended() == 0
    assert running.text.count("Stopping.") == 1


def test_it_recovers_from_its_own_violent_death_and_loses_nothing(up):
    killed = up().ready()
    make = "from django.contrib.auth.models import User; print(User.objects.create_user('kept').pk)"
    pk = killed.manage("shell", "--no-imports", "-c", make).stdout.strip()
    assert pk.isdecimal()
    killed.process.kill()
    again = up(port=killed.port).ready()
    find = "from django.contrib.auth.models import User; print(User.objects.get(username='kept').pk)"
    assert again.manage("shell", "--no-imports", "-c", find).stdout.strip() == pk
    assert not [process for process in killed.family if process.is_running()]
    assert again.stop() == 0


def test_it_can_be_stopped_while_it_starts(up):
    starting = up().wait_for("Preparing the database")
    assert starting.stop() == 0
    assert "leadops ready" not in starting.text


def test_a_port_in_use_is_one_sentence(up):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        refused = up(port=other.getsockname()[1])
        assert refused.ended() == 1
    assert refused.text == (
        f"Port {refused.port} on 127.0.0.1 is in use by another program: "
        "stop that program, or choose another port with --port or LEADOPS_PORT.\n"
    )


def test_a_damaged_data_folder_is_one_sentence_and_leaves_nothing_running(up, data_dir):
    whole = up().wait_for("Preparing the database")
    assert whole.stop() == 0
    location = runfile.read_file(data_dir / home.POINTER).get("HOME")
    cluster = data_dir / "postgres" if location is None else data_dir.__class__(location) / "data"
    (cluster / "global" / "pg_control").unlink()
    damaged = up()
    assert damaged.ended() == 1
    assert (
        "restore the data folder from a backup, or remove it to start afresh" in damaged.text.splitlines()[-1]
    )
    assert not (data_dir / runfile.RUNNING).exists()


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("LEADOPS_PORT", "70000", "LEADOPS_PORT is '70000': set it to a port number between 1 and 65535."),
        (
            "LEADOPS_API_TOKEN",
            "1",
            "LEADOPS_API_TOKEN is too short: use at least 20 characters that nobody can guess.",
        ),
        (
            "LEADOPS_ADMIN_PASSWORD",
            "x",
            "LEADOPS_ADMIN_PASSWORD is too weak: This password is too short. "
            "It must contain at least 8 characters.",
        ),
        ("LEADOPS_ADMIN_PASSWORD", "password123", "LEADOPS_ADMIN_PASSWORD is too weak: "),
    ],
)
def test_a_variable_that_cannot_work_is_one_sentence(up, data_dir, variable, value, sentence):
    refused = up(**{variable: value})
    assert refused.ended() == 1
    assert refused.text.startswith(sentence)
    assert refused.text.count("\n") == 1
    assert not data_dir.exists()
