"""The durable record of one post: what came in, how far it has got, and why it stopped."""

import uuid

from django.db import models
from django.db.models import Q

from intake.models.forms import IntakeForm
from intake.models.leads import Lead


class Submission(models.Model):
    """`stage` is the name of the next stage to run; `due_at` is when to run it (null: nothing to do)."""

    class Status(models.TextChoices):
        RECEIVED = "received", "Received"
        PROCESSING = "processing", "Processing"
        HELD = "held", "Held"
        RETRYING = "retrying", "Retrying"
        HANDED_OFF = "handed_off", "Handed off"
        REJECTED = "rejected", "Rejected"
        SPAM = "spam", "Spam"

    class Meeting(models.TextChoices):
        """What happened to a meeting. People who book one ask for us; what becomes of it is no new request."""

        CANCELED = "canceled", "Meeting cancelled"
        MOVED = "moved", "Meeting moved"
        # The old one of a meeting that was moved.
        REPLACED = "replaced", "Meeting moved away"
        NO_SHOW = "no_show", "Did not come to the meeting"
        CAME = "came", "Came to the meeting after all"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    form = models.ForeignKey(IntakeForm, on_delete=models.PROTECT, related_name="submissions")
    received_at = models.DateTimeField()
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.RECEIVED)
    stage = models.CharField(max_length=60, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    claim_token = models.UUIDField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    body = models.BinaryField()
    content_type = models.CharField(max_length=200)
    headers = models.JSONField(default=dict)
    ip = models.GenericIPAddressField(null=True, blank=True)
    # Since when body, headers, the words as they were typed and the address are gone for their age.
    body_removed_at = models.DateTimeField(null=True, blank=True, editable=False)
    idempotency_key = models.CharField(max_length=300, null=True, blank=True)
    key_expires_at = models.DateTimeField(null=True, blank=True)
    body_hash = models.CharField(max_length=64)
    values = models.JSONField(default=dict)
    raw_values = models.JSONField(default=dict)
    extra = models.JSONField(default=dict)
    notes = models.JSONField(default=list)
    reason = models.TextField(blank=True)
    bot_filled = models.BooleanField(default=False, db_default=False)
    is_test = models.BooleanField(default=False, db_default=False)
    meeting = models.CharField(
        max_length=10,
        choices=Meeting.choices,
        blank=True,
        default="",
        db_default="",
        help_text="What it tells of a meeting, where it is no request.",
    )
    unchecked = models.BooleanField(default=False, help_text="Routed although a check stayed open.")
    retried_by = models.CharField("tried again by", max_length=200, blank=True, db_default="")
    cleared_by = models.CharField(
        "said to be no spam by",
        max_length=200,
        blank=True,
        db_default="",
        help_text="No spam check stops it.",
    )
    lead = models.ForeignKey(
        Lead, null=True, blank=True, on_delete=models.PROTECT, related_name="submissions"
    )
    handed_off_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-received_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["form", "idempotency_key"],
                condition=Q(idempotency_key__isnull=False),
                name="one_submission_per_key",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="submission_due"),
            models.Index(
                fields=["claim_token"], condition=Q(claim_token__isnull=False), name="submission_claim"
            ),
            models.Index(fields=["form", "-received_at"], name="submission_form"),
            models.Index(fields=["-received_at"], name="submission_received"),
            models.Index(
                fields=["received_at"],
                condition=Q(body_removed_at__isnull=True, status__in=["handed_off", "rejected", "spam"]),
                name="submission_body_age",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.form} {self.received_at:%Y-%m-%d %H:%M}"

    @property
    def removal(self) -> str:
        """What is said in place of a body that has gone for its age; "" while it is there."""
        if self.body_removed_at is None:
            return ""
        return (
            f"Removed for its age on {self.body_removed_at:%d %B %Y}, with its headers, the sender's address and the words as "
            "they were typed. What we read out of it stays, and so does the record of consents.\n"
            f"SHA-256 of the body: {self.body_hash}"
        )
