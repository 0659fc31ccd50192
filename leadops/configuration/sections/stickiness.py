from collections.abc import Collection
from typing import Any

from leadops.configuration.schema import Choice, Field, Flag, Item, Shape, Whole
from leadops.configuration.section import Saver, Section, columns
from routing.models import RoutingSettings


def routing_settings() -> RoutingSettings:
    """The one row, or what it would be."""
    return RoutingSettings.objects.first() or RoutingSettings()


class SettingsSection(Section):
    """Some columns of the one row of settings."""

    shape: Shape

    def read(self) -> Any:
        row = routing_settings()
        return self.tidy({known.name: getattr(row, known.attribute) for known in self.shape.fields})

    def items(self, plain: Any) -> dict[str, Item]:
        return {"": plain}

    def write(self, plain: Any, changed: Collection[str], saver: Saver) -> None:
        row = routing_settings()
        before = columns(row)
        for known in self.shape.fields:
            setattr(row, known.attribute, plain.get(known.name, known.default))
        saver.save_if_changed(row, before)


class Stickiness(SettingsSection):
    name = "stickiness"
    shape = Shape(
        (
            Field("enabled", Flag(), True, column="sticky", shown=True),
            Field("days", Whole(minimum=1, maximum=3650), 90, column="sticky_days", shown=True),
            Field(
                "when_owner_away",
                Choice(tuple(RoutingSettings.OwnerAway.values)),
                "rotate",
                column="sticky_when_away",
                shown=True,
            ),
        )
    )
