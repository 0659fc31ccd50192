from django.db import models
from simple_history.models import HistoricalRecords

from intake.canonical import length_of


class CompanyProfile(models.Model):
    """What we know of a company, by its registrable domain."""

    domain = models.CharField(max_length=253, unique=True)
    name = models.CharField(max_length=length_of("company"), blank=True)
    industry = models.CharField(max_length=length_of("industry"), blank=True)
    employee_count = models.BigIntegerField(null=True, blank=True)
    annual_revenue = models.BigIntegerField(null=True, blank=True)
    country = models.CharField(max_length=length_of("country"), blank=True)
    state = models.CharField(max_length=length_of("state"), blank=True)
    city = models.CharField(max_length=length_of("city"), blank=True)
    source = models.CharField(max_length=60, default="local")
    updated_at = models.DateTimeField(auto_now=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "company"
        verbose_name_plural = "companies"
        ordering = ["domain"]

    def __str__(self) -> str:
        return self.name or self.domain
