from django.db import models
from django.db.models import Q

from crm_sync.models.connections import CrmConnection


class BornContact(models.Model):
    """A contact that somebody made in the CRM, and what became of it here. Written by `crm_sync.born_there` alone.

    waiting: it is about to be read there; taken: `submission` is ours of it; known: its address is that of a lead that was here
    before; left: no lead, `result` says why. `contact_modified_at` is the CRM's own, as of the mirror when we looked at it: one
    that was left is looked at again once it was changed there.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        TAKEN = "taken", "Became a lead"
        KNOWN = "known", "A lead already"
        LEFT = "left", "No lead"

    connection = models.ForeignKey(CrmConnection, on_delete=models.CASCADE, related_name="born_contacts")
    remote_id = models.CharField(max_length=60)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.WAITING)
    result = models.CharField(max_length=300, blank=True)
    submission = models.OneToOneField(
        "intake.Submission", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    contact_modified_at = models.DateTimeField(null=True, blank=True)
    # When its turn came, by the connection's rate.
    begun_at = models.DateTimeField()
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    claim_token = models.UUIDField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-begun_at", "-pk"]
        verbose_name = "contact made there"
        verbose_name_plural = "contacts made there"
        constraints = [models.UniqueConstraint(fields=["connection", "remote_id"], name="born_contact_once")]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(status="waiting"), name="born_contact_due"),
            models.Index(fields=["connection", "begun_at"], name="born_contact_begun"),
            models.Index(
                fields=["claim_token"], condition=Q(claim_token__isnull=False), name="born_contact_claim"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.connection} #{self.remote_id}"
