"""Fields of answers and questions that several serializers share."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers


@extend_schema_field(OpenApiTypes.OBJECT)
class AnyObject(serializers.JSONField):
    """An object whose members nobody knows beforehand."""


class TextOrNull(serializers.CharField):
    """Text for answers; where none is known ("" or None), null."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "allow_null": True})

    def get_attribute(self, instance: Any) -> Any:
        return super().get_attribute(instance) or None


class NumberOrNull(serializers.IntegerField):
    """A number for answers; 0 stands for none and is null."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "allow_null": True})

    def get_attribute(self, instance: Any) -> Any:
        return super().get_attribute(instance) or None
