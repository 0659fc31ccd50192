from django.db import models
from simple_history.models import HistoricalRecords


class ScoringRule(models.Model):
    """Points, or a reason to disqualify, for leads that fulfil a condition. A draft until it is published."""

    class Effect(models.TextChoices):
        POINTS = "points", "Adds points"
        DISQUALIFY = "disqualify", "Disqualifies"

    label = models.CharField(max_length=120, unique=True)
    effect = models.CharField(max_length=10, choices=Effect.choices, default=Effect.POINTS)
    category = models.CharField(max_length=40, blank=True)
    points = models.IntegerField(default=0)
    when = models.JSONField("conditions", default=dict)
    position = models.PositiveIntegerField(default=0, db_index=True)
    active = models.BooleanField(default=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name_plural = "scoring"
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.label


class LeadScore(models.Model):
    """`reasons` is [{"label", "points", "category"}]."""

    lead = models.OneToOneField("intake.Lead", primary_key=True, on_delete=models.CASCADE, related_name="+")
    points = models.IntegerField()
    segment = models.CharField(max_length=12, db_index=True)
    reasons = models.JSONField(default=list)
    disqualify_reason = models.CharField(max_length=200, blank=True)
    ruleset_version = models.PositiveIntegerField()
    scored_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.points} {self.segment}"
