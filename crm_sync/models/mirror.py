"""What the CRM has of contacts, companies and deals: only what deciding needs. Written by `crm_sync.mirror.writing` alone.

All `*_id` columns are the CRM's ids as text, "" for none. `modified_at` is the CRM's; a row is never replaced by an older one.
`gone`: the record does not stand there any more.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from crm_sync.account_keys import keys_of
from crm_sync.models.connections import CrmConnection
from routing.models.account_keys import AccountKeysField

_ID = 60


class KnownContact(models.Model):
    """`emails`: lower-case, additional ones too. `lead_key`: our key on it, "" where it is not ours."""

    connection = models.ForeignKey(CrmConnection, on_delete=models.CASCADE, related_name="known_contacts")
    remote_id = models.CharField(max_length=_ID)
    emails = ArrayField(models.CharField(max_length=254), default=list)
    owner_id = models.CharField(max_length=_ID, blank=True)
    lifecycle = models.CharField(max_length=100, blank=True)
    lead_status = models.CharField(max_length=100, blank=True)
    account_id = models.CharField(max_length=_ID, blank=True)
    source = models.CharField(max_length=100, blank=True)
    lead_key = models.CharField(max_length=100, blank=True)
    made_at = models.DateTimeField(null=True, blank=True)
    modified_at = models.DateTimeField(null=True, blank=True)
    last_contacted_at = models.DateTimeField(null=True, blank=True)
    gone = models.BooleanField(default=False)

    class Meta:
        verbose_name = "contact there"
        verbose_name_plural = "contacts there"
        constraints = [models.UniqueConstraint(fields=["connection", "remote_id"], name="known_contact_once")]
        indexes = [
            GinIndex(fields=["emails"], name="known_contact_emails"),
            models.Index(fields=["connection", "account_id"], name="known_contact_account"),
            models.Index(
                fields=["connection", "made_at"],
                condition=Q(lead_key="", gone=False),
                name="known_contact_made",
            ),
        ]

    def __str__(self) -> str:
        return self.emails[0] if self.emails else f"Contact {self.remote_id}"


class Account(models.Model):
    """A company there. `domains`: lower-case and registrable. `folded_name`: `company_key` of the name. `match_keys`: what leads
    find it by (routing.engine.account_match)."""

    connection = models.ForeignKey(CrmConnection, on_delete=models.CASCADE, related_name="accounts")
    remote_id = models.CharField(max_length=_ID)
    name = models.CharField(max_length=300, blank=True)
    folded_name = models.CharField(max_length=300, blank=True)
    domains = ArrayField(models.CharField(max_length=253), default=list)
    parent_id = models.CharField(max_length=_ID, blank=True)
    owner_id = models.CharField(max_length=_ID, blank=True)
    lifecycle = models.CharField(max_length=100, blank=True)
    tier = models.CharField(max_length=100, blank=True)
    is_customer = models.BooleanField(default=False)
    country = models.CharField(max_length=100, blank=True)
    phone = models.CharField(max_length=60, blank=True)
    postal_code = models.CharField(max_length=30, blank=True)
    match_keys = AccountKeysField()
    modified_at = models.DateTimeField(null=True, blank=True)
    gone = models.BooleanField(default=False)

    class Meta:
        verbose_name = "account there"
        verbose_name_plural = "accounts there"
        constraints = [models.UniqueConstraint(fields=["connection", "remote_id"], name="account_once")]
        indexes = [
            # Read with every lead: nothing waits in a list that each search would have to read.
            GinIndex(fields=["match_keys"], name="account_match_keys", fastupdate=False),
        ]

    def __str__(self) -> str:
        return self.name or f"Account {self.remote_id}"

    def keys(self) -> list[str]:
        """What leads find it by."""
        return keys_of(
            name=self.name,
            domains=self.domains,
            remote_id=self.remote_id,
            country=self.country,
            phone=self.phone,
            postal_code=self.postal_code,
        )


class OpenDeal(models.Model):
    """A deal there, also one that was won or lost."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        WON = "won", "Won"
        LOST = "lost", "Lost"

    connection = models.ForeignKey(CrmConnection, on_delete=models.CASCADE, related_name="deals")
    remote_id = models.CharField(max_length=_ID)
    name = models.CharField(max_length=300, blank=True)
    pipeline = models.CharField(max_length=100, blank=True)
    stage = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=4, choices=State.choices, default=State.OPEN)
    owner_id = models.CharField(max_length=_ID, blank=True)
    contact_ids = ArrayField(models.CharField(max_length=_ID), default=list)
    account_id = models.CharField(max_length=_ID, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    modified_at = models.DateTimeField(null=True, blank=True)
    gone = models.BooleanField(default=False)

    class Meta:
        verbose_name = "deal there"
        verbose_name_plural = "deals there"
        constraints = [models.UniqueConstraint(fields=["connection", "remote_id"], name="deal_once")]
        indexes = [
            GinIndex(fields=["contact_ids"], name="deal_contacts"),
            models.Index(fields=["connection", "account_id"], name="deal_account"),
        ]

    def __str__(self) -> str:
        return self.name or f"Deal {self.remote_id}"


class MirrorProgress(models.Model):
    """How far the mirror of one kind of record is. The first load resumes at `after`; polling goes on from `changed_until`.

    `after` of a poll that has not come to its end: where it began, a blank, and the connector's own place.
    `polled_at`: when a poll came to its end; `asked_at`: when a page of this kind was read, or refused, last.
    `deleted_after`, `deleted_read_at`: the place and the end for what was deleted.
    """

    class Kind(models.TextChoices):
        CONTACTS = "contacts", "Contacts"
        COMPANIES = "companies", "Companies"
        DEALS = "deals", "Deals"

    connection = models.ForeignKey(CrmConnection, on_delete=models.CASCADE, related_name="mirror_progress")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    after = models.CharField(max_length=200, blank=True)
    read = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    loaded_at = models.DateTimeField(null=True, blank=True)
    changed_until = models.DateTimeField(null=True, blank=True)
    polled_at = models.DateTimeField(null=True, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True)
    deleted_after = models.CharField(max_length=200, blank=True, db_default="")
    deleted_read_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    claim_token = models.UUIDField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "mirror"
        verbose_name_plural = "mirrors"
        constraints = [models.UniqueConstraint(fields=["connection", "kind"], name="mirror_once")]
        indexes = [
            models.Index(fields=["claim_token"], condition=Q(claim_token__isnull=False), name="mirror_claim")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.connection}"
