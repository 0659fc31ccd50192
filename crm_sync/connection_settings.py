"""What a connection's JSON columns hold."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from plumbing.json_shapes import JsonShape
from routing.engine.scoring import Segment

SystemName = Literal["leadops", "crm", "most_recent"]
Direction = Literal["both", "to_crm", "from_crm"]


class SystemOfRecord(JsonShape):
    """Who is right about a field: `owner`, `lifecycle` (the lead's status), any other canonical field by its name, and
    `default` for what is not named."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, SystemName]

    owner: SystemName | None = None
    lifecycle: SystemName | None = None
    default: SystemName | None = None

    def plain(self) -> dict[str, Any]:
        """By field; `default`, which speaks for all others, comes last."""
        return dict(sorted(super().plain().items(), key=lambda entry: entry[0] == "default"))

    def of(self, canonical: str) -> SystemName:
        """Who is right about this field."""
        named = self.lifecycle if canonical == "status" else getattr(self, canonical, None)
        return named or self.default or "most_recent"


class FieldOwnership(JsonShape):
    """Who is right about one field, and which way it goes."""

    system: SystemName | None = None
    direction: Direction = "both"


class Ownership(JsonShape):
    """By canonical field, `owner`, `lifecycle` (the lead's status) or `default`, as in `SystemOfRecord`."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, FieldOwnership]


class TaskRule(JsonShape):
    """A follow-up task for leads of these segments; none named: no tasks. `due` is when the first answer is due."""

    when: list[Segment] = []
    subject: Annotated[str, Field(max_length=200)] = ""
    due: Literal["", "sla"] = ""
