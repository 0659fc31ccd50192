from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from simple_history.models import HistoricalRecords

from intake.values.companies import company_key
from routing.engine.account_match import account_keys
from routing.models.account_keys import AccountKeysField
from routing.models.owners import Owner, Team


class Territory(models.Model):
    """A part of the market. A child matches only inside its parent. `when` is a condition (routing.engine.conditions)."""

    name = models.CharField(max_length=120, unique=True)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.PROTECT, related_name="territories"
    )
    when = models.JSONField("conditions", default=dict)
    position = models.PositiveIntegerField(default=0, db_index=True)
    active = models.BooleanField(default=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ["position", "name"]
        verbose_name_plural = "territories"

    def __str__(self) -> str:
        return self.name


class NamedAccount(models.Model):
    """A company that has an owner of its own, known by its domains, an id, or its name.

    `match_keys` follow from the other columns (routing.engine.account_match). `phone` is E.164, `country` an ISO code.
    """

    company = models.CharField(max_length=200, unique=True)
    domains = ArrayField(models.CharField(max_length=253), default=list, blank=True)
    external_id = models.CharField("id elsewhere", max_length=100, blank=True, default="", db_default="")
    country = models.CharField(max_length=2, blank=True, default="", db_default="")
    phone = models.CharField(max_length=60, blank=True, default="", db_default="")
    postal_code = models.CharField(max_length=30, blank=True, default="", db_default="")
    owner = models.ForeignKey(
        Owner, null=True, blank=True, on_delete=models.PROTECT, related_name="named_accounts"
    )
    parent = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="children",
        verbose_name="belongs to",
    )
    tier = models.CharField(max_length=100, blank=True, default="", db_default="")
    active = models.BooleanField(default=True)
    match_keys = AccountKeysField()
    history = HistoricalRecords(excluded_fields=["match_keys"])

    class Meta:
        ordering = ["company"]
        indexes = [  # Read with every lead and seldom written: nothing waits in a list that each search would have to read.
            GinIndex(fields=["match_keys"], name="named_account_keys", fastupdate=False)
        ]

    def __str__(self) -> str:
        return self.company

    def keys(self) -> list[str]:
        """What leads find it by."""
        return account_keys(
            name=company_key(self.company),
            domains=[domain.lower() for domain in self.domains],
            account_id=self.external_id,
            country=self.country,
            phone=self.phone,
            postal_code=self.postal_code,
        )
