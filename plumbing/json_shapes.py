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
                    return cls()
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
    """A JSON column whose attribute holds a `JsonShape`. Migrations see a plain JSON column."""

    def __init__(self, *args: Any, shape: type[JsonShape] | None = None, **kwargs: Any) -> None:
        self.shape = shape
        kwargs["default"] = shape or dict
        super().__init__(*args, **kwargs)

    @property
    def descriptor_class(self) -> type[DeferredAttribute]:  # type: ignore[override]
        return _ShapedAttribute

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, {**kwargs, "default": dict}

    def shaped(self, value: object) -> object:
        if (
            self.shape is None
            or value is None
            or isinstance(value, self.shape | models.expressions.BaseExpression)
        ):
            return value
        return self.shape.stored(value)

    def get_prep_value(self, value: object) -> Any:
        return super().get_prep_value(value.plain() if isinstance(value, JsonShape) else value)

    def get_db_prep_value(self, value: object, connection: Any, prepared: bool = False) -> Any:
        plain = value.plain() if isinstance(value, JsonShape) else value
        return super().get_db_prep_value(plain, connection, prepared)

    def value_from_object(self, obj: models.Model) -> Any:
        value = super().value_from_object(obj)
        return value.plain() if isinstance(value, JsonShape) else value

    def validate(self, value: object, model_instance: models.Model | None) -> None:
        plain = value.plain() if isinstance(value, JsonShape) else value
        super().validate(plain, model_instance)
        if self.shape is not None and (found := problems(self.shape, plain)):
            raise DjangoValidationError([message for _, message in found])


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
