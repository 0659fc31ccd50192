"""A database that does not fit is not started upon, and hears why in one sentence."""

from django.db import models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from leadops.schema import applied
from leadops.schema.applied import Name
from leadops.schema.comparing import differences
from plumbing.counting import counted

PAGE = "docs/howto/upgrade.md"


class DoesNotFit(Exception):
    """One plain sentence: what differs, and what to do."""


def refuse_newer(names: set[Name]) -> None:
    """Raises DoesNotFit where a newer version has been at work on this database."""
    strangers = applied.unknown(names)
    if strangers:
        raise DoesNotFit(
            f"A newer version of leadops has used this database (it has {'.'.join(strangers[-1])}, which this version does not "
            f"know): start that version, or restore a backup that was made before the upgrade ({PAGE})."
        )


def refuse_changed(names: set[Name]) -> None:
    """Raises DoesNotFit where the tables are not what the applied migrations leave behind: one of them was edited after it had
    been applied, or somebody changed a table by hand. Once all are applied, that is what the models need."""
    found = differences(left_by(names))
    if found:
        more = f" (and {counted(len(found) - 1, 'more difference')})" if len(found) > 1 else ""
        raise DoesNotFit(
            f"The database does not fit this version of leadops: {found[0]}{more}, although the migration that says so was "
            f"applied; start the version that ran before, or restore a backup ({PAGE})."
        )


def left_by(names: set[Name]) -> list[type[models.Model]]:
    """The models as they are when these migrations, of those that this version has, are applied."""
    loader = MigrationLoader(None)
    plan = [name for leaf in loader.graph.leaf_nodes() for name in loader.graph.forwards_plan(leaf)]
    state = ProjectState(real_apps=loader.unmigrated_apps)
    for name in dict.fromkeys(plan):
        if name in names:
            state = loader.graph.nodes[name].mutate_state(state, preserve=False)
    return [model for models_ in state.apps.all_models.values() for model in models_.values()]
