from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from exception_queue import kinds
from exception_queue.models.items import ExceptionItem
from plumbing import notify
from plumbing.notify_addresses import AddressesField


class AlertRule(models.Model):
    """Who hears of which exceptions, and how often."""

    class Severity(models.TextChoices):
        HIGH = "high", "High"
        MEDIUM = "medium", "Medium and high"
        LOW = "low", "All"

    name = models.CharField(max_length=100, unique=True)
    kinds = ArrayField(
        models.CharField(max_length=100),
        blank=True,
        default=list,
        help_text="Exception kinds; empty means all kinds.",
    )
    min_severity = models.CharField(max_length=10, choices=Severity, default=Severity.LOW)
    notify = AddressesField(
        default=list,
        help_text="mailto: addresses, env:NAME, or Apprise addresses (slack://, msteams://, ...), which are stored encrypted.",
    )
    threshold = models.PositiveIntegerField(
        default=1, help_text="Tell when so many exceptions are open that nobody was told of."
    )
    window_minutes = models.PositiveIntegerField(
        default=60,
        help_text="With a threshold above 1: only what was seen in the last so many minutes counts.",
    )
    quiet_minutes = models.PositiveIntegerField(default=15, help_text="Minutes of silence after an alert.")
    active = models.BooleanField(default=True)
    last_sent_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "alert rule"
        verbose_name_plural = "alerts"
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(threshold__gte=1), name="alert_rule_threshold"),
            models.CheckConstraint(condition=Q(window_minutes__gte=1), name="alert_rule_window"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        problems: dict[str, list[str]] = {}
        if not self.notify:
            problems["notify"] = ["Name at least one address."]
        for address in self.notify or ():
            try:
                notify.check_address(address)
            except notify.NotifyError as problem:
                problems.setdefault("notify", []).append(problem.message)
        known = {kind.key for kind in kinds.all_kinds()}
        if strangers := sorted(set(self.kinds or ()) - known):
            problems["kinds"] = [f"There is no exception kind “{key}”." for key in strangers]
        for name in ("threshold", "window_minutes"):
            if getattr(self, name) == 0:
                problems[name] = ["At least 1."]
        if problems:
            raise ValidationError(problems)

    @property
    def covered_kinds(self) -> list[str]:
        """Keys of the kinds that this rule tells about."""
        bad_enough = kinds.at_least(self.min_severity)
        return [key for key in bad_enough if not self.kinds or key in self.kinds]


class AlertNotice(models.Model):
    """One message that is due to the addresses of a rule. Sent by a sweep, never in a transaction."""

    class Status(models.TextChoices):
        PENDING = "pending", "To be sent"
        SENT = "sent", "Sent"
        FAILED = "failed", "Not delivered"

    rule = models.ForeignKey(AlertRule, on_delete=models.CASCADE, related_name="notices")
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    title = models.CharField(max_length=255)
    body = models.TextField()
    to = AddressesField(default=list, help_text="Addresses that still have to be told.")
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    claim_token = models.UUIDField(null=True, blank=True, editable=False)
    claimed_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "alert"
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(status="pending"), name="alert_notice_due"),
            models.Index(fields=["created_at"], name="alert_notice_age"),
            models.Index(
                fields=["claim_token"], condition=Q(claim_token__isnull=False), name="alert_notice_claimed"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class AlertMention(models.Model):
    """A rule has told, or is about to tell, of an item. Per item, not by a point in time: a transaction
    that opened an item may commit long after a sweep has passed the item's time.
    """

    rule = models.ForeignKey(AlertRule, on_delete=models.CASCADE, related_name="+")
    item = models.ForeignKey(ExceptionItem, on_delete=models.CASCADE, related_name="+")
    notice = models.ForeignKey(AlertNotice, on_delete=models.CASCADE, related_name="mentions")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "rule"], name="alert_mention_once")]

    def __str__(self) -> str:
        return f"{self.item_id} in {self.notice_id}"
