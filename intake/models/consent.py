from django.db import models

from intake.canonical import length_of
from intake.models.leads import Lead


class ConsentRecord(models.Model):
    """What a person agreed to or refused, when, where and under which policy. Append-only."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="consents")
    submission = models.ForeignKey("intake.Submission", null=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20)
    granted = models.BooleanField()
    policy_version = models.CharField(max_length=length_of("privacy_policy_version"), blank=True)
    at = models.DateTimeField()
    ip = models.GenericIPAddressField(null=True, blank=True)
    source = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.kind}: {'yes' if self.granted else 'no'}"
