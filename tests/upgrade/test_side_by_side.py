"""The version before goes on working while its database has already had this version's migrations (docs/howto/upgrade.md)."""

from collections.abc import Iterator
from pathlib import PurePath

import pytest
from django.db import connection, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from leadops.schema.applied import OURS
from tests.upgrade.test_frozen_migrations import frozen

# What a release takes out, or changes, that the version before still uses: "table.column" -> why it may.
STOP_EVERYTHING_FIRST: dict[str, str] = {}


def states() -> tuple[ProjectState, ProjectState]:
    """The tables of the last release, and those of this version."""
    loader = MigrationLoader(None)
    paths = [PurePath(name) for name in frozen()]
    released = {(path.parts[0], path.stem) for path in paths}
    others = [name for name in loader.graph.leaf_nodes() if name[0] not in OURS]
    return loader.project_state([*others, *sorted(released)]), loader.project_state()


def columns(state: ProjectState) -> dict[str, dict[str, models.Field]]:
    """Table -> column -> field, of our apps."""
    return {
        model._meta.db_table: {field.column: field for field in model._meta.local_concrete_fields}
        for model in state.apps.get_models(include_auto_created=True)
        if model._meta.app_label in OURS
    }


def in_the_way(before: ProjectState, after: ProjectState) -> Iterator[str]:
    """What a process that knows only `before` stumbles over in the tables of `after`."""
    now = columns(after)
    for table, had in columns(before).items():
        has = now.get(table)
        if has is None:
            yield f"{table}: it is gone"
            continue
        for name, field in had.items():
            if name not in has:
                yield f"{table}.{name}: it is gone"
            elif has[name].db_type(connection) != field.db_type(connection) and not is_wider(
                has[name], field
            ):
                yield f"{table}.{name}: it has another type"
            elif field.null and not has[name].null:
                yield f"{table}.{name}: it may not be empty any more"
        for name in has.keys() - had.keys():
            if not has[name].null and not has[name].has_db_default():
                yield f"{table}.{name}: it is new, must be filled, and the database has no default for it"


def is_wider(has: models.Field, had: models.Field) -> bool:
    """A text that may be longer is written as before, and read as it is."""
    texts = has.get_internal_type() == had.get_internal_type() == "CharField"
    return texts and (has.max_length or 0) > (had.max_length or 0)


def test_processes_of_the_version_before_can_read_and_write_every_table_of_this_version():
    found = [one for one in in_the_way(*states()) if one.partition(":")[0] not in STOP_EVERYTHING_FIRST]
    assert found == [], (
        "Let columns be empty or have db_default, and take out what was used one version later."
    )


@pytest.mark.parametrize(
    ("field", "said"),
    [
        (models.CharField(max_length=5, default="x"), ["must be filled"]),
        (models.CharField(max_length=5, default="x", db_default="x"), []),
        (models.CharField(max_length=5, null=True), []),
    ],
)
def test_a_column_that_the_version_before_cannot_fill_would_be_found(field, said):
    before, after = MigrationLoader(None).project_state(), MigrationLoader(None).project_state()
    after.add_field("routing", "team", "motto", field, preserve_default=True)
    found = list(in_the_way(before, after))
    assert [words in one for words, one in zip(said, found, strict=True)] == [True] * len(said)


@pytest.mark.parametrize(("length", "said"), [(201, []), (5, ["it has another type"])])
def test_a_text_may_become_longer_and_not_shorter(length, said):
    before, after = MigrationLoader(None).project_state(), MigrationLoader(None).project_state()
    after.alter_field("routing", "team", "name", models.CharField(max_length=length), preserve_default=True)
    found = list(in_the_way(before, after))
    assert [words in one for words, one in zip(said, found, strict=True)] == [True] * len(said)


def test_a_column_that_is_taken_out_or_changes_its_type_would_be_found():
    before, after = MigrationLoader(None).project_state(), MigrationLoader(None).project_state()
    after.remove_field("routing", "team", "name")
    after.alter_field("routing", "team", "notify", models.TextField(), preserve_default=True)
    assert set(in_the_way(before, after)) == {
        "routing_team.name: it is gone",
        "routing_team.notify: it has another type",
    }
