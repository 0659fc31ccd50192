from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from routing.models.owners import Owner, Team


class OwnerNotice(models.Model):
    """Something to tell an owner, a manager or a team. Sent by a sweep when due, never inside a transaction."""

    class Kind(models.TextChoices):
        ASSIGNED = "assigned", "New lead"
        RETURNED = "returned", "Lead came back"
        REMINDER = "reminder", "Reminder"
        OVERDUE = "overdue", "Overdue (manager)"
        LOST = "lost", "Lead moved on"
        QUEUED = "queued", "New lead in a queue"

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    lead = models.ForeignKey("intake.Lead", on_delete=models.CASCADE, related_name="+")
    owner = models.ForeignKey(Owner, null=True, blank=True, on_delete=models.CASCADE, related_name="notices")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    # One notice per cause: "assigned:<assignment history id>", "step:<id>".
    cause = models.CharField(max_length=80)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    # Waits to be released, at most until then; None once it is, or where nothing has to come first.
    hold_until = models.DateTimeField(null=True, blank=True)
    # It went out before it was released: the record elsewhere was behind.
    record_behind = models.BooleanField(default=False)
    due_at = models.DateTimeField()
    # Set before it is sent, gone once it is written down what came of that: still there, nobody knows whether it arrived.
    sending_since = models.DateTimeField(null=True, blank=True)
    # Who of several has been told already, by the digest of their address.
    told = ArrayField(models.CharField(max_length=16), default=list, db_default=[], blank=True)
    claim_token = models.UUIDField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "notice"
        constraints = [models.UniqueConstraint(fields=["lead", "cause"], name="notice_once_per_cause")]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(status="waiting"), name="notice_due"),
            models.Index(fields=["claim_token"], condition=Q(claim_token__isnull=False), name="notice_claim"),
            models.Index(fields=["lead"], name="notice_lead"),
            models.Index(fields=["created_at"], name="notice_age"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} to {self.owner or self.team}"
