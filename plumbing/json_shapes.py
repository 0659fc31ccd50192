"""JSON columns with a type: one declaration serves the column, its form and the configuration file.

A shape is a frozen pydantic model. The attribute of a row always holds one, however it was assigned; the database holds its
plain form, without what equals a default. `problems` says in plain sentences what is wrong with a value, and where.
"""

import logging
from collections.abc import Mapping
from typing import Any, Self, TypeVar

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import models
from django.db.models.query_utils import DeferredAttribute
from pydantic import BaseModel, ConfigDict, ValidationError

from plumbing.spelling import did_you_mean

log = logging.getLogger(__name__)

Path = tuple[str | int, ...]


class JsonShape(BaseModel):
    """What a JSON object holds. Unknown keys are errors, unless the shape says otherwise."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    def plain(self) -> dict[str, Any]:
        """As it is stored and exported: without what equals its default."""
        return self.model_dump(mode="json", exclude_defaults=True)

    def __bool__(self) -> bool:
        """Whether it says anything."""
        return bool(self.plain())

    @classmethod
    def stored(cls, value: object) -> Self:
        """What a row holds. A part that the shape does not take (any more) counts as not said: a row must stay readable."""
        if not isinstance(value, Mapping):
            return cls()
        rest = dict(value)
        while True:
            try:
                return cls.model_validate(rest, strict=False)
            except ValidationError as error:
                wrong = {detail["loc"][0] for detail in error.errors() if detail["loc"]}
                log.warning(
                    "%s: stored %s cannot be read", cls.__name__, ", ".join(map(str, sorted(wrong, key=str)))
                )
                if not wrong & rest.keys():
                    return cls.model_validate({})
                rest = {key: part for key, part in rest.items() if key not in wrong}


def plain(value: object) -> dict[str, Any]:
    """The content of a JSON object column, whether it has a shape or not."""
    if isinstance(value, JsonShape):
        return value.plain()
    return dict(value) if isinstance(value, Mapping) else {}


S = TypeVar("S", bound=JsonShape)


def problems(shape: type[S], value: object) -> list[tuple[Path, str]]:
    """What is wrong with a value that somebody wrote: places inside it, and a sentence for each. Empty: nothing."""
    try:
        shape.model_validate(value)
    except ValidationError as error:
        return [(detail["loc"], _sentence(shape, detail)) for detail in error.errors()]
    return []


class ShapedJSONField(models.JSONField):
    """A JSON column whose attribute holds a `JsonShape`, or with `many` a list of them. Migrations see a plain JSON column."""

    def __init__(
        self, *args: Any, shape: type[JsonShape] | None = None, many: bool = False, **kwargs: Any
    ) -> None:
        self.shape, self.many = shape, many
        if shape is not None:
            kwargs["default"] = list if many else shape
        super().__init__(*args, **kwargs)

    @property
    def descriptor_class(self) -> type[DeferredAttribute]:  # type: ignore[override]
        return _ShapedAttribute

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        if self.shape is not None:
            kwargs["default"] = list if self.many else dict
        return name, "django.db.models.JSONField", args, kwargs

    def shaped(self, value: object) -> object:
        if self.shape is None or value is None or isinstance(value, models.expressions.BaseExpression):
            return value
        if not self.many:
            return value if isinstance(value, self.shape) else self.shape.stored(value)
        items = value if isinstance(value, list | tuple) else []
        return [item for item in map(self._item, items) if item is not None]

    def _item(self, value: object) -> JsonShape | None:
        """One of a list. What cannot be read at all is left out, with a word in the log."""
        assert self.shape is not None
        if isinstance(value, self.shape):
            return value
        try:
            return self.shape.stored(value)
        except ValidationError:
            log.warning("%s: a stored item cannot be read", self.shape.__name__)
            return None

    def get_prep_value(self, value: object) -> Any:
        return super().get_prep_value(_plain(value))

    def get_db_prep_value(self, value: object, connection: Any, prepared: bool = False) -> Any:
        return super().get_db_prep_value(_plain(value), connection, prepared)

    def value_from_object(self, obj: models.Model) -> Any:
        return _plain(super().value_from_object(obj))

    def validate(self, value: object, model_instance: models.Model | None) -> None:
        plain = _plain(value)
        super().validate(plain, model_instance)
        if self.shape is not None:
            found = [one for item in (plain if self.many else [plain]) for one in problems(self.shape, item)]
            if found:
                raise DjangoValidationError([message for _, message in found])


def _plain(value: object) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.plain() if isinstance(value, JsonShape) else value


class _ShapedAttribute(DeferredAttribute):
    """Whatever is assigned becomes the shape at once."""

    field: ShapedJSONField

    def __set__(self, instance: models.Model, value: object) -> None:
        instance.__dict__[self.field.attname] = self.field.shaped(value)


def _sentence(shape: type[JsonShape], detail: Any) -> str:
    given, kind, more = detail["input"], detail["type"], detail.get("ctx", {})
    match kind:
        case "missing":
            return f"“{detail['loc'][-1]}” is missing here."
        case "extra_forbidden":
            known = list(shape.model_fields)
            hint = did_you_mean(str(detail["loc"][-1]), known) or f" Known are {', '.join(known)}."
            return f"“{detail['loc'][-1]}” is not known here.{hint}"
        case "literal_error":
            options = str(more["expected"]).replace("'", "").replace(" or ", ", ")
            return (
                f"“{given}” is not known here: use {options}.{did_you_mean(str(given), options.split(', '))}"
            )
        case "int_type" | "int_parsing" | "int_from_float":
            return f"Write a whole number, not “{given}”."
        case "greater_than_equal" | "less_than_equal":
            limit = f"at least {more['ge']}" if "ge" in more else f"at most {more['le']}"
            return f"{given} is out of range: it is {limit}."
        case "string_type":
            return _not_text(given)
        case "string_too_long":
            return f"This is longer than {more['max_length']} characters."
        case "string_too_short":
            return "This is empty."
        case "list_type" | "tuple_type":
            return "Write a list here."
        case "model_type" | "dict_type" | "model_attributes_type":
            return f"Write a table here, with {', '.join(shape.model_fields)}."
        case "value_error":
            return str(more["error"])
    return f"{detail['msg']}."


def _not_text(value: object) -> str:
    if value is None:
        return "This is empty."
    if isinstance(value, Mapping | list):
        return "Write text here."
    said = str(value).lower() if isinstance(value, bool) else str(value)
    return f"Write text here; put it in quotes if you mean the word “{said}”."
