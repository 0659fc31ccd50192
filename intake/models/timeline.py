from django.db import models

from intake.models.leads import Lead


class TimelineEntry(models.Model):
    """One thing that happened to a lead; verbs are dotted (`routing.assigned`). Append-only."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="timeline_entries")
    at = models.DateTimeField()
    verb = models.CharField(max_length=60)
    actor = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=60, blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ["at", "id"]
        verbose_name_plural = "timeline entries"
        indexes = [
            models.Index(fields=["lead", "at", "id"], name="timeline_lead"),
            models.Index(fields=["at"], name="timeline_age"),
        ]

    def __str__(self) -> str:
        return self.verb
