"""Columns that hold secrets: known as such, so that pages never show them and a new key reaches all of them."""

from collections.abc import Iterator
from typing import Any

from django.db import models

from plumbing import secrets
from plumbing.notify_addresses import AddressesField, StoredAddress


class SecretField(models.TextField):  # type: ignore[type-arg]
    """A secret as `plumbing.secrets.encrypt` writes it, or ""."""

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        # To the database, and so to migrations, it is text.
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs


def secret_fields(model: type[models.Model]) -> "list[models.Field[Any, Any]]":
    """The columns of a model (or of its history) that are stored encrypted, whole or in part."""
    return [field for field in model._meta.concrete_fields if isinstance(field, SecretField | AddressesField)]


def tokens_in(value: Any) -> Iterator[str]:
    """What is encrypted in the value of such a column."""
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, StoredAddress):
            yield each.sealed
        elif each and not isinstance(value, list):
            yield each


def with_the_newest_key(value: Any) -> Any:
    """The value of such a column, encrypted again. Raises SecretError where a key is missing."""
    if isinstance(value, list):
        return [
            StoredAddress(str(each), secrets.rotated(each.sealed))
            if isinstance(each, StoredAddress)
            else each
            for each in value
        ]
    return secrets.rotated(value) if value else value
