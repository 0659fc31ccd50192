"""A whole leadops (`manage.py up`, demo, CRM sandbox) for tests that look into its database too. What a stranger sees of one is
`tests/drills/installation.py`."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import psutil
import psycopg
from ruamel.yaml import YAML

from leadops.launcher import home, runfile
from leadops.launcher.stack import SANDBOX_TOKEN
from tests.leadops.launcher.running import Up
from tests.make.people import crowd

SUBMISSIONS = "/api/v1/forms/demo-request/submissions"
PATIENCE = 150
AGAIN_AFTER = 0.5


def people(count: int, *, first: int = 0) -> list[dict[str, Any]]:
    """Strangers to each other, in turn for the rotation in America and for the one in Germany, all of them hot."""
    return [
        {**values, "country": "US" if number % 2 else "DE"}
        for number, values in enumerate(crowd(first + count))
    ][first:]


class Installation:
    """Started by `start`, and again after it was killed, on the same data folder and ports."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.up: Up | None = None
        self._here = threading.local()

    def start(self) -> None:
        before = self.up
        self._here = threading.local()  # what was kept open to the one before is closed
        ports = {"LEADOPS_SANDBOX_PORT": before.env["LEADOPS_SANDBOX_PORT"]} if before else {}
        self.up = Up(self.data_dir, demo=True, port=before.port if before else None, **ports)
        self.up.ready()
        self.running = runfile.read_file(self.data_dir / runfile.RUNNING)
        self.sandbox_port = int(self.running["LEADOPS_SANDBOX_PORT"])
        if before is None:
            self._let_everybody_be_picked()

    def end(self) -> None:
        if self.up is not None:
            if self.up.alive:
                self.up.stop()
            self.kill_everything()
        home.remove(self.data_dir)

    def _let_everybody_be_picked(self) -> None:
        """The demo's configuration without what changes the set of eligible owners: cap, absences, calendars."""
        yaml, file = YAML(), self.data_dir / "drill.yaml"
        configuration = yaml.load((self.data_dir / "acme.yaml").read_text(encoding="utf-8"))
        for owner in configuration["owners"]:
            owner.pop("daily_cap", None)
        for rotation in configuration["rotations"]:
            rotation["calendar_policy"] = "ignore"
        configuration["absences"] = []
        with file.open("w", encoding="utf-8") as output:
            yaml.dump(configuration, output)
        done = self.up.manage("config", "apply", str(file))
        assert done.returncode == 0, done.stdout + done.stderr

    # -- killing -----------------------------------------------------------------------------------

    def kill_everything(self) -> None:
        """kill -9 of the launcher and of all that it has started."""
        family = {process.pid: process for process in self.up.family}
        if self.up.alive:
            launcher = psutil.Process(self.up.process.pid)
            family |= {process.pid: process for process in [launcher, *launcher.children(recursive=True)]}
        for process in family.values():
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(list(family.values()), timeout=20)
        self.up.process.wait(20)

    # -- leads in ----------------------------------------------------------------------------------

    def post(self, lead: dict[str, Any]) -> str | None:
        """The submission's id if it was answered with 2xx; None if nobody answered. A 503 says that nothing was taken, and
        to try again."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                status, answer = self._ask(self.up.port, "POST", SUBMISSIONS, lead)
            except (OSError, HTTPException):
                return None
            if status != 503 or time.monotonic() > until:
                break
            time.sleep(AGAIN_AFTER)
        assert status == 202, answer
        return str(answer["submission_id"])

    def post_all(self, leads: Collection[dict[str, Any]], *, clients: int = 16) -> list[str | None]:
        with ThreadPoolExecutor(clients) as pool:
            return list(pool.map(self.post, leads))

    # -- what has become of them -------------------------------------------------------------------

    def sql(self, statement: str, *params: Any) -> list[tuple[Any, ...]]:
        """Of the running installation's own database, as an onlooker."""
        sockets, name = self.running["DATABASE_URL"].partition("@:5432/")[2].rsplit("/", 1)
        with psycopg.connect(host=sockets, port=5432, user="leadops", dbname=name) as connection:
            return connection.execute(statement, params).fetchall()

    def handed_off(self, emails: Collection[str]) -> int:
        rows = self.sql(
            "SELECT count(DISTINCT l.id) FROM intake_submission s JOIN intake_lead l ON l.id = s.lead_id"
            " WHERE s.status = 'handed_off' AND l.email = ANY(%s)",
            list(emails),
        )
        return int(rows[0][0])

    def contacts(self) -> list[dict[str, Any]]:
        """Properties of every contact in the CRM, with its `id`."""
        return [{"id": one["id"], **one["properties"]} for one in self._listed("contacts")]

    def tasks(self) -> list[tuple[str, str]]:
        """(contact's id, owner's id) of every task in the CRM."""
        found = []
        for task in self._listed("tasks"):
            (about,) = {each["id"] for each in task["associations"]["contacts"]["results"]}
            found.append((about, task["properties"]["hubspot_owner_id"]))
        return found

    def owners_in_the_crm(self) -> dict[str, str]:
        """id -> e-mail address."""
        answer = self.crm("GET", "/hubspot/crm/v3/owners?limit=100")
        return {each["id"]: each["email"] for each in answer["results"]}

    def crm(self, method: str, path: str, body: Any = None) -> Any:
        """Vendor's paths and /control of the sandbox."""
        status, answer = self._ask(self.sandbox_port, method, path, body)
        assert status < 300, answer
        return answer

    def _listed(self, kind: str) -> Iterator[dict[str, Any]]:
        wanted = "email,hubspot_owner_id,leadops_lead_id"
        after: str | None = "0"
        while after is not None:
            query = f"limit=100&after={after}&properties={wanted}&associations=contacts"
            if kind == "contacts":
                query = query.removesuffix("&associations=contacts")
            page = self.crm("GET", f"/hubspot/crm/v3/objects/{kind}?{query}")
            yield from page["results"]
            after = page.get("paging", {}).get("next", {}).get("after")

    def _ask(self, port: int, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        kept = self._here.__dict__.setdefault("connections", {})
        connection = kept.setdefault(port, HTTPConnection("127.0.0.1", port, timeout=60))
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {SANDBOX_TOKEN}"}
        if path.startswith("/api/"):
            del headers["Authorization"]
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, HTTPException):
            connection.close()
            raise
        return answer.status, json.loads(text) if text else None


def wait_until(happened: Callable[[], bool], what: Callable[[], str]) -> None:
    until = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < until, what()
        time.sleep(0.2)


def everybody_arrives(installation: Installation, leads: Collection[dict[str, Any]]) -> None:
    """All of them handed off, each once in the CRM with the owner that it has here, and one task for that owner."""
    emails = {lead["email"] for lead in leads}
    wait_until(
        lambda: installation.handed_off(emails) == len(emails),
        lambda: f"{installation.handed_off(emails)} of {len(emails)} were handed off",
    )
    wait_until(
        lambda: not installation.sql("SELECT 1 FROM crm_sync_outboxentry LIMIT 1"),
        lambda: unsent(installation),
    )
    contacts = [contact for contact in installation.contacts() if contact["email"] in emails]
    assert Counter(contact["email"] for contact in contacts) == Counter(emails)
    owned = dict(
        installation.sql(
            "SELECT l.email, coalesce(o.email, '') FROM routing_assignment a JOIN intake_lead l ON l.id = a.lead_id"
            " LEFT JOIN routing_owner o ON o.id = a.owner_id WHERE l.email = ANY(%s)",
            list(emails),
        )
    )
    in_the_crm = installation.owners_in_the_crm()
    assert {c["email"]: in_the_crm[c["hubspot_owner_id"]] for c in contacts} == owned
    ids = {contact["id"]: contact["hubspot_owner_id"] for contact in contacts}
    tasks = Counter((about, owner) for about, owner in installation.tasks() if about in ids)
    assert tasks == Counter(ids.items())


def unsent(installation: Installation) -> str:
    rows = installation.sql("SELECT status, attempts, last_error FROM crm_sync_outboxentry LIMIT 5")
    state = installation.sql("SELECT health, last_error, not_before FROM crm_sync_crmconnection")
    return f"Not sent: {rows}; the connection: {state}"
