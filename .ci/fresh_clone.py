"""What a newcomer does: clone, `make run`, post the printed line, find the lead in the CRM, stop, start again.

The clone lies below a folder that only its owner can enter, and nobody's permissions may change. Everything that is
started here is a child of this script and is gone when it ends.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

BASE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BASE))

from leadops.launcher import home  # noqa: E402  the repository is no installed package

OURS = (
    "LEADOPS_",
    "DATABASE_URL",
    "CELERY_",
    "CACHE_URL",
    "SECRET_KEY",
    "EMAIL_URL",
    "DJANGO_",
    "PYTHONPATH",
)
READY = 1200
"""Seconds for making `.venv` and the first start; both depend on network and machine."""
PATIENCE = 60
STOPPED = 30
FORM = "/api/v1/forms/demo-request/submissions"
HTML_FORM = {
    "email": "tom.small@bigcorp.example",
    "full_name": "Tom Small",
    "company": "Bigcorp",
    "country": "US",
    "employee_count": "900",
}


class Failed(Exception):
    """Something is not as it must be; the message says what."""


class Clone:
    """A clone, and the `make run` that runs in it."""

    def __init__(self, closed: Path) -> None:
        self.root = closed / "leadops"
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(BASE), str(self.root)], check=True)
        self.output = closed / "make-run.txt"
        self.port, self.sandbox_port = free_port(), free_port()
        self.token = ""
        self.process: subprocess.Popen[bytes] | None = None
        self.family: list[psutil.Process] = []

    def make_run(self) -> None:
        environ = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        ports = {"LEADOPS_PORT": str(self.port), "LEADOPS_SANDBOX_PORT": str(self.sandbox_port)}
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                ["make", "run"],
                cwd=self.root,
                env={**environ, **ports, "NO_PROXY": "127.0.0.1"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        process = self.process
        ready = f"leadops ready http://127.0.0.1:{self.port}"
        wait_for(
            lambda: ready in self.said or process.poll() is not None,
            "the line “leadops ready”",
            seconds=READY,
        )
        expect(ready in self.said, "make run ended before it was ready")
        wait_for(lambda: "Ctrl-C stops everything" in self.said, "the end of what it has to say")
        self.family = psutil.Process(process.pid).children(recursive=True)

    @property
    def said(self) -> str:
        return self.output.read_text(errors="replace")

    def stop(self) -> None:
        """SIGTERM, and everything that it had started is gone."""
        assert self.process is not None
        self.family = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOPPED)
        except subprocess.TimeoutExpired:
            raise Failed(f"It was not gone {STOPPED} s after SIGTERM") from None
        _gone, left = psutil.wait_procs(self.family, timeout=5)
        left += [process for process in psutil.process_iter() if self._works_here(process)]
        expect(not left, f"processes outlived it: {left}")

    def _works_here(self, process: psutil.Process) -> bool:
        with contextlib.suppress(psutil.Error):
            return process.pid != os.getpid() and Path(process.cwd()).is_relative_to(self.root)
        return False

    def clean_up(self) -> None:
        """Whatever happened: our own children, by id."""
        if self.process is not None and self.process.poll() is None:
            self.family += psutil.Process(self.process.pid).children(recursive=True)
            self.process.kill()
            self.process.wait()
        for process in self.family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        home.remove(self.root / "var")

    def get(self, path: str, *, port: int = 0, authorization: str = "") -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{port or self.port}{path}",
            headers={"Authorization": authorization or f"Token {self.token}"},
        )
        with opener().open(request, timeout=10) as answer:
            return json.load(answer)

    def submission(self, submission_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"/api/v1/submissions/{submission_id}")
        return found

    def lead_in_crm(self, submission_id: str) -> dict[str, Any]:
        """Waits until the submission is handed off and its lead stands in the CRM."""
        wait_for(lambda: self.submission(submission_id)["status"] == "handed_off", "handed_off")
        path = f"/api/v1/leads/{self.submission(submission_id)['lead_id']}"
        wait_for(lambda: [each["in_sync"] for each in self.get(path)["crm"]] == [True], "in_sync")
        lead: dict[str, Any] = self.get(path)
        return lead

    def contact(self, email: str) -> dict[str, Any]:
        """The only contact of the sandbox with this address."""
        names = "email,hubspot_owner_id,leadops_score,leadops_routing_reason"
        page = self.get(
            f"/hubspot/crm/v3/objects/contacts?limit=100&properties={names}",
            port=self.sandbox_port,
            authorization="Bearer sandbox-token",
        )
        found = [each["properties"] for each in page["results"] if each["properties"]["email"] == email]
        expect(len(found) == 1, f"{len(found)} contacts {email} in the CRM")
        only: dict[str, Any] = found[0]
        return only


def first_start(clone: Clone) -> None:
    clone.make_run()
    clone.token = re.findall(r"Authorization: Token (\S+)", clone.said)[0]


def posted_line_becomes_a_lead_in_the_crm(clone: Clone) -> None:
    line = next(line.strip() for line in clone.said.splitlines() if line.strip().startswith("curl "))
    answer = subprocess.run(
        f"{line} --silent --fail --noproxy '*'", shell=True, check=True, capture_output=True, text=True
    )
    lead = clone.lead_in_crm(json.loads(answer.stdout)["submission_id"])
    expect(lead["assignment"]["rule"] == "DACH", f"routed by {lead['assignment']}")
    expect(lead["assignment"]["owner"]["email"] in ("dieter@acme.test", "eva@acme.test"), "another owner")
    expect(lead["score"]["segment"] == "hot", f"scored {lead['score']}")
    contact = clone.contact(lead["email"])
    expect(contact["leadops_score"] == str(lead["score"]["points"]), f"the CRM shows {contact}")
    expect(bool(contact["hubspot_owner_id"]), "the CRM shows no owner")
    tasks = clone.get(
        "/hubspot/crm/v3/objects/tasks?limit=100",
        port=clone.sandbox_port,
        authorization="Bearer sandbox-token",
    )
    expect(len(tasks["results"]) == 1, f"{len(tasks['results'])} tasks in the CRM")


def html_form_becomes_a_lead_in_the_crm(clone: Clone) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{clone.port}{FORM}", data=urllib.parse.urlencode(HTML_FORM).encode()
    )
    with opener().open(request, timeout=10) as answer:
        expect(answer.status == 202, f"answered {answer.status}")
        lead = clone.lead_in_crm(json.load(answer)["submission_id"])
    expect(lead["assignment"]["rule"] == "Hot North America", f"routed by {lead['assignment']}")


def stop(clone: Clone) -> None:
    clone.stop()


def second_start_has_lost_nothing(clone: Clone) -> None:
    clone.make_run()
    expect("password" not in clone.said, "the password is shown again")
    found = clone.get("/api/v1/leads?email=" + HTML_FORM["email"])["results"]
    expect(len(found) == 1, f"{len(found)} leads after the restart")
    clone.stop()


STEPS: list[Callable[[Clone], None]] = [
    first_start,
    posted_line_becomes_a_lead_in_the_crm,
    html_form_becomes_a_lead_in_the_crm,
    stop,
    second_start_has_lost_nothing,
]


def main() -> int:
    passed = 0
    with closed_folder() as closed:
        clone = Clone(closed)
        try:
            for step in STEPS:
                begun = time.monotonic()
                step(clone)
                passed += 1
                print(
                    f"ok    {step.__name__.replace('_', ' ')} ({time.monotonic() - begun:.0f} s)", flush=True
                )
            expect(closed.stat().st_mode & 0o777 == 0o700, "permissions of the folder above have changed")
        except (Failed, subprocess.CalledProcessError, urllib.error.URLError, KeyError) as error:
            print(f"failed {STEPS[min(passed, len(STEPS) - 1)].__name__.replace('_', ' ')}: {error!r}")
            show(clone)
            return 1
        finally:
            clone.clean_up()
            print(f"{passed} passed, {len(STEPS) - passed} failed", flush=True)
    return 0


def show(clone: Clone) -> None:
    """What a person needs to see why."""
    for log in [clone.output, *sorted((clone.root / "var" / "logs").glob("*.log"))]:
        if log.exists():
            print(
                f"--- {log.name}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-40:]),
                flush=True,
            )


@contextlib.contextmanager
def closed_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="leadops-clone-"))
    folder.chmod(0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def wait_for(condition: Callable[[], bool], what: str, *, seconds: float = PATIENCE) -> None:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise Failed(f"No {what} within {seconds:.0f} s")
        time.sleep(0.1)


def expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Failed(otherwise)


def opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


def free_port() -> int:
    with socket.socket() as attempt:
        attempt.bind(("127.0.0.1", 0))
        port: int = attempt.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
