"""`manage.py up`: one parent process that starts everything, watches it, and stops it in order.

1. Take the data folder, clear what a killed launcher has left, claim the ports, make the secrets.
2. Start PostgreSQL and Valkey, unless the environment names others, and in demo mode the CRM sandbox.
3. Prepare the database (`manage.py prepare`), then start web, worker and beat.
4. Ask `/readyz` until it says yes, say so, and start again what dies.
5. On SIGINT, SIGTERM or SIGHUP stop in the order of `STOPPING`; further signals change nothing.
"""

import errno
import json
import os
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from leadops.launcher import (
    datafolder,
    home,
    leftovers,
    metric_files,
    options,
    programs,
    readiness,
    runfile,
    stack,
    temporary,
    valkey,
)
from leadops.launcher.options import Options
from leadops.launcher.postgres import Postgres
from leadops.launcher.problems import LaunchProblem
from leadops.launcher.program import PROGRESS, Part, Program, keep_small, last_lines
from leadops.launcher.supervisor import Supervisor, death_of
from leadops.launcher.valkey import Valkey

STOPPING = ["beat", "web", "prepare", "worker", "sandbox", "valkey", "postgres"]
READY = 120.0
"""Seconds that everything together may take to get ready."""
ASK_EVERY = 0.3
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """Somebody asked us to stop."""


@dataclass
class FirstStart:
    """What the first start has made and is shown once."""

    password: str = ""
    token: str = ""
    generated_password: bool = False
    generated_token: bool = False
    demo: bool = False

    def __bool__(self) -> bool:
        return bool(self.password or self.token)


def run(*, environ: Mapping[str, str], demo: bool, port: int | None, queues: Sequence[str]) -> int:
    """The exit code. Blocks until it is told to stop."""
    os.umask(0o077)  # whatever a child writes into the data folder is about people
    programs.raise_open_files()
    try:
        launcher = Launcher(options.read(environ, demo=demo, port=port), environ=environ, queues=queues)
        return launcher.run()
    except LaunchProblem as problem:
        say(str(problem), error=True)
        return 1
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        say(f"The disk is full ({error.filename or 'a file'} could not be written): make room.", error=True)
        return 1


def say(line: str, *, error: bool = False) -> None:
    """One line for the person in front of the terminal, who may have gone."""
    try:
        print(line, file=sys.stderr if error else sys.stdout, flush=True)
    except OSError:
        return


class Launcher:
    def __init__(self, options: Options, *, environ: Mapping[str, str], queues: Sequence[str]) -> None:
        self.options = options
        self.environ = environ
        self.queues = queues
        self.stopping = False
        self.first = FirstStart()
        self.supervisor = Supervisor(say=say, pulse=self.pulse)

    def run(self) -> int:
        before = {each: signal.signal(each, self._on_signal) for each in SIGNALS}
        lock = datafolder.take(self.options.data_dir)
        sockets: Path | None = None
        try:
            if datafolder.close_to_others(self.options.data_dir):
                say(f"Other users could read {self.options.data_dir}; now its owner alone can.")
            if leftovers.clear(self.options.data_dir):
                say("The launcher before was killed; what it had left running is stopped.")
            datafolder.check_room(self.options.data_dir)
            self._claim_ports()
            generated = datafolder.secrets_of(self.options.data_dir, environ=self.environ)
            sockets = Path(tempfile.mkdtemp(prefix="leadops-", dir=temporary.short_folder()))
            metrics = metric_files.make(sockets.name)
            env = stack.environment(self.options, environ=self.environ, generated=generated)
            if metrics is not None:
                env[metric_files.VARIABLE] = str(metrics)
            self._start(env, sockets=sockets)
            self._announce()
            self.supervisor.watch()
        except Stopped:
            return 0
        finally:
            self.stopping = True
            self._show_first_start()
            if self.supervisor.watched:
                say("Stopping.")
            self.supervisor.stop(order=STOPPING)
            if sockets is not None:
                shutil.rmtree(sockets, ignore_errors=True)
                metric_files.remove(sockets.name)
                (self.options.data_dir / runfile.RUNNING).unlink(missing_ok=True)
            os.close(lock)
            for each, handler in before.items():
                signal.signal(each, handler)
        return 0

    def pulse(self) -> None:
        """Called wherever we wait; raises Stopped."""
        if self.stopping:
            raise Stopped

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def _claim_ports(self) -> None:
        readiness.claim_port(self.options.bind, self.options.port, choose="--port or LEADOPS_PORT")
        if self.options.demo:
            readiness.claim_port("127.0.0.1", self.options.sandbox_port, choose="LEADOPS_SANDBOX_PORT")

    def _start(self, env: dict[str, str], *, sockets: Path) -> None:
        for log in self.options.logs.glob("*.log"):
            keep_small(log)
        if not self.environ.get("DATABASE_URL"):
            server = self._start_postgres(sockets)
            env |= {"DATABASE_URL": server.url, "LEADOPS_DATABASE_FOLDER": str(server.data)}
        broker = Valkey(Path(), sockets, self.options.logs / "valkey.log")
        addresses = stack.valkey_addresses(broker, environ=self.environ)
        if addresses:
            broker.server = valkey.installed()
            self._step("Starting Valkey")
            self.supervisor.start(broker)
            env |= addresses
        stack.write_running(self.options, env=env, sockets=sockets)
        if self.options.demo:
            self._step(f"Starting the CRM sandbox on port {self.options.sandbox_port}")
            self.supervisor.start(stack.sandbox(self.options, env=env))
        self._step("Preparing the database")
        self._prepare(env)
        if self.options.demo:
            self._connect_sandbox(secret=env["HUBSPOT_WEBHOOK_SECRET"])
        self._step("Starting web, worker and beat")
        for program in stack.parts(self.options, env=env, queues=self.queues):
            self.supervisor.start(program)
        self._wait_until_ready()

    def _start_postgres(self, sockets: Path) -> Postgres:
        data_dir, log = self.options.data_dir, self.options.logs / "postgres.log"
        place = home.choose_home(data_dir)
        fresh = not place.data.exists()
        self._step("Making a database" if fresh else "Starting PostgreSQL")
        server = Postgres(place.installation, place.identity, place.data, place.sockets(sockets), log)
        self.supervisor.start(server)
        return server

    def _connect_sandbox(self, *, secret: str) -> None:
        """Tells the sandbox where its webhooks go, as soon as it answers."""
        port, until = self.options.sandbox_port, time.monotonic() + READY
        hook = {
            "target": "hubspot",
            "url": f"{self.options.public_url}/api/v1/webhooks/hubspot",
            "secret": secret,
        }
        while (answer := readiness.ask("127.0.0.1", port, "/control/webhooks", post=hook))[0] // 100 != 2:
            self._fail_if_dead()
            if time.monotonic() > until:
                raise LaunchProblem(
                    f"The CRM sandbox does not answer ({answer[1]}); see sandbox.log in {self.options.logs}."
                )
            self._pause()

    def _prepare(self, env: Mapping[str, str]) -> None:
        password = self.environ.get(options.ADMIN_PASSWORD) or secrets.token_urlsafe(12)
        token = self.environ.get(options.API_TOKEN) or f"leadops_{secrets.token_urlsafe(32)}"
        result = self.options.data_dir / "prepared.json"
        result.unlink(missing_ok=True)
        wanted = {**env, options.ADMIN_PASSWORD: password, options.API_TOKEN: token}
        program = stack.preparation(self.options, env=wanted, result=result)
        read = program.log.stat().st_size if program.log.exists() else 0
        self.supervisor.start(program)
        assert program.process is not None
        while program.process.poll() is None:
            read = _repeat_progress(program.log, since=read)
            self._fail_if_dead(but=program)
            self._pause()
        _repeat_progress(program.log, since=read)
        done = json.loads(result.read_text()) if result.exists() else {}
        result.unlink(missing_ok=True)
        if done.get("refused"):
            raise LaunchProblem(done["refused"])
        self.first = FirstStart(
            password=password if done.get("admin") else "",
            token=token if done.get("token") else "",
            generated_password=not self.environ.get(options.ADMIN_PASSWORD),
            generated_token=not self.environ.get(options.API_TOKEN),
            demo=bool(done.get("demo")),
        )
        if program.process.returncode != 0:
            self._fail(program)
        self.supervisor.forget(program)

    def _wait_until_ready(self) -> None:
        host, until = readiness.reach(self.options.bind), time.monotonic() + READY
        while (answer := readiness.ask(host, self.options.port, "/readyz"))[0] != 200:
            self._fail_if_dead()
            if time.monotonic() > until:
                raise LaunchProblem(
                    f"leadops is not ready after {READY:.0f} s: /readyz says {answer[1][:300]!r}; "
                    f"see the logs in {self.options.logs}."
                )
            self._pause(ASK_EVERY)

    def _fail_if_dead(self, *, but: Program | None = None) -> None:
        for part in self.supervisor.dead():
            if part is not but:
                self._fail(part)

    def _fail(self, part: Part) -> None:
        for line in last_lines(part.log):
            say(f"    {part.name}: {line}", error=True)
        raise LaunchProblem(
            f"{part.name} has stopped ({death_of(part)}); all of its words are in {part.log}."
        )

    def _pause(self, seconds: float = 0.05) -> None:
        self.pulse()
        time.sleep(seconds)

    def _step(self, text: str) -> None:
        self.pulse()
        say(f"{text} ...")

    def _announce(self) -> None:
        address = f"http://{readiness.reach(self.options.bind)}:{self.options.port}"
        say(f"leadops ready {address}")
        self._show_first_start()
        say(f"Logs are in {self.options.logs}. Ctrl-C stops everything.")

    def _show_first_start(self) -> None:
        """Once, also when the start fails after the admin was made: nobody could log in otherwise."""
        first, self.first = self.first, FirstStart()
        if not first:
            return
        address = f"http://{readiness.reach(self.options.bind)}:{self.options.port}"
        say("")
        if first.password:
            shown = first.password if first.generated_password else "(from LEADOPS_ADMIN_PASSWORD)"
            say(f"  Console   {self.options.public_url}/admin/   user admin   password {shown}")
        if first.token:
            shown = first.token if first.generated_token else "(from LEADOPS_API_TOKEN)"
            say(f"  API       Authorization: Token {shown}")
        if first.demo:
            say(f"  CRM       http://127.0.0.1:{self.options.sandbox_port}/ (sandbox)")
            say("  Post a lead to the demo form:")
            form = f"{address}/api/v1/forms/demo-request/submissions"
            say(f"curl -X POST {form} -H 'Content-Type: application/json' -d '{DEMO_LEAD}'")
        else:
            say("  Next      write a configuration and load it: manage.py config apply FILE")
        say("")


DEMO_LEAD = json.dumps(
    {
        "email": "jana.weiss@beispiel-werke.example",
        "full_name": "Jana Weiß",
        "company": "Beispiel Werke GmbH",
        "country": "Deutschland",
        "job_title": "Head of Sales",
        "employee_count": 900,
    },
    ensure_ascii=False,
)


def _repeat_progress(log: Path, *, since: int) -> int:
    """Says the finished lines of progress; how far it has read."""
    if not log.exists():
        return since
    with log.open("rb") as file:
        file.seek(since)
        text = file.read()
    whole = text[: text.rfind(b"\n") + 1]
    for line in whole.decode(errors="replace").splitlines():
        if line.startswith(PROGRESS):
            say(f"{line.removeprefix(PROGRESS)} ...")
    return since + len(whole)
