"""Which migrations the database has had, and which this version of the code has."""

from collections.abc import Iterable
from functools import cache

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

Name = tuple[str, str]
"""(app, migration)"""
OURS = ("crm_sync", "exception_queue", "intake", "leadops", "routing")


@cache
def of_the_code() -> frozenset[Name]:
    """Every migration that this version has, of every app. Read once per process: files do not change under it."""
    return frozenset(MigrationLoader(None).disk_migrations)


@cache
def needed_by_the_code() -> frozenset[Name]:
    """The newest of each app: with them applied, everything before them is."""
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


def of_the_database() -> set[Name]:
    """One query. Empty where there is no table of migrations yet."""
    return set(MigrationRecorder(connection).applied_migrations())


def missing(applied: Iterable[Name]) -> list[Name]:
    """Which of the newest migrations are still to be applied."""
    return sorted(needed_by_the_code() - set(applied))


def unknown(applied: Iterable[Name]) -> list[Name]:
    """Our migrations that a newer version has applied."""
    return sorted(name for name in set(applied) - of_the_code() if name[0] in OURS)


def version_of(applied: Iterable[Name]) -> str:
    """The newest migration of each of our apps: "crm_sync 0003, exception_queue 0005, ..."."""
    newest: dict[str, str] = {}
    for app, name in applied:
        if app in OURS:
            newest[app] = max(newest.get(app, ""), name.partition("_")[0])
    return ", ".join(f"{app} {number}" for app, number in sorted(newest.items()))
