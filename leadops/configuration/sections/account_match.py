from leadops.configuration.schema import Choice, Field, Item, ListOf, Notes, Path, Shape
from leadops.configuration.sections.stickiness import SettingsSection
from routing.engine.account_family import OWNER_FROM
from routing.engine.account_match import ALL_STEPS


def _once(item: Item, at: Path, notes: Notes) -> None:
    steps = item.get("steps", [])
    for place, step in enumerate(steps):
        if step in steps[:place]:
            notes.problem((*at, "steps", place), f"{step} stands here twice.")


class AccountMatchSection(SettingsSection):
    name = "account_match"
    shape = Shape(
        (
            Field("steps", ListOf(Choice(ALL_STEPS)), list(ALL_STEPS), column="account_steps", shown=True),
            Field("owner_from", Choice(tuple(OWNER_FROM)), "self", column="account_owner_from"),
        ),
        also=_once,
    )
