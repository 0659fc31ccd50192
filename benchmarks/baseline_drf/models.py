import uuid

from django.db import models


class Submitted(models.Model):
    """What the demo form asks for, a column each."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    received_at = models.DateTimeField(auto_now_add=True)
    email = models.EmailField()
    full_name = models.CharField(max_length=200, blank=True)
    company = models.CharField(max_length=200, blank=True)
    country = models.CharField(max_length=60, blank=True)
    job_title = models.CharField(max_length=200, blank=True)
    employee_count = models.PositiveIntegerField(null=True)
    product_interest = models.CharField(max_length=60, blank=True)
    message = models.TextField(blank=True)
    utm_source = models.CharField(max_length=60, blank=True)
    utm_campaign = models.CharField(max_length=60, blank=True)
    marketing_consent = models.BooleanField(default=False)

    class Meta:
        db_table = "benchmark_submitted"
