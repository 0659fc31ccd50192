"""The programs that make up a running leadops, their environment, and the order of starting and stopping."""

import os
import secrets
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from leadops.launcher import leftovers, programs, runfile
from leadops.launcher.options import ADMIN_PASSWORD, API_TOKEN, BASE, Options
from leadops.launcher.program import Program
from leadops.launcher.valkey import Valkey

SANDBOX_TOKEN = "sandbox-token"
BACKUP_AT = "03:00"
"""UTC: when the embedded database is backed up. For one of somebody's own they decide."""
STATED = (
    "DATABASE_URL",
    "CELERY_BROKER_URL",
    "CACHE_URL",
    "EMAIL_URL",
    "HUBSPOT_TOKEN",
    "LEADOPS_BACKUP_AT",
    "LEADOPS_BIND",
    "LEADOPS_DATABASE_FOLDER",
    "LEADOPS_DEMO",
    "LEADOPS_PORT",
    "LEADOPS_PRIVATE_ADDRESSES",
    "LEADOPS_PUBLIC_URL",
    "LEADOPS_SANDBOX_PORT",
)
"""What `running.env` says, so that a command in another terminal works on the same installation."""


def environment(
    options: Options, *, environ: Mapping[str, str], generated: Mapping[str, str]
) -> dict[str, str]:
    """Of every child, apart from the addresses of the embedded services. An empty variable counts as not set."""
    own_database = bool(environ.get("DATABASE_URL"))
    demo = {
        "EMAIL_URL": f"file://{options.data_dir / 'mail'}",
        "HUBSPOT_TOKEN": SANDBOX_TOKEN,
    }
    return {
        **generated,
        **(demo if options.demo else {}),
        **{name: value for name, value in environ.items() if _passes(name, value, own_database=own_database)},
        "DJANGO_SETTINGS_MODULE": "leadops.settings",
        "LEADOPS_BACKUP_AT": environ.get("LEADOPS_BACKUP_AT", "" if own_database else BACKUP_AT),
        "LEADOPS_DATA_DIR": str(options.data_dir),
        "LEADOPS_BIND": options.bind,
        "LEADOPS_PORT": str(options.port),
        "LEADOPS_SANDBOX_PORT": str(options.sandbox_port),
        "LEADOPS_PUBLIC_URL": options.public_url,
        "LEADOPS_DEMO": "1" if options.demo else "0",
        "PYTHONUNBUFFERED": "1",
        leftovers.LAUNCH: secrets.token_hex(8),
    }


def _passes(name: str, value: str, *, own_database: bool) -> bool:
    if name in (ADMIN_PASSWORD, API_TOKEN):
        return False  # `prepare` alone is given them
    if name.endswith("_URL"):
        return bool(value)
    # Every client of PostgreSQL obeys PGPORT, PGOPTIONS and the like, which were meant for another server.
    return own_database or not name.startswith("PG")


def valkey_addresses(valkey: Valkey, *, environ: Mapping[str, str]) -> dict[str, str]:
    """Only of what the environment does not replace."""
    embedded = {"CELERY_BROKER_URL": valkey.broker_url(), "CACHE_URL": valkey.cache_url()}
    return {name: url for name, url in embedded.items() if not environ.get(name)}


def write_running(options: Options, *, env: Mapping[str, str], sockets: Path) -> None:
    stated = {name: env[name] for name in STATED if name in env}
    own = {
        runfile.LAUNCHER_PID: str(os.getpid()),
        leftovers.LAUNCH: env[leftovers.LAUNCH],
        leftovers.SOCKETS: str(sockets),
    }
    runfile.write_file(options.data_dir / runfile.RUNNING, {**stated, **own})


def manage(options: Options, *, env: Mapping[str, str], name: str, arguments: Sequence[str]) -> Program:
    return Program(
        name, [sys.executable, BASE / "manage.py", *arguments], env, BASE, options.logs / f"{name}.log"
    )


def preparation(options: Options, *, env: Mapping[str, str], result: Path) -> Program:
    return manage(options, env=env, name="prepare", arguments=["prepare", "--result", str(result)])


def sandbox(options: Options, *, env: Mapping[str, str]) -> Program:
    return manage(options, env=env, name="sandbox", arguments=["crm_sandbox"])


def parts(options: Options, *, env: Mapping[str, str], queues: Sequence[str]) -> list[Program]:
    """Web, worker and beat, in the order of starting."""
    web = programs.web(bind=options.bind, port=options.port)
    worker = programs.worker(queues=queues)
    warm, cold = signal.SIGTERM, signal.SIGQUIT
    return [
        Program("web", web, env, BASE, options.logs / "web.log", ((warm, 3.0),)),
        Program(
            "worker",
            worker,
            env,
            BASE,
            options.logs / "worker.log",
            ((warm, 8.0), (cold, 1.5)),
            when_we_die=cold,
        ),
        Program("beat", programs.beat(), env, BASE, options.logs / "beat.log", ((warm, 1.5),)),
    ]
