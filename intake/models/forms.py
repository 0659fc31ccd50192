"""Where submissions come from, and what the words in them mean."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from simple_history.models import HistoricalRecords

from intake.form_settings import ConfirmationEmail, ThrottleLimits, VelocityLimits
from plumbing.json_shapes import ShapedJSONField
from plumbing.stored_secrets import SecretField


class IntakeForm(models.Model):
    """One form or webhook that people reach us through.

    `field_map` is source -> canonical; a source is a plain name, a label or a path (`data.fields[label=Email].value`).
    `throttle` is {"per_form": n, "per_ip": n} per minute; `velocity` is {"per_ip": n, "per_email": n} per hour, for spam, off
    unless set.
    """

    class Kind(models.TextChoices):
        PUBLIC = "public", "Public form (browser)"
        WEBHOOK = "webhook", "Webhook (server to server)"
        # Nobody posts to it: crm_sync fills it.
        CRM = "crm", "Contacts made in a CRM"

    class Purpose(models.TextChoices):
        SALES = "sales", "Sales"
        CONTENT = "content", "Content"
        SUPPORT = "support", "Support"
        PARTNER = "partner", "Partner"

    class OnInvalid(models.TextChoices):
        REJECT = "reject", "Refuse it (422 to the website's developer)"
        HOLD = "hold", "Take it and hold it for ops"

    class SuccessStatus(models.IntegerChoices):
        ACCEPTED = 202, "202 Accepted"
        OK = 200, "200 OK (Elementor needs it)"
        SEE_OTHER = 303, "303 redirect to the thank-you page"

    key = models.CharField(
        max_length=64,
        unique=True,
        validators=[RegexValidator(r"^[a-z0-9][a-z0-9_-]*$", "Use lower-case letters, digits, - and _.")],
        help_text="Stands in the address that the form posts to.",
    )
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.PUBLIC)
    purpose = models.CharField(max_length=10, choices=Purpose.choices, default=Purpose.SALES)
    vendor = models.CharField(
        max_length=30, default="generic", help_text="How the body is shaped and signed."
    )
    active = models.BooleanField(default=True)
    secret = SecretField(blank=True, help_text="Signing secret, stored encrypted.")
    secret_env = models.CharField(
        max_length=100, blank=True, help_text="Or: the environment variable that holds the signing secret."
    )
    token = SecretField(blank=True, help_text="Bearer token for servers, stored encrypted.")
    allowed_origins = models.JSONField(default=list, blank=True)
    required = models.JSONField(default=list, blank=True, help_text="Canonical fields that must be there.")
    on_invalid = models.CharField(max_length=10, choices=OnInvalid.choices, default=OnInvalid.HOLD)
    honeypot = models.CharField(
        max_length=100, blank=True, help_text="A field that people never see, so only bots fill it."
    )
    defaults = models.JSONField(
        default=dict, blank=True, help_text="Canonical values where the form says nothing."
    )
    field_map = models.JSONField(default=dict, blank=True)
    throttle = ShapedJSONField(shape=ThrottleLimits, blank=True)
    velocity = ShapedJSONField(shape=VelocityLimits, blank=True)
    success_status = models.PositiveSmallIntegerField(
        choices=SuccessStatus.choices, default=SuccessStatus.ACCEPTED
    )
    thank_you_url = models.URLField(blank=True)
    confirmation_email = ShapedJSONField(shape=ConfirmationEmail, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    history = HistoricalRecords(excluded_fields=["secret", "token"])

    class Meta:
        ordering = ["name"]
        verbose_name = "form"

    def __str__(self) -> str:
        return self.name


class ValueAlias(models.Model):
    """A word that people type, and the canonical value it stands for. Compared without case and outer spaces."""

    field = models.CharField(max_length=50)
    raw = models.CharField(max_length=200)
    canonical = models.CharField(max_length=200)
    active = models.BooleanField(default=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ["field", "raw"]
        verbose_name = "value alias"
        verbose_name_plural = "value aliases"
        constraints = [models.UniqueConstraint("field", Lower("raw"), name="alias_once")]

    def __str__(self) -> str:
        return f"{self.field}: {self.raw} → {self.canonical}"


class TestAddress(models.Model):
    """Who writes from it only tries things out (`intake.test_addresses`): an address, `@domain`, or a pattern with `*`."""

    pattern = models.CharField("address", max_length=254, unique=True)
    active = models.BooleanField(default=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ["pattern"]
        verbose_name = "test address"
        verbose_name_plural = "test addresses"

    def __str__(self) -> str:
        return self.pattern


class BlockedSender(models.Model):
    """An address, domain or network whose submissions are spam."""

    class Kind(models.TextChoices):
        EMAIL = "email", "E-mail address"
        DOMAIN = "domain", "Domain"
        IP = "ip", "Address or network"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    value = models.CharField(max_length=255)
    reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ["kind", "value"]
        constraints = [models.UniqueConstraint(fields=["kind", "value"], name="blocked_once")]

    def __str__(self) -> str:
        return f"{self.value}"
