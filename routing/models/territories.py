from django.contrib.postgres.fields import ArrayField
from django.db import models
from simple_history.models import HistoricalRecords

from routing.models.owners import Owner, Team


class Territory(models.Model):
    """A part of the market. A child matches only inside its parent. `when` is a condition (routing.engine.conditions)."""

    name = models.CharField(max_length=120, unique=True)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.PROTECT, related_name="territories"
    )
    when = models.JSONField("conditions", default=dict)
    position = models.PositiveIntegerField(default=0, db_index=True)
    active = models.BooleanField(default=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ["position", "name"]
        verbose_name_plural = "territories"

    def __str__(self) -> str:
        return self.name


class NamedAccount(models.Model):
    """A company that has an owner of its own, known by its domains or its name."""

    company = models.CharField(max_length=200, unique=True)
    domains = ArrayField(models.CharField(max_length=253), default=list, blank=True)
    owner = models.ForeignKey(
        Owner, null=True, blank=True, on_delete=models.PROTECT, related_name="named_accounts"
    )
    active = models.BooleanField(default=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ["company"]

    def __str__(self) -> str:
        return self.company
