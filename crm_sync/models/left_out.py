from django.db import models

from crm_sync.models.connections import FieldMapping


class LeftOutValue(models.Model):
    """A lead stands in the CRM without the value of one mapping, because it does not fit there.

    `ours` is our value where a translation can mend it (the property takes options), else "": what people typed is not kept
    a second time. `words` is what the CRM said, where it refused. Written by `crm_sync.outbound.left_out` alone.
    """

    class Why(models.TextChoices):
        MISSING = "missing", "The property is not there"
        READ_ONLY = "read_only", "The CRM writes it itself"
        OPTION = "option", "No option"
        TYPE = "type", "Of another type"
        LENGTH = "length", "Too long"
        REFUSED = "refused", "Refused"

    mapping = models.ForeignKey(FieldMapping, on_delete=models.CASCADE, related_name="left_out")
    lead = models.ForeignKey("intake.Lead", on_delete=models.CASCADE, related_name="+")
    property = models.CharField(max_length=200)
    why = models.CharField(max_length=10, choices=Why.choices)
    ours = models.CharField(max_length=500, blank=True)
    words = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = "value left out"
        verbose_name_plural = "values left out"
        constraints = [models.UniqueConstraint(fields=["mapping", "lead"], name="left_out_once")]

    def __str__(self) -> str:
        return f"{self.mapping}: {self.get_why_display()}"
