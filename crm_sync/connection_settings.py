"""What a connection's JSON columns hold."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from plumbing import json_templates
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
    """Who is right about one field, and which way it goes.

    `to_crm`: what is changed there does not come here; it is changed back where leadops is right, else left there. `from_crm`:
    nothing is ever written there.
    """

    system: SystemName | None = None
    direction: Direction = "both"


# The lead is found there by the one, and by the other whoever should answer finds it.
_ALWAYS_WRITTEN = ("owner", "email")


class Ownership(JsonShape):
    """By canonical field, `owner`, `lifecycle` (the lead's status) or `default`, as in `SystemOfRecord`, before which it goes."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, FieldOwnership]

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        for name in _ALWAYS_WRITTEN:
            if self.of(name).direction == "from_crm":
                raise ValueError(f"The {name} is written there always: it can go both ways, or only there.")
        return self

    def of(self, canonical: str) -> FieldOwnership:
        """What is said of this field; of one that is not named, what `default` says. The owner and the address need a word of
        their own."""
        said = self.model_extra or {}
        name = "lifecycle" if canonical == "status" else canonical
        usual = FieldOwnership() if name in _ALWAYS_WRITTEN else said.get("default", FieldOwnership())
        found: FieldOwnership = said.get(name, usual)
        return found


class TaskRule(JsonShape):
    """A follow-up task for leads of these segments; none named: no tasks. `due` is when the first answer is due."""

    when: list[Segment] = []
    subject: Annotated[str, Field(max_length=200)] = ""
    due: Literal["", "sla"] = ""


class MessageRule(JsonShape):
    """Whether a kind of message is sent, and by which body, in the form of `plumbing.json_templates`; None: by the usual one."""

    active: bool = True
    body: dict[str, Any] | None = None

    @field_validator("body")
    @classmethod
    def _is_template(cls, body: dict[str, Any] | None) -> dict[str, Any] | None:
        if body is not None:
            json_templates.check_shape(body)
        return body


class Messages(JsonShape):
    """By kind of message, as the connector calls it. What is not named is sent by its usual body."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, MessageRule]

    def of(self, kind: str) -> MessageRule:
        found: MessageRule = (self.model_extra or {}).get(kind, MessageRule())
        return found


def _written(value: object) -> object:
    """A date as a configuration file's parser gives it, as text."""
    return value.isoformat() if isinstance(value, date) else value


def _moment(text: str | None) -> str | None:
    """A date or a moment, as it was written."""
    if text is None:
        return None
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"“{text}” is no date: write it like 2026-11-27 or 2026-11-27T09:00+01:00."
        ) from None
    return text


Words = list[Annotated[str, Field(min_length=1, max_length=100)]]


class BornThere(JsonShape):
    """Which contacts that somebody else makes in the CRM become leads.

    `created_after`: the earliest moment, ISO 8601; a date is its beginning in UTC. `lifecycles` and `sources` as the CRM writes
    them, in any case; none named: all. `per_minute`: how many become leads at most.
    """

    active: bool = False
    created_after: Annotated[str | None, BeforeValidator(_written), AfterValidator(_moment)] = None
    lifecycles: Words = []
    sources: Words = []
    only_without_owner: bool = False
    per_minute: Annotated[int, Field(ge=1, le=6_000)] = 60

    @model_validator(mode="after")
    def _has_a_beginning(self) -> Self:
        if self.active and self.created_after is None:
            raise ValueError("Say from when on contacts made there become leads: “created_after”.")
        return self

    @property
    def begins_at(self) -> datetime | None:
        """None while nothing is said."""
        if self.created_after is None:
            return None
        moment = datetime.fromisoformat(self.created_after)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
