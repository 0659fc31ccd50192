from django.db import models
from django.db.models import Q

from crm_sync.models.connections import CrmConnection


class InboundEvent(models.Model):
    """Something the CRM told us: stored, answered, then worked. `dedupe_key` makes redelivery harmless."""

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"
        IGNORED = "ignored", "Ignored"
        FAILED = "failed", "Failed"

    connection = models.ForeignKey(CrmConnection, on_delete=models.CASCADE, related_name="events")
    dedupe_key = models.CharField(max_length=200)
    remote_id = models.CharField(max_length=60)
    payload = models.JSONField()
    received_at = models.DateTimeField()
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.WAITING)
    due_at = models.DateTimeField()
    claim_token = models.UUIDField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    result = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-received_at"]
        constraints = [models.UniqueConstraint(fields=["connection", "dedupe_key"], name="event_once")]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(status="waiting"), name="event_due"),
            models.Index(fields=["claim_token"], condition=Q(claim_token__isnull=False), name="event_claim"),
        ]

    def __str__(self) -> str:
        return f"{self.connection} {self.remote_id}"
