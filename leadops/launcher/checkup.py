"""What `manage.py doctor` looks at by itself. Other layers name theirs in settings.LEADOPS_DOCTOR_CHECKS."""

import shutil
import stat
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.signing import Signer
from django.db import DatabaseError, connection
from django.utils import timezone

from leadops import clocks, disk, health
from leadops.celery import app
from leadops.launcher import readiness, runfile
from leadops.launcher.problems import LaunchProblem
from leadops.schema import applied, refusing
from plumbing import secrets
from plumbing.counting import counted
from plumbing.dotted import DottedPathError, resolve
from plumbing.findings import Finding
from routing.models import RuleSet

OLDEST_POSTGRES = 150_000
MOST_APART = 1.0
"""Seconds that two clocks may differ."""

Check = Callable[[], Iterable[Finding]]


def examine() -> Iterable[Finding]:
    """All findings, in order. What needs the database is left out when there is none."""
    alone: list[Check] = [check_secrets, check_mail, check_disk, check_ports, check_broker, check_cache]
    for check in alone:
        yield from _guarded(check)
    database = list(_guarded(check_database))
    yield from database
    if any(finding.level == "fail" for finding in database):
        return
    for check in (check_admin, check_rules, check_clocks):
        yield from _guarded(check)
    for path in settings.LEADOPS_DOCTOR_CHECKS:
        try:
            check = resolve(path)
        except DottedPathError as error:
            yield Finding("fail", str(error), "Correct LEADOPS_DOCTOR_CHECKS.")
        else:
            yield from _guarded(check)


def check_database() -> Iterable[Finding]:
    running = "Start leadops (`manage.py up`), or set DATABASE_URL to a PostgreSQL that runs."
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        yield Finding("fail", f"The database does not answer: {_first_line(error)}.", running)
        return
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        version = int(cursor.fetchone()[0])
    if version < OLDEST_POSTGRES:
        yield Finding("fail", f"PostgreSQL {version // 10_000} is too old.", "Use PostgreSQL 15 or newer.")
        return
    yield Finding("ok", f"PostgreSQL {version // 10_000} answers.")
    names = applied.of_the_database()
    try:
        refusing.refuse_newer(names)
        refusing.refuse_changed(names)
    except refusing.DoesNotFit as problem:
        yield Finding("fail", str(problem))
        return
    if applied.missing(names):
        yield Finding("fail", "Not all migrations are applied.", "Run `manage.py prepare`.", fix=_migrate)
    else:
        yield Finding("ok", f"The tables fit this version ({applied.version_of(names)}).")


def check_broker() -> Iterable[Finding]:
    address = settings.CELERY_BROKER_URL.rsplit("@", 1)[-1]
    try:
        with app.connection_for_write(url=settings.CELERY_BROKER_URL, connect_timeout=2) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, timeout=2)
    except Exception as error:  # each transport has its own errors
        hint = "Start leadops (`manage.py up`), or set CELERY_BROKER_URL to a broker that runs."
        yield Finding("fail", f"The broker at {address} does not answer: {_first_line(error)}.", hint)
    else:
        yield Finding("ok", "The broker answers.")


def check_cache() -> Iterable[Finding]:
    key, value = f"doctor:{uuid4()}", "here"
    try:
        cache.set(key, value, timeout=10)
        kept = cache.get(key)
    except Exception as error:  # each backend has its own errors
        hint = "Start leadops (`manage.py up`), or set CACHE_URL to a Valkey or Redis that runs."
        yield Finding("fail", f"The shared cache does not answer: {_first_line(error)}.", hint)
        return
    if kept == value:
        yield Finding("ok", "The shared cache answers.")
        yield _heartbeat()
    else:
        yield Finding("fail", "The shared cache forgets what it is given.", "Give it more memory.")


def _heartbeat() -> Finding:
    seen = health.last_heartbeat()
    age = timezone.now() - seen if seen else None
    if age is not None and age < health.HEARTBEAT_AGE:
        return Finding("ok", f"Beat and a worker were alive {age.total_seconds():.0f} s ago.")
    title = (
        f"Beat or the workers have been silent for {age.total_seconds():.0f} s."
        if age
        else "Beat and the workers have never been seen."
    )
    return Finding("fail", title, "Start leadops (`manage.py up`), or one beat and at least one worker.")


def check_secrets() -> Iterable[Finding]:
    path = Path(settings.LEADOPS_DATA_DIR) / runfile.SECRETS
    try:
        Signer().sign("doctor")
    except ImproperlyConfigured:
        yield Finding("fail", "SECRET_KEY is empty.", "Set it, or start leadops once (`manage.py up`).")
    try:
        secrets.decrypt(secrets.encrypt("doctor"))
    except secrets.SecretError as error:
        yield Finding("fail", str(error), "Set LEADOPS_ENCRYPTION_KEYS, or start leadops once.")
    else:
        yield Finding("ok", "Secrets can be stored and read.")
    for place, mode in ((path.parent, 0o700), (path, 0o600)):
        if place.exists() and stat.S_IMODE(place.stat().st_mode) & 0o077:
            fix = partial(_close, place, mode)
            yield Finding(
                "warn", f"{place} can be read by others.", f"Run `chmod {mode:o} {place}`.", fix=fix
            )


def _close(place: Path, mode: int) -> str:
    place.chmod(mode)
    return f"{place} can now be read by its owner alone."


def check_mail() -> Iterable[Finding]:
    if settings.EMAIL_URL:
        yield Finding("ok", f"Mail goes through {settings.EMAIL_URL.split('://', 1)[0]}.")
    else:
        yield Finding(
            "warn",
            "EMAIL_URL is not set: notices and alerts by e-mail wait.",
            "Set EMAIL_URL, such as smtp+tls://user:password@mail.example.com:587.",
        )


def check_disk() -> Iterable[Finding]:
    folder = Path(settings.LEADOPS_DATABASE_FOLDER or settings.LEADOPS_DATA_DIR)
    existing = next(each for each in (folder, *folder.parents) if each.exists())
    room = disk.Room(shutil.disk_usage(existing).free)
    title = f"{room.free / 1024**3:.1f} GiB are free for {folder}."
    if room.is_little:
        hint = f"Make room, or move the data folder. {room.words}"
        yield Finding("fail" if room.is_none else "warn", title, hint)
    else:
        yield Finding("ok", title)
    if not settings.LEADOPS_DATABASE_FOLDER:
        yield Finding("ok", "The disk of this PostgreSQL is not watched from here: watch it where it runs.")


def check_clocks() -> Iterable[Finding]:
    found = {clock.machine: clock.ahead for clock in clocks.of_workers()}
    here = clocks.ours()
    found[here.machine] = here.ahead
    apart = {machine: ahead for machine, ahead in found.items() if abs(ahead) > MOST_APART}
    for machine, ahead in sorted(apart.items()):
        side = "ahead of" if ahead > 0 else "behind"
        yield Finding(
            "fail",
            f"The clock of {machine} is {abs(ahead):.1f} s {side} PostgreSQL's.",
            "Let both machines follow a time server: due times and figures are wrong by that much.",
        )
    if not apart:
        yield Finding("ok", f"{counted(len(found), 'clock')} within a second of PostgreSQL's.")


def check_ports() -> Iterable[Finding]:
    host, port = readiness.reach(settings.LEADOPS_BIND), settings.LEADOPS_PORT
    status, text = readiness.ask(host, port, "/readyz")
    if status == 200:
        yield Finding("ok", f"leadops is ready on port {port}.")
    elif status == 503:
        yield Finding(
            "fail", f"leadops runs on port {port} but is not ready: {text[:500]}", "See the lines below."
        )
    elif status:
        hint = "Stop that program, or choose another port with LEADOPS_PORT."
        yield Finding("fail", f"Another program answers on port {port}.", hint)
    else:
        try:
            readiness.claim_port(settings.LEADOPS_BIND, port, choose="LEADOPS_PORT")
        except LaunchProblem as problem:
            yield Finding("fail", str(problem), "See the line itself.")
        else:
            yield Finding(
                "warn", f"Nothing answers on port {port}.", "Start leadops: `make up` or `manage.py up`."
            )


def check_admin() -> Iterable[Finding]:
    if User.objects.filter(is_superuser=True, is_active=True).exists():
        yield Finding("ok", "There is an active admin.")
    else:
        yield Finding("fail", "Nobody can administer leadops.", "Run `manage.py createsuperuser`.")


def check_rules() -> Iterable[Finding]:
    newest = RuleSet.objects.order_by("-pk").first()
    if newest is None:
        yield Finding(
            "fail",
            "No routing rules are published: every lead goes to the fallback queue.",
            "Publish them in the console, or run `manage.py config apply FILE`.",
        )
    else:
        yield Finding("ok", f"Routing rules were published on {newest.published_at:%d %B %Y}.")


def _guarded(check: Check) -> Iterable[Finding]:
    """A check that breaks is a finding too; the others still run."""
    try:
        yield from check()
    except Exception as error:
        where = f"{check.__module__}.{check.__name__}"
        yield Finding("fail", f"{where} broke: {_first_line(error)}.", "Report this with the line above.")


def _migrate() -> str:
    call_command("migrate", interactive=False, verbosity=0)
    return "The migrations are applied."


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__).rstrip(".")
