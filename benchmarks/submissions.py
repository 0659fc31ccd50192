"""Submissions per second that are taken durably, against a bare DRF insert view on the same server.

Ours runs as `manage.py up` runs the web part; the baseline on the same granian as a WSGI application, with one blocking thread.
Both with a worker per core and persistent connections to the same PostgreSQL. 32 keep-alive connections post distinct leads, from
a process of their own; the two are asked in turn.
"""

import json
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace

from benchmarks.figures import Figure, against
from benchmarks.ports import free_port, wait_for_port
from benchmarks.services import Services
from leadops.launcher import programs, stack
from leadops.launcher.options import Options

OURS = "/api/v1/forms/demo-request/submissions"
BASELINE = "/submitted"
BASELINE_SERVER = [
    "--interface",
    "wsgi",
    "--blocking-threads",
    "1",
    "benchmarks.baseline_drf.wsgi:application",
]
RUNS, SECONDS = 5, 5.0


def measure(*, quick: bool) -> list[Figure]:
    runs, seconds = (1, 2.0) if quick else (RUNS, SECONDS)
    with Services() as services:
        # More than anybody sends: the limit is counted, but does not end the run.
        limits = json.dumps({"per_form": 10**9, "per_ip": 10**9})
        services.sql("UPDATE intake_intakeform SET throttle = %(limits)s", {"limits": limits})
        bare = {"DJANGO_SETTINGS_MODULE": "benchmarks.baseline_drf.settings"}
        migrate = ["-m", "django", "migrate", "--run-syncdb", "--verbosity", "0"]
        services.run([sys.executable, *migrate], **bare)
        with (
            web(services) as ours,
            web(services, baseline=True) as baseline,
        ):
            found: dict[str, list[dict[str, float]]] = {OURS: [], BASELINE: []}
            posted = 0
            for _ in range(runs):
                for path, port in ((OURS, ours), (BASELINE, baseline)):
                    command = ["-m", "benchmarks.load", str(port), path]
                    command += ["--seconds", str(seconds), "--first", str(posted)]
                    found[path].append(json.loads(services.run([sys.executable, *command])))
                    posted = int(found[path][-1]["last"])
        rows = services.sql("SELECT count(*) FROM intake_submission")[0][0]
        assert rows >= sum(run["per_second"] * seconds for run in found[OURS])
    return [
        against(what, [run[key] for run in found[OURS]], [run[key] for run in found[BASELINE]], unit)
        for what, key, unit in (
            ("submissions taken", "per_second", "1/s"),
            ("submit, p50 at 32 connections", "p50", "ms"),
            ("submit, p95 at 32 connections", "p95", "ms"),
        )
    ]


@contextmanager
def web(services: Services, *, baseline: bool = False) -> Generator[int, None, None]:
    """The web part as the launcher starts it, or the baseline; its port."""
    port = free_port()
    options = Options(
        data_dir=services.data_dir,
        bind="127.0.0.1",
        port=port,
        sandbox_port=free_port(),
        public_url=f"http://127.0.0.1:{port}",
        demo=False,
    )
    options.logs.mkdir(exist_ok=True)
    env = {**services.env, "LEADOPS_PORT": str(port), "LEADOPS_PUBLIC_URL": options.public_url}
    env["PROMETHEUS_MULTIPROC_DIR"] = str(services.folder / f"metrics-{port}")
    os.mkdir(env["PROMETHEUS_MULTIPROC_DIR"])
    program = next(one for one in stack.parts(options, env=env, queues=[]) if one.name == "web")
    if baseline:
        bare = [*programs.SERVER, "--port", str(port), "--workers", str(os.cpu_count() or 1)]
        program = replace(program, argv=[*bare, *BASELINE_SERVER])
    program.start(pulse=lambda: None)
    try:
        wait_for_port(port)
        yield port
    finally:
        program.stop()
