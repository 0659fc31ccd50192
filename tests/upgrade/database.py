"""Databases of an older version beside the tests' own: loaded and migrated once, then copied for each test."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection

FOLDER = Path(__file__).parent


def _server() -> psycopg.Connection:
    """The server's own database, outside any transaction."""
    return psycopg.connect(**_address() | {"dbname": "postgres"}, autocommit=True)


def _address() -> dict[str, Any]:
    params = connection.get_connection_params()
    return {name: params[name] for name in ("host", "port", "user", "password", "dbname") if name in params}


@contextmanager
def instead(name: str) -> Iterator[None]:
    """This process works on the database `name`."""
    before = connection.settings_dict["NAME"]
    _connect_to(name)
    try:
        yield
    finally:
        _connect_to(before)


def _connect_to(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name
    ContentType.objects.clear_cache()


@contextmanager
def fresh(name: str, *, template: str = "template0") -> Iterator[str]:
    with _server() as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        try:
            yield name
        finally:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def load(dump: Path) -> None:
    """Run the dump's statements, each row as it was written then."""
    with psycopg.connect(**_address(), autocommit=True) as loading:
        loading.execute(gzip.decompress(dump.read_bytes()))


def migrate() -> None:
    """As every start does it: the tables are compared before and after."""
    call_command("prepare", stdout=StringIO())
