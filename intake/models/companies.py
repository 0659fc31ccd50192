from django.db import models
from simple_history.models import HistoricalRecords


class CompanyProfile(models.Model):
    """What we know of a company, by its registrable domain."""

    domain = models.CharField(max_length=253, unique=True)
    name = models.CharField(max_length=200, blank=True)
    industry = models.CharField(max_length=120, blank=True)
    employee_count = models.BigIntegerField(null=True, blank=True)
    annual_revenue = models.BigIntegerField(null=True, blank=True)
    country = models.CharField(max_length=2, blank=True)
    state = models.CharField(max_length=100, blank=True)
    city = models.CharField(max_length=120, blank=True)
    source = models.CharField(max_length=60, default="local")
    updated_at = models.DateTimeField(auto_now=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ["domain"]

    def __str__(self) -> str:
        return self.name or self.domain
