from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from crm_sync.connectors.events import RemoteChange
from crm_sync.connectors.writes import Author
from crm_sync.models.connections import CrmConnection
from intake.vendors.clean import clean, clean_text


class InboundEvent(models.Model):
    """Something the CRM told us: stored, answered, then worked. `dedupe_key` makes redelivery harmless."""

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"
        IGNORED = "ignored", "Ignored"
        FAILED = "failed", "Failed"

    connection = models.ForeignKey(CrmConnection, on_delete=models.CASCADE, related_name="events")
    dedupe_key = models.CharField(max_length=200)
    remote_id = models.CharField(max_length=200)
    # What the connector has read out of it: "" and null where it says nothing.
    property_name = models.CharField(max_length=120, blank=True)
    occurred_at = models.DateTimeField(null=True, blank=True)
    author_source = models.CharField(max_length=60, blank=True)
    author_id = models.CharField(max_length=120, blank=True)
    recipient = models.CharField(max_length=60, blank=True)
    erased = models.BooleanField(default=False, db_default=False, help_text="Somebody wants to be forgotten.")
    payload = models.JSONField(help_text="As it came, for people.")
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
            models.Index(fields=["received_at"], name="event_age"),
            models.Index(fields=["claim_token"], condition=Q(claim_token__isnull=False), name="event_claim"),
        ]

    @classmethod
    def of(cls, change: RemoteChange, *, connection: CrmConnection, now: datetime) -> Self:
        """A waiting row, not saved yet; what no column can hold is marked in it."""
        return cls(
            connection=connection,
            dedupe_key=clean_text(change.dedupe_key)[:200],
            remote_id=clean_text(change.remote_id)[:200],
            property_name=clean_text(change.property)[:120],
            occurred_at=change.at,
            author_source=clean_text(change.author.source)[:60],
            author_id=clean_text(change.author.source_id)[:120],
            recipient=clean_text(change.recipient)[:60],
            erased=change.erased,
            payload=clean(change.raw, []),
            received_at=now,
            due_at=now,
        )

    @property
    def author(self) -> Author:
        return Author(self.author_source, self.author_id)

    def __str__(self) -> str:
        return f"{self.connection} {self.remote_id}"
