from django.db import models
from django.db.models import Q


class LeadBackground(models.Model):
    """What records elsewhere say of a lead, as it was when somebody last looked: the facts that no form tells.

    `source` is the system that says it, of several that were asked. `missed` says why one could not tell of the person: then the
    lead was decided without that, and somebody looks again. Owners are e-mail addresses, which people of ours may have. `record`
    is the person's, by its id there, `records` by each system that had an answer, "" for none; `keeps_owner` says whether whoever
    has it keeps the lead. `account_owner_of` is the company above the account whose owner that is, "" where it is the account's
    own. `account_by` is how the account was found, `account_candidates` it and the others that there were
    (routing.engine.account_match); one of ours (NamedAccount) goes first.
    """

    class Keeps(models.TextChoices):
        NO = "", "No"
        ALWAYS = "always", "Yes"
        WHILE_ACTIVE = "active", "While they are active"

    lead = models.OneToOneField("intake.Lead", primary_key=True, on_delete=models.CASCADE, related_name="+")
    looked_up_at = models.DateTimeField()
    source = models.CharField(max_length=60, blank=True)
    missed = models.CharField(max_length=200, blank=True)
    # In `source`; the version before reads it, and has left no `records`.
    record = models.CharField(max_length=60, blank=True)
    records = models.JSONField(default=dict, db_default={}, blank=True)
    is_known = models.BooleanField(default=False)
    is_customer = models.BooleanField(default=False)
    keeps_owner = models.CharField(max_length=8, choices=Keeps.choices, blank=True, default=Keeps.NO)
    crm_owner = models.CharField(max_length=254, blank=True)
    crm_owner_name = models.CharField(max_length=200, blank=True)
    crm_lifecycle = models.CharField(max_length=100, blank=True)
    crm_lead_status = models.CharField(max_length=100, blank=True)
    deal = models.CharField(max_length=300, blank=True)
    deal_owner = models.CharField(max_length=254, blank=True)
    account = models.CharField(max_length=300, blank=True)
    account_owner = models.CharField(max_length=254, blank=True)
    account_owner_of = models.CharField(max_length=300, blank=True, db_default="")
    account_tier = models.CharField(max_length=100, blank=True)
    account_by = models.CharField(max_length=100, blank=True)
    account_candidates = models.JSONField(default=list, db_default=[], blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["looked_up_at"], condition=~Q(missed=""), name="background_missed"),
        ]

    def __str__(self) -> str:
        return self.missed or f"Looked up in {self.source}"

    @property
    def has_open_deal(self) -> bool:
        return bool(self.deal)

    def record_in(self, source: str) -> str:
        """The id of the person's record in that system, "" for none that is known."""
        return str(self.records.get(source) or "") or (self.record if self.source == source else "")

    def facts(self) -> dict[str, str | bool]:
        """What rules see of it. Where nobody could tell, neither “is a customer” nor “is none” is said."""
        told: dict[str, str | bool] = {"is_customer": self.is_customer, "open_deal": self.has_open_deal}
        if self.missed:
            told = {name: value for name, value in told.items() if value}
        named = ("crm_owner", "crm_lifecycle", "crm_lead_status", "account", "account_owner", "account_tier")
        return told | {name: getattr(self, name) for name in named if getattr(self, name)}
