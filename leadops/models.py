"""The project package keeps one row of its own: what the configuration was when text and database last said the same."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models


class ConfigurationMark(models.Model):
    """One row. `configuration` is what export would have printed after the last apply or export."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    configuration = models.JSONField(encoder=DjangoJSONEncoder)
    at = models.DateTimeField()
    by = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"Configuration of {self.at:%Y-%m-%d %H:%M}"
