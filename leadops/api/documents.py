"""Parts of the OpenAPI document that several addresses share."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, cast

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema_field
from rest_framework import serializers

from leadops.api.problems import CONTENT_TYPE

Field = serializers.Field[Any, Any, Any, Any]
Shape = type[serializers.Serializer[Any]]


@extend_schema_field(OpenApiTypes.OBJECT)
class AnyObject(serializers.JSONField):
    """An object whose members nobody knows beforehand."""


def shape(name: str, fields: Mapping[str, Field]) -> Shape:
    """A named component of the document. Unlike inline_serializer it gives the class, which can stand in several places."""
    return cast(Shape, type(name, (serializers.Serializer,), dict(fields)))


PROBLEM = shape(
    "Problem",
    {
        "type": serializers.CharField(),
        "title": serializers.CharField(),
        "status": serializers.IntegerField(),
        "detail": serializers.CharField(help_text="What happened and what to do, in words for people."),
        "errors": serializers.DictField(
            child=serializers.ListField(child=serializers.CharField()),
            required=False,
            help_text="What is wrong, by field.",
        ),
    },
)


def problems(*statuses: int) -> dict[tuple[int, str], Any]:
    """Answers that are problems, for `extend_schema(responses=...)`."""
    return {
        (status, CONTENT_TYPE): OpenApiResponse(PROBLEM, description=HTTPStatus(status).phrase)
        for status in statuses
    }
