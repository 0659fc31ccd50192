from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests

from crm_sandbox.sandbox import FILE_NAME
from crm_sandbox.server import SandboxServer
from tests.crm_sandbox.client import OBJECTS, Bare

ROOT = Path(__file__).resolve().parents[2]
SERVE = """
import sys
from pathlib import Path
from crm_sandbox.server import serve
serve(port=0, data_dir=Path(sys.argv[1]), on_ready=lambda url: print(url, flush=True))
"""


@pytest.fixture
def start(tmp_path):
    """Starts a server in a process of its own, on `tmp_path`; gives the process and its address."""
    started = []

    def run():
        command = [sys.executable, "-c", SERVE, str(tmp_path)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process, process.stdout.readline().strip()

    yield run
    for process in started:
        with process:
            process.kill()


def test_it_remembers_everything_after_a_restart(tmp_path):
    with SandboxServer(data_dir=tmp_path) as server, Bare(server.url) as bare:
        bare.make_lead_id()
        id = bare.contact(email="a@example.test", leadops_lead_id="lead-1", hubspot_owner_id="71000108")
        bare.post("/control/owners", {"email": "gina@acme.test", "name": "Gina Gold"})
    with SandboxServer(data_dir=tmp_path) as server, Bare(server.url) as bare:
        assert bare.upsert({"id": "lead-1", "properties": {"city": "Bonn"}}).json()["results"][0]["id"] == id
        read = bare.get(f"{OBJECTS}/contacts/{id}?properties=city,hubspot_owner_id").json()["properties"]
        assert (read["city"], read["hubspot_owner_id"]) == ("Bonn", "71000108")
        assert len(bare.get("/hubspot/crm/v3/owners").json()["results"]) == 7


def test_it_loses_no_answered_write_when_it_is_killed(start, tmp_path):
    process, url = start()
    answered: list[str] = []

    def write(worker: int) -> None:
        with Bare(url) as bare:
            for number in range(10_000):
                email = f"w{worker}-{number}@example.test"
                try:
                    made = bare.post(f"{OBJECTS}/contacts", {"properties": {"email": email}})
                except requests.exceptions.ConnectionError:
                    return
                if made.status_code == 201:
                    answered.append(made.json()["id"])
                if len(answered) > 200:
                    process.kill()

    writers = [threading.Thread(target=write, args=(worker,)) for worker in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    process.wait()
    with SandboxServer(data_dir=tmp_path) as server, Bare(server.url) as bare:
        kept, after = set(), ""
        while True:
            page = bare.get(f"{OBJECTS}/contacts?limit=100&after={after}").json()
            kept |= {each["id"] for each in page["results"]}
            if "paging" not in page:
                break
            after = page["paging"]["next"]["after"]
    assert len(answered) > 200
    assert set(answered) <= kept


def test_it_makes_one_contact_when_many_write_the_same_at_once(bare):
    bare.make_lead_id()
    answers: list[bool] = []

    def write() -> None:
        with Bare(bare.url) as own:
            result = own.upsert({"id": "lead-1", "properties": {"email": "a@example.test"}})
            answers.append(result.json()["results"][0]["new"])

    writers = [threading.Thread(target=write) for _ in range(16)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(answers) == [False] * 15 + [True]
    assert len(bare.get(f"{OBJECTS}/contacts").json()["results"]) == 1


def test_it_stops_on_sigterm_with_everything_in_order(start, tmp_path):
    process, url = start()
    with Bare(url) as bare:
        bare.contact(email="a@example.test")
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    assert (tmp_path / FILE_NAME).exists()


def test_it_does_not_take_a_port_that_is_taken(sandbox, tmp_path):
    with pytest.raises(OSError, match="in use"):
        SandboxServer(data_dir=tmp_path / "other", port=sandbox.port)
