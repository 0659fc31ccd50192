"""By when somebody must answer."""

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from plumbing.json_shapes import ShapedJSONField
from routing.models.owners import Owner, WorkCalendar
from routing.step_settings import SlaStepSpec


class SlaPolicy(models.Model):
    """First match wins. A draft until it is published."""

    class Clock(models.TextChoices):
        WALL = "wall", "Wall clock (round the clock)"
        TEAM = "team", "The team's opening hours"
        OWNER = "owner", "The owner's opening hours"

    name = models.CharField(max_length=120, unique=True)
    position = models.PositiveIntegerField(default=0, db_index=True)
    when = models.JSONField("conditions", default=dict, blank=True)
    clock = models.CharField(max_length=6, choices=Clock.choices, default=Clock.TEAM)
    first_response = models.CharField(
        max_length=12, help_text="30m, 4h, 4bh (business hours) or 1bd (business days)."
    )
    steps = ShapedJSONField(shape=SlaStepSpec, many=True, blank=True)
    active = models.BooleanField(default=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ["position", "id"]
        verbose_name = "response time"

    def __str__(self) -> str:
        return self.name


class SlaClock(models.Model):
    """A running or finished first-response clock. At most one runs per lead; policy and due_at are frozen at the start."""

    class Status(models.TextChoices):
        RUNNING = "running", "Running"
        MET = "met", "Met"
        CANCELLED = "cancelled", "Cancelled"

    lead = models.ForeignKey("intake.Lead", on_delete=models.CASCADE, related_name="+")
    policy_name = models.CharField(max_length=120)
    ruleset_version = models.PositiveIntegerField()
    kind = models.CharField(max_length=6, choices=SlaPolicy.Clock.choices)
    calendar = models.ForeignKey(
        WorkCalendar, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    first_response = models.CharField(max_length=12)
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()
    explanation = models.JSONField(default=list)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.RUNNING)
    reassigns = models.PositiveSmallIntegerField(default=0)
    met_at = models.DateTimeField(null=True, blank=True)
    met_by = models.CharField(max_length=200, blank=True)
    evidence = models.CharField(max_length=10, blank=True, help_text="verified (seen in the CRM) or claimed")
    # By when what somebody claims should be seen in the CRM; null: it was seen, or nobody claims anything.
    proof_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    breached_at = models.DateTimeField(null=True, blank=True)
    breached_owner = models.ForeignKey(
        Owner, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["-started_at"]
        verbose_name = "SLA clock"
        constraints = [
            models.UniqueConstraint(fields=["lead"], condition=Q(status="running"), name="one_running_clock")
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(status="running"), name="clock_due"),
            models.Index(fields=["lead", "-started_at"], name="clock_lead"),
            models.Index(fields=["started_at"], name="clock_age"),
            models.Index(
                fields=["proof_due_at"], condition=Q(proof_due_at__isnull=False), name="clock_proof_due"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy_name}, due {self.due_at:%Y-%m-%d %H:%M}"


class SlaStep(models.Model):
    """One thing to do at one instant of a clock."""

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        DONE = "done", "Done"
        SKIPPED = "skipped", "Skipped"

    clock = models.ForeignKey(SlaClock, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    at = models.CharField(max_length=12)
    counted_from = models.CharField(
        max_length=8,
        choices=[("customer", "from receipt"), ("owner", "from the assignment")],
        default="customer",
    )
    do = models.CharField(max_length=30)
    params = models.JSONField(default=dict)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True, blank=True)
    result = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["clock", "position"]
        constraints = [models.UniqueConstraint(fields=["clock", "position"], name="step_once")]
        indexes = [models.Index(fields=["due_at"], condition=Q(status="pending"), name="step_due")]

    def __str__(self) -> str:
        return f"{self.at} {self.do}"
