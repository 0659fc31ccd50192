"""Rows of the project package itself: what the configuration was when text and database last said the same, how programs get
in, the backups that were made, and how far the removal of old rows has got."""

from datetime import datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models


class ConfigurationMark(models.Model):
    """One row. `configuration` is what export would have printed after the last apply or export."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    configuration = models.JSONField(encoder=DjangoJSONEncoder)
    at = models.DateTimeField()
    by = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"Configuration of {self.at:%Y-%m-%d %H:%M}"


class ApiToken(models.Model):
    """What a program shows to act as its user. Only a hash of it is kept: `leadops.access.tokens` makes and finds them."""

    class Scope(models.TextChoices):
        READ = "read", "Read"
        ACT = "act", "Act"
        SUBMIT = "submit", "Submit"
        ADMIN = "admin", "Operations"

    name = models.CharField(max_length=80)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    # SHA-256 in hex. Tokens are long and random, so a slow hash would protect nothing.
    digest = models.CharField(max_length=64, unique=True, editable=False)
    start = models.CharField(max_length=16, editable=False)
    scopes = ArrayField(models.CharField(max_length=10, choices=Scope.choices))
    created_at = models.DateTimeField(editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The token itself, on the row that has just been made for the page that shows it.
    shown_once = ""

    class Meta:
        verbose_name = "API token"
        verbose_name_plural = "API tokens"
        ordering = ["-created_at"]
        # Everybody has their own; a superuser sees all (leadops/console/tokens.py).
        default_permissions = ()
        permissions = [("view_operations", "Can see metrics, and what readiness says in detail")]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "name"],
                condition=models.Q(revoked_at__isnull=True),
                name="apitoken_name_once",
                violation_error_message="There is a token with this name: revoke it, or choose another name.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def is_valid(self, now: datetime) -> bool:
        """Not revoked, not expired. Whether its user may still come in is the caller's question."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class BackupRun(models.Model):
    """One backup: made, or not (`error`). `file` is where it was written, on the machine that `by` names."""

    started_at = models.DateTimeField(db_index=True)
    finished_at = models.DateTimeField()
    file = models.CharField(max_length=1000)
    bytes = models.BigIntegerField(default=0)
    error = models.CharField(max_length=1000, blank=True)
    # Of a failed one: when the sweep tries again.
    next_try_at = models.DateTimeField(null=True, blank=True)
    by = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"Backup of {self.started_at:%Y-%m-%d %H:%M}"


class RetentionMark(models.Model):
    """How far the removal of one kind of old rows has got: `complete_at` is when nothing more was left."""

    key = models.CharField(max_length=40, primary_key=True)
    last_at = models.DateTimeField()
    next_at = models.DateTimeField()
    complete_at = models.DateTimeField(null=True, blank=True)
    removed = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.key}: {self.removed} removed"


class SignOnIdentity(models.Model):
    """Whom a provider of single sign-on means by a subject. Addresses and names change; these two do not."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    issuer = models.CharField(max_length=255)
    subject = models.CharField(max_length=255)
    created_at = models.DateTimeField()
    signed_in_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="sign_on_subject_once"),
            models.UniqueConstraint(fields=["issuer", "user"], name="sign_on_user_once"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} at {self.issuer}"
