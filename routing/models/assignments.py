"""Who has the lead, and why. Assignment is written only by `routing.assignment` (rule 2)."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from routing.models.owners import Owner, Queue
from routing.models.rules import RuleSet


class Decision(models.Model):
    """What was decided for a lead, from which facts, and why; enough to replay it (I9).

    `ownership` and `seen` are what the live rows said (routing.engine.ownership, routing.engine.seen); `row_versions` is
    {"rotation" | "member" | "owner" | "account": {id: history id}} of those rows.
    """

    lead = models.ForeignKey("intake.Lead", on_delete=models.CASCADE, related_name="+")
    submission = models.ForeignKey(
        "intake.Submission", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField()
    ruleset = models.ForeignKey(RuleSet, on_delete=models.PROTECT, related_name="decisions")
    facts = models.JSONField()
    ownership = models.JSONField(default=dict)
    seen = models.JSONField(default=dict)
    row_versions = models.JSONField(default=dict)
    outcome = models.JSONField()
    trace = models.JSONField(default=list)

    class Meta:
        ordering = ["-at"]
        indexes = [
            models.Index(fields=["lead", "-at"], name="decision_lead"),
            models.Index(fields=["at"], name="decision_age"),
        ]

    def __str__(self) -> str:
        return f"Decision of {self.at:%Y-%m-%d %H:%M:%S}"


class Assignment(models.Model):
    """The current owner or queue of one lead; every change is a history row (I2, I3)."""

    class Source(models.TextChoices):
        PIPELINE = "pipeline", "Automatic"
        CONSOLE = "console", "Console"
        API = "api", "API"
        CRM = "crm", "CRM"
        SLA = "sla", "SLA"
        HOLDING_QUEUE = "holding_queue", "Holding queue"
        DEACTIVATION = "deactivation", "Owner left"

    lead = models.OneToOneField("intake.Lead", on_delete=models.CASCADE, related_name="+")
    owner = models.ForeignKey(
        Owner, null=True, blank=True, on_delete=models.PROTECT, related_name="assignments"
    )
    queue = models.ForeignKey(
        Queue, null=True, blank=True, on_delete=models.PROTECT, related_name="assignments"
    )
    reason = models.CharField(max_length=300)
    rule_name = models.CharField(max_length=120, blank=True)
    ruleset_version = models.PositiveIntegerField(null=True, blank=True)
    source = models.CharField(max_length=20, choices=Source.choices, default=Source.PIPELINE)
    actor = models.CharField(max_length=200, blank=True)
    automatic = models.BooleanField(default=True, help_text="Counts toward caps.")
    locked = models.BooleanField(default=False, help_text="Nothing automatic moves it.")
    turn = models.ForeignKey(
        "RotationTurn", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    assigned_at = models.DateTimeField()
    # The holder stands in for this owner, who was away, until the holder has contacted.
    sticky_owner = models.ForeignKey(
        Owner, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    sticky_since = models.DateTimeField(null=True, blank=True)
    history = HistoricalRecords(user_model=settings.AUTH_USER_MODEL)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(owner__isnull=False, queue__isnull=True)
                | Q(owner__isnull=True, queue__isnull=False),
                name="owner_xor_queue",
            )
        ]
        indexes = [
            models.Index(fields=["owner", "-assigned_at"], name="assignment_owner"),
            models.Index(fields=["queue", "-assigned_at"], name="assignment_queue"),
        ]

    def __str__(self) -> str:
        return str(self.owner or self.queue)

    def stands_in(self, contacted_at: datetime | None) -> bool:
        """Whether the lead, contacted then, still goes back to `sticky_owner`."""
        answered = contacted_at is not None and contacted_at >= self.assigned_at
        return self.sticky_owner_id is not None and not answered
