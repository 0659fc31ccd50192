from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models


class AccountKeysField(ArrayField):  # type: ignore[type-arg]
    """What leads find an account by (routing.engine.account_match), as its model's `keys()` says: written anew whenever the row
    is saved, in bulk too (`bulk_create`)."""

    def __init__(self, base_field: Any = None, **options: Any) -> None:
        usual: dict[str, Any] = {"default": list, "db_default": [], "editable": False}
        super().__init__(base_field or models.TextField(), **(usual | options))

    def pre_save(self, model_instance: Any, add: bool) -> list[str]:
        keys: list[str] = model_instance.keys()
        setattr(model_instance, self.attname, keys)
        return keys

    def deconstruct(self) -> Any:
        name, _path, args, options = super().deconstruct()
        return name, "django.contrib.postgres.fields.ArrayField", args, options
