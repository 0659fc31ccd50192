"""What still has to be written, and what has been. Outbox rows are written only by `crm_sync.outbox` (rule 2)."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from crm_sync.alike_there import AlikeSaid
from crm_sync.models.connections import CrmConnection
from plumbing.json_shapes import ShapedJSONField


class OutboxEntry(models.Model):
    """One row per lead and connection. The payload is built at send time from the newest lead, so edits coalesce."""

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        DEAD = "dead", "Gave up"

    connection = models.ForeignKey(CrmConnection, on_delete=models.CASCADE, related_name="outbox")
    lead = models.ForeignKey("intake.Lead", on_delete=models.CASCADE, related_name="+")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.PENDING)
    # Counts every request to push; the sender deletes the row only if nobody asked again meanwhile.
    generation = models.PositiveIntegerField(default=1)
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    ambiguous = models.BooleanField(
        default=False, help_text="The last answer was lost: look before writing again."
    )
    created_at = models.DateTimeField()
    last_error = models.TextField(blank=True)
    # The key of the CRM's rule that refused it last (`crm_sync.outbound.broken_rules`); "" for none.
    rule = models.CharField(max_length=32, blank=True, default="", db_default="")
    # Whom a rule of the CRM takes the lead for, where a person was asked, and what they said: which record it is, or that it is
    # saved anyway (`crm_sync.outbound.alike_records`).
    alike = ShapedJSONField(shape=AlikeSaid, blank=True, db_default={})
    same_as = models.CharField(max_length=60, blank=True, default="", db_default="")
    anyway = models.BooleanField(default=False, db_default=False)

    class Meta:
        verbose_name = "outbox entry"
        verbose_name_plural = "outbox"
        ordering = ["due_at"]
        constraints = [models.UniqueConstraint(fields=["connection", "lead"], name="one_entry_per_lead")]
        indexes = [
            models.Index(fields=["connection", "due_at"], condition=Q(status="pending"), name="outbox_due"),
            models.Index(fields=["connection", "rule"], condition=~Q(rule=""), name="outbox_rule"),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id} → {self.connection}"


class PushTries(models.Model):
    """The last few tries to write one lead there, for people to look at. `crm_sync.outbound.tries` has the shape, and writes.

    `tries` are the newest first, without what people have typed; `at` is the newest's moment.
    """

    connection = models.ForeignKey(CrmConnection, on_delete=models.CASCADE, related_name="+")
    lead = models.ForeignKey("intake.Lead", on_delete=models.CASCADE, related_name="+")
    tries = models.JSONField(default=list)
    at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = "tries to write a lead"
        verbose_name_plural = "tries to write leads"
        constraints = [models.UniqueConstraint(fields=["connection", "lead"], name="tries_of_a_lead")]

    def __str__(self) -> str:
        return f"{self.lead_id} → {self.connection}"


class CrmLink(models.Model):
    """The CRM's copy of a lead (I6: at most one).

    With `gone_at` the record does not stand there any more, as far as we know, and nothing is written until a person says so; or
    it is left as it stands, because the lead has moved to another connection, until it comes back (`outbound.moving`).
    `sent` is property -> text as far as we know it stands there: what we last wrote, or took over from there.
    A `task_clock` without a `task_id` is an intention: look for the task before making one.
    """

    class Gone(models.TextChoices):
        DELETED = "deleted", "Deleted"
        ERASED = "erased", "Erased for privacy"
        MERGED = "merged", "Merged into another lead's record"
        MOVED = "moved", "Left as it stands: the lead belongs into another CRM now"

    connection = models.ForeignKey(CrmConnection, on_delete=models.CASCADE, related_name="links")
    lead = models.ForeignKey("intake.Lead", on_delete=models.CASCADE, related_name="+")
    remote_id = models.CharField(max_length=200)
    pushed_version = models.PositiveIntegerField(default=0)
    # How often it was written there.
    writes = models.PositiveIntegerField(default=0, db_default=0)
    sent = models.JSONField(default=dict)
    # Properties whose last write may have been carried out, its answer was lost: written again, whatever we know of them.
    unsure = models.JSONField(default=list, db_default=[], blank=True)
    remote_modified_at = models.DateTimeField(null=True, blank=True)
    pushed_at = models.DateTimeField(null=True, blank=True)
    # When it was last seen there, or looked for: a sweep takes the longest ago first.
    seen_at = models.DateTimeField(default=timezone.now, db_default=Now())
    gone_at = models.DateTimeField(null=True, blank=True)
    gone_how = models.CharField(max_length=8, choices=Gone.choices, blank=True, default="", db_default="")
    # A person has decided that no other is made.
    left_gone = models.BooleanField(default=False, db_default=False)
    # property -> text that stood there before the record was ours, and is left: not written over until ours changes.
    kept = models.JSONField(default=dict, db_default={})
    # The owner that the CRM shows, by our e-mail; "" for nobody.
    shown_owner = models.CharField(max_length=254, blank=True)
    task_id = models.CharField(max_length=60, blank=True)
    task_clock = models.BigIntegerField(null=True, blank=True)
    task_open = models.BooleanField(default=False)
    task_sent = models.JSONField(default=dict)
    # Echo guard: recent changes of the owner and of fields that we keep, made there, as
    # [{"at", "by": "person|automation", "property", "value"}].
    trail = models.JSONField(default=list)
    # Since when somebody seems to have been in contact there, and it is to be read who and how.
    touched_at = models.DateTimeField(null=True, blank=True)
    # Properties that something there keeps changing back: not written any more until a person says so.
    stopped = models.JSONField(default=list)

    class Meta:
        verbose_name = "CRM record"
        constraints = [
            models.UniqueConstraint(fields=["connection", "lead"], name="one_record_per_lead"),
            models.UniqueConstraint(fields=["connection", "remote_id"], name="one_lead_per_record"),
        ]
        indexes = [
            models.Index(fields=["connection", "seen_at"], name="record_seen"),
            models.Index(fields=["touched_at"], condition=Q(touched_at__isnull=False), name="record_touched"),
        ]

    def __str__(self) -> str:
        return f"{self.connection} #{self.remote_id}"
