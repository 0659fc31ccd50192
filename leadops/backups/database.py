"""The database as a backup sees it: its address for PostgreSQL's programs, what is in it, one unchanging view of it."""

import os
from collections.abc import Iterable, Mapping
from typing import Any

import environ
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

# What people would miss, in the order in which they are told.
WORDS = {
    "intake_lead": ("lead", "leads"),
    "intake_submission": ("submission", "submissions"),
    "routing_owner": ("owner", "owners"),
    "intake_intakeform": ("form", "forms"),
    "crm_sync_crmconnection": ("CRM connection", "CRM connections"),
    "auth_user": ("login", "logins"),
}
_MIGRATIONS = "SELECT app, name FROM django_migrations ORDER BY app, name"
_OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"


def address_of(params: Mapping[str, Any]) -> str:
    """Of Django's connection parameters, as PostgreSQL's library writes it, password included."""
    known = ("host", "port", "user", "password", "dbname", "options")
    tls = {name: value for name, value in params.items() if name.startswith("ssl")}
    return make_conninfo(**{name: params[name] for name in known if params.get(name)}, **tls)


def address_of_url(url: str) -> str:
    """Of what DATABASE_URL says, read as the settings read it."""
    parts = environ.Env.db_url_config(url)
    names = {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password", "NAME": "dbname"}
    known = {name: str(parts[key]) for key, name in names.items() if parts.get(key)}
    return address_of({**known, **parts.get("OPTIONS", {})})


def for_program(address: str) -> tuple[str, dict[str, str]]:
    """The address without its password, and the environment that has it: arguments can be read by everybody."""
    parts: dict[str, Any] = dict(conninfo_to_dict(address))
    password = parts.pop("password", None)
    env = {"PATH": os.defpath, "LC_ALL": "C"}
    return make_conninfo(**parts), env | ({"PGPASSWORD": str(password)} if password else {})


def server_version(connection: psycopg.Connection) -> int:
    """The major one."""
    return connection.info.server_version // 10_000


def counts(connection: psycopg.Connection) -> dict[str, int]:
    """Rows of every table."""
    found = {}
    for (table,) in connection.execute(_TABLES).fetchall():
        row = connection.execute(
            sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("public", table))
        ).fetchone()
        assert row is not None
        found[table] = int(row[0])
    return found


def migrations(connection: psycopg.Connection) -> list[tuple[str, str]]:
    """(app, migration) of all that are applied; none where the database is empty."""
    there = connection.execute("SELECT to_regclass('public.django_migrations')").fetchone()
    return list(connection.execute(_MIGRATIONS).fetchall()) if there and there[0] else []


def others(connection: psycopg.Connection) -> int:
    """How many other connections the database has."""
    row = connection.execute(_OTHERS).fetchone()
    return int(row[0]) if row else 0


def in_words(found: Mapping[str, int]) -> str:
    """ "77 leads, 80 submissions and 2 logins"; "" where there is nothing that anybody would miss."""
    return listed(
        f"{found[table]:,} {one if found[table] == 1 else many}"
        for table, (one, many) in WORDS.items()
        if found.get(table)
    )


def listed(phrases: Iterable[str]) -> str:
    *most, last = list(phrases) or [""]
    return f"{', '.join(most)} and {last}" if most else last
