"""Rules as managers edit them (drafts), and the published snapshots that the engine reads."""

from django.db import models
from simple_history.models import HistoricalRecords

from routing.engine.account_family import OWNER_FROM
from routing.engine.account_match import ALL_STEPS
from routing.models.owners import Owner, Queue
from routing.models.rotations import Rotation


def account_steps() -> list[str]:
    """All of them, in their usual order."""
    return list(ALL_STEPS)


class RoutingRule(models.Model):
    """First match wins, top to bottom; the name is the routing reason. A draft until it is published."""

    class TargetKind(models.TextChoices):
        ROTATION = "rotation", "Rotation"
        QUEUE = "queue", "Queue"
        OWNER = "owner", "Owner"
        ACCOUNT_OWNER = "account_owner", "The account's owner"

    name = models.CharField(max_length=120, unique=True)
    position = models.PositiveIntegerField(default=0, db_index=True)
    when = models.JSONField("conditions", default=dict, blank=True)
    target_kind = models.CharField(
        "send to", max_length=16, choices=TargetKind.choices, default=TargetKind.ROTATION
    )
    target_rotation = models.ForeignKey(
        Rotation,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="routing_rules",
        verbose_name="rotation",
    )
    target_queue = models.ForeignKey(
        Queue,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="routing_rules",
        verbose_name="queue",
    )
    target_owner = models.ForeignKey(
        Owner,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="routing_rules",
        verbose_name="owner",
    )
    active = models.BooleanField(default=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "rule"
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class RoutingSettings(models.Model):
    """The one row of settings that are published with the rules."""

    class OwnerAway(models.TextChoices):
        ROTATE = "rotate", "A backup takes this touch"
        KEEP = "keep", "The owner keeps it"

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    hot_from = models.IntegerField(default=70, help_text="Points from which a lead is hot.")
    warm_from = models.IntegerField(default=40, help_text="Points from which a lead is warm.")
    category_caps = models.JSONField(
        default=dict, blank=True, help_text='Most points per category, as {"fit": 50}.'
    )
    sticky = models.BooleanField("keep returning leads with their owner", default=True)
    sticky_days = models.PositiveIntegerField(default=90)
    account_owner_from = models.CharField(
        "whose an account is",
        max_length=10,
        choices=list(OWNER_FROM.items()),
        default="self",
        db_default="self",
    )
    account_steps = models.JSONField(
        "how accounts are found",
        default=account_steps,
        db_default=account_steps(),
        blank=True,
        help_text="The first step that finds one decides.",
    )
    sticky_when_away = models.CharField(max_length=10, choices=OwnerAway.choices, default=OwnerAway.ROTATE)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "routing settings"
        verbose_name_plural = "routing settings"

    def __str__(self) -> str:
        return "Routing settings"


class RuleSet(models.Model):
    """A published, immutable snapshot of rules, territories, scoring and SLA policies. The newest one is in force."""

    version = models.PositiveIntegerField(unique=True)
    snapshot = models.JSONField()
    checksum = models.CharField(max_length=64)
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=200)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-version"]
        verbose_name = "published rules"
        verbose_name_plural = "published rules"

    def __str__(self) -> str:
        return f"Version {self.version}"
