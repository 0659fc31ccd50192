from collections.abc import Iterable

from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property

from exception_queue import kinds
from exception_queue.pages import Pages, pages_of


class ExceptionItem(models.Model):
    """Something that needs a person: at most one open or snoozed item per kind and subject (I7).

    A subject is a type word, id and label: this layer knows no table of the layers above. Written by
    `exception_queue.queue` only.
    """

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        SNOOZED = "snoozed", "Snoozed"
        RESOLVED = "resolved", "Resolved"
        DISMISSED = "dismissed", "Dismissed"

    UNRESOLVED = (Status.OPEN.value, Status.SNOOZED.value)

    kind = models.CharField(max_length=100)
    subject_type = models.CharField(max_length=50)
    subject_id = models.CharField(max_length=200)
    subject_label = models.CharField(max_length=255)
    cause = models.TextField(help_text="In words for people.")
    cause_key = models.CharField(max_length=32, help_text="Items of a kind with the same key share a cause.")
    detail = models.JSONField(default=dict, blank=True)
    owner_hint = models.CharField(max_length=255, blank=True, help_text="Who would probably know.")

    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    count = models.PositiveIntegerField(default=1, help_text="How often it happened.")
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    claimed_by = models.CharField(max_length=255, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    # Somebody has it tried again, and the answer is still to come. `retried_cause_key` is the cause before.
    retried_at = models.DateTimeField(null=True, blank=True)
    retried_by = models.CharField(max_length=255, blank=True)
    retried_cause_key = models.CharField(max_length=32, blank=True, editable=False)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    snoozed_at_count = models.PositiveIntegerField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.CharField(max_length=255, blank=True)
    resolution = models.TextField(blank=True)

    class Meta:
        verbose_name = "exception"
        ordering = ["-last_seen_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject_type", "subject_id"],
                condition=Q(status__in=["open", "snoozed"]),
                name="exception_one_open_per_subject",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["open", "snoozed", "resolved", "dismissed"]), name="exception_status"
            ),
            models.CheckConstraint(
                condition=~Q(status="snoozed")
                | Q(snoozed_until__isnull=False, snoozed_at_count__isnull=False),
                name="exception_snoozed_has_an_end",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["open", "snoozed"]) | Q(resolved_at__isnull=False),
                name="exception_settled_has_a_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["kind", "cause_key", "last_seen_at"],
                condition=Q(status__in=["open", "snoozed"]),
                name="exception_open_by_cause",
            ),
            models.Index(
                fields=["-last_seen_at"],
                condition=Q(status__in=["open", "snoozed"]),
                name="exception_open_newest",
            ),
            models.Index(fields=["snoozed_until"], condition=Q(status="snoozed"), name="exception_asleep"),
            models.Index(fields=["subject_type", "subject_id"], name="exception_by_subject"),
            models.Index(
                fields=["resolved_at"],
                condition=Q(status__in=["resolved", "dismissed"]),
                name="exception_settled_age",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.described_kind.title}: {self.subject_label}"

    @property
    def described_kind(self) -> kinds.ExceptionKind:
        return kinds.described(self.kind)

    @cached_property
    def pages(self) -> Pages:
        """Asked for many items at once by `load_pages`."""
        return pages_of([self])[0]

    @property
    def subject_url(self) -> str:
        """The page of what it is about, "" where there is none."""
        return self.pages.subject

    @property
    def can_retry(self) -> bool:
        return self.described_kind.retry is not None and self.status in self.UNRESOLVED

    @property
    def action_url(self) -> str:
        """Where the cause is fixed, "" where the kind names no place."""
        kind = self.described_kind
        return self.subject_url if kind.action_page == kinds.SUBJECT_PAGE else kind.action_url


def load_pages(items: Iterable[ExceptionItem]) -> None:
    """Look up the pages of these items together."""
    listed = list(items)
    for item, found in zip(listed, pages_of(listed), strict=True):
        item.pages = found


class ExceptionNote(models.Model):
    """What was done about an item, by whom. Append-only: nothing updates or deletes a note."""

    class Verb(models.TextChoices):
        OPENED = "opened", "Opened"
        CLAIMED = "claimed", "Claimed"
        RELEASED = "released", "Released"
        RETRIED = "retried", "Retried"
        FAILED_AGAIN = "failed_again", "Failed again"
        REFUSED = "refused", "Retry refused"
        RESOLVED = "resolved", "Resolved"
        DISMISSED = "dismissed", "Dismissed"
        SNOOZED = "snoozed", "Snoozed"
        WOKEN = "woken", "Woken"
        CLOSED = "closed", "Closed by itself"

    item = models.ForeignKey(ExceptionItem, on_delete=models.CASCADE, related_name="notes")
    at = models.DateTimeField()
    actor = models.CharField(max_length=255)
    verb = models.CharField(max_length=20, choices=Verb)
    text = models.TextField(blank=True)

    class Meta:
        verbose_name = "exception note"
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.get_verb_display()} by {self.actor}"
