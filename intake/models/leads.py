"""The person who asked for us. Written only by `intake.lead_changes` (rule 2)."""

import uuid

from django.db import models
from django.db.models import Q

from intake.canonical import length_of


class Lead(models.Model):
    """Canonical values are columns; first-touch attribution, fields outside the canon and raw spellings are JSON."""

    class Status(models.TextChoices):
        NEW = "new", "New"
        WORKING = "working", "Working"
        CONTACTED = "contacted", "Contacted"
        QUALIFIED = "qualified", "Qualified"
        NURTURE = "nurture", "Nurture"
        CUSTOMER = "customer", "Customer"
        DISQUALIFIED = "disqualified", "Disqualified"
        CLOSED_LOST = "closed_lost", "Closed lost"
        SPAM = "spam", "Spam"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.PositiveIntegerField(default=1)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.NEW)
    disqualify_reason = models.CharField(max_length=200, blank=True)

    email = models.CharField(max_length=length_of("email"), blank=True)
    phone = models.CharField(max_length=length_of("phone"), blank=True)
    first_name = models.CharField(max_length=length_of("first_name"), blank=True)
    last_name = models.CharField(max_length=length_of("last_name"), blank=True)
    full_name = models.CharField(max_length=length_of("full_name"), blank=True)
    job_title = models.CharField(max_length=length_of("job_title"), blank=True)
    company = models.CharField(max_length=length_of("company"), blank=True)
    website = models.CharField(max_length=length_of("website"), blank=True)
    country = models.CharField(max_length=length_of("country"), blank=True)
    state = models.CharField(max_length=length_of("state"), blank=True)
    city = models.CharField(max_length=length_of("city"), blank=True)
    postal_code = models.CharField(max_length=length_of("postal_code"), blank=True)
    industry = models.CharField(max_length=length_of("industry"), blank=True)
    employee_count = models.BigIntegerField(null=True, blank=True)
    annual_revenue = models.BigIntegerField(null=True, blank=True)
    product_interest = models.CharField(max_length=length_of("product_interest"), blank=True)
    intent = models.CharField(max_length=length_of("intent"), blank=True)
    message = models.TextField(blank=True)
    budget = models.CharField(max_length=length_of("budget"), blank=True)
    timeline = models.CharField(max_length=length_of("timeline"), blank=True)
    language = models.CharField(max_length=length_of("language"), blank=True)
    timezone = models.CharField(max_length=length_of("timezone"), blank=True)
    existing_customer = models.BooleanField(null=True, blank=True)

    attribution = models.JSONField(default=dict, blank=True)
    extra = models.JSONField(default=dict, blank=True)
    raw = models.JSONField(default=dict, blank=True)
    # Fields that a person typed here or in the CRM: a later form never overwrites them.
    typed_fields = models.JSONField(default=list, blank=True)

    # Somebody tries things out (`intake.test_addresses`, or a person says so): it is decided like any other, and not counted.
    is_test = models.BooleanField("test", default=False, db_default=False)
    has_open_deal = models.BooleanField(default=False)
    first_form_key = models.CharField(max_length=64, blank=True)
    last_form_key = models.CharField(max_length=64, blank=True)
    last_submitted_at = models.DateTimeField(null=True, blank=True)
    contacted_at = models.DateTimeField(null=True, blank=True)
    possible_duplicate_of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="possible_duplicates"
    )
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged_leads"
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="lead_created"),
            models.Index(fields=["email"], name="lead_email"),
            models.Index(fields=["phone"], name="lead_phone"),
            models.Index(fields=["status", "-created_at"], name="lead_status"),
            models.Index(fields=["-created_at"], name="lead_test", condition=Q(is_test=True)),
        ]

    def __str__(self) -> str:
        return f"{self.person_name} (test)" if self.is_test else self.person_name

    @property
    def person_name(self) -> str:
        """What the person is called, without the word that it is a test."""
        return self.full_name or self.email or self.phone or "Unnamed lead"


class LeadIdentity(models.Model):
    """A key by which a person is known again. At most one lead holds an exclusive one (I4)."""

    class Kind(models.TextChoices):
        EMAIL = "email", "E-mail"
        EMAIL_CANONICAL = "email_canonical", "E-mail without dots and tags"
        PHONE = "phone", "Phone"
        REVIEW_BLOCK = "review_block", "Looks alike"

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="identities")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    value = models.CharField(max_length=320)
    exclusive = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "lead identities"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "value"], condition=Q(exclusive=True), name="exclusive_identity"
            ),
            models.UniqueConstraint(fields=["lead", "kind", "value"], name="identity_once_per_lead"),
        ]
        indexes = [models.Index(fields=["kind", "value"], name="identity_value")]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


class LeadChange(models.Model):
    """Tells the layers above that a lead has changed: they claim the row, act and delete it (rule 1)."""

    lead = models.OneToOneField(Lead, primary_key=True, on_delete=models.CASCADE, related_name="+")
    version = models.PositiveIntegerField()
    changed_at = models.DateTimeField()
    source = models.CharField(max_length=60, blank=True)

    def __str__(self) -> str:
        return f"{self.lead_id} v{self.version}"


class LeadMerge(models.Model):
    """What a merge did, field by field, so that it can be undone."""

    winner = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="+")
    loser = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    actor = models.CharField(max_length=200)
    reason = models.CharField(max_length=300, blank=True)
    before = models.JSONField(default=dict)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.loser} into {self.winner}"
