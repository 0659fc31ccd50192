"""Columns that hold secrets: known as such, so that pages never show them and new keys reach all of them."""

from typing import Any

from django.db import models


class SecretField(models.TextField):  # type: ignore[type-arg]
    """A secret as `plumbing.secrets.encrypt` writes it, or ""."""

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        # To the database, and so to migrations, it is text.
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs
