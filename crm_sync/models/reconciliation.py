"""What a comparison of all leads with the CRM has found. Written by `crm_sync.reconcile` alone."""

from django.db import models
from django.db.models import Q

from crm_sync.models.connections import CrmConnection


class Reconciliation(models.Model):
    """One round over all leads that belong into a CRM. `reached` is the key of the last link that was compared: it goes on there.

    `checked` leads were compared, of which `equal` stand there as they should. `found`: differences of this round by kind.
    """

    connection = models.ForeignKey(CrmConnection, on_delete=models.CASCADE, related_name="reconciliations")
    asked_by = models.CharField(max_length=200, blank=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    reached = models.BigIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    checked = models.PositiveIntegerField(default=0)
    equal = models.PositiveIntegerField(default=0)
    found = models.JSONField(default=dict)
    calls = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)

    class Meta:
        verbose_name = "comparison with the CRM"
        verbose_name_plural = "comparisons with the CRM"
        ordering = ["-started_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection"], condition=Q(finished_at=None), name="one_reconciliation_at_a_time"
            )
        ]
        indexes = [models.Index(fields=["connection", "-started_at"], name="reconciliation_newest")]

    def __str__(self) -> str:
        return f"{self.connection}, {self.started_at:%Y-%m-%d %H:%M}"


class CrmDifference(models.Model):
    """Something about one lead that is not in the CRM as it is here; at most one open row of a kind for each lead there.

    `lines` are [{"property", "label", "here", "there", "stands"}], the last as the CRM has it, the others for
    people. A row is open until `settled_at`. `repair_asked_at`: it is being put right, and is compared again once the lead has
    been written.
    """

    class Kind(models.TextChoices):
        MISSING = "missing", "Not there"
        BEHIND = "behind", "Behind: ours is newer"
        CHANGED = "changed", "Changed there"
        OWNER = "owner", "Another owner there"
        MERGED = "merged", "Merged into another lead's record"
        DUPLICATE = "duplicate", "Twice there"
        DELETED = "deleted", "Deleted there"

    class Settled(models.TextChoices):
        REPAIRED = "repaired", "Repaired"
        BY_ITSELF = "by_itself", "By itself"

    connection = models.ForeignKey(CrmConnection, on_delete=models.CASCADE, related_name="differences")
    lead = models.ForeignKey("intake.Lead", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    remote_id = models.CharField("record there", max_length=60, blank=True)
    lines = models.JSONField(default=list)
    found_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    repair_asked_at = models.DateTimeField(null=True, blank=True)
    repair_asked_by = models.CharField(max_length=200, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_how = models.CharField(max_length=10, choices=Settled.choices, blank=True)

    class Meta:
        verbose_name = "difference"
        ordering = ["-found_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "lead", "kind"], condition=Q(settled_at=None), name="difference_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["repair_asked_at"],
                condition=Q(settled_at=None, repair_asked_at__isnull=False),
                name="difference_in_repair",
            )
        ]

    def __str__(self) -> str:
        return f"{self.lead}: {self.get_kind_display()}"
