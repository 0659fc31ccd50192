"""A CRM that we write to, and how its fields and people correspond to ours."""

from urllib.parse import quote, urlsplit

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from crm_sync.connection_settings import BornThere, Messages, Ownership, SystemOfRecord, TaskRule
from crm_sync.connectors import connector_class, default_kind, label_of_kind
from crm_sync.connectors.records import RemoteKind
from plumbing.json_shapes import ShapedJSONField
from plumbing.stored_secrets import SecretField


class CrmConnection(models.Model):
    """One CRM account. `kind` is a key of CONNECTORS: which there are is known there, and not in a list of choices here."""

    class Health(models.TextChoices):
        OK = "ok", "In step"
        DOWN = "down", "Not answering"
        AUTH_LOST = "auth_lost", "Not let in"

    class Mode(models.TextChoices):
        OBSERVE = "observe", "Observe: it is read, and nothing is written there"
        TEST = "test", "Test: only test leads are written there"
        LIVE = "live", "Live"

    class KnownOwner(models.TextChoices):
        KEEP = "keep", "Keep the owner there"
        ROUTE_ANEW = "route_anew", "Route anew when the owner is inactive or the status is recycled"

    class OnDuplicate(models.TextChoices):
        LINK = "link", "Link the lead to the record that has its e-mail address, else ask a person"
        SAVE_ANYWAY = "save_anyway", "Save a record of its own, else ask a person"
        ASK = "ask", "Ask a person"

    key = models.CharField(
        max_length=64,
        unique=True,
        validators=[RegexValidator(r"^[a-z0-9][a-z0-9_-]*$", "Use lower-case letters, digits, - and _.")],
    )
    kind = models.CharField(max_length=12, default=default_kind)
    primary = models.BooleanField(default=False, help_text="Notices wait until this one shows the owner.")
    base_url = models.URLField(blank=True, help_text="Empty: the CRM's own address.")
    api_version = models.CharField(max_length=20, blank=True, help_text="Empty: the newest that is tested.")
    client_id = models.CharField(
        "client id",
        max_length=300,
        blank=True,
        default="",
        db_default="",
        help_text="Where the CRM gives one.",
    )
    username = models.CharField(
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text="As whom we work there, where that is not said by the token.",
    )
    token = SecretField(blank=True, help_text="Access token, stored encrypted.")
    token_env = models.CharField(
        max_length=100, blank=True, help_text="Or: the environment variable that holds it."
    )
    webhook_secret = SecretField(
        blank=True, help_text="Client secret for webhook signatures, stored encrypted."
    )
    webhook_secret_env = models.CharField(max_length=100, blank=True)
    system_of_record = ShapedJSONField(shape=SystemOfRecord, blank=True)
    task = ShapedJSONField("follow-up task", shape=TaskRule, blank=True)
    ownership = ShapedJSONField(shape=Ownership, blank=True, db_default={})
    mode = models.CharField(max_length=10, choices=Mode.choices, default=Mode.LIVE, db_default=Mode.LIVE)
    # Conditions as in rules: which leads belong there. Empty: all.
    when = models.JSONField(default=dict, db_default={}, blank=True)
    known_owner = models.CharField(
        max_length=12, choices=KnownOwner.choices, default=KnownOwner.KEEP, db_default=KnownOwner.KEEP
    )
    # A rule of the CRM says that a lead is there already (`crm_sync.outbound.alike_records`).
    on_duplicate = models.CharField(
        max_length=12, choices=OnDuplicate.choices, default=OnDuplicate.LINK, db_default=OnDuplicate.LINK
    )
    # Lead statuses as the CRM calls them.
    recycled = models.JSONField(default=list, db_default=[], blank=True)
    # By kind of message, where a connector tells: whether it is told, and how.
    messages = ShapedJSONField(shape=Messages, blank=True, db_default={})
    born_there = ShapedJSONField("contacts made there", shape=BornThere, blank=True, db_default={})
    poll_seconds = models.PositiveIntegerField(
        default=30, db_default=30, validators=[MinValueValidator(5), MaxValueValidator(86_400)]
    )
    look_up_ms = models.PositiveIntegerField(
        default=400, db_default=400, validators=[MaxValueValidator(5000)]
    )
    active = models.BooleanField(default=True)

    health = models.CharField(max_length=10, choices=Health.choices, default=Health.OK, editable=False)
    last_ok_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_error = models.TextField(blank=True, editable=False)
    last_error_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Nothing is sent before this instant: circuit open, or the CRM asked us to wait.
    not_before = models.DateTimeField(null=True, blank=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)
    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    budget = models.JSONField(default=dict, blank=True, editable=False)
    prepared_at = models.DateTimeField(null=True, blank=True, editable=False)
    owners_read_at = models.DateTimeField(null=True, blank=True, editable=False)
    # What the CRM is shown to hear whether its properties have changed, and when they were last read whole.
    schema_stamp = models.CharField(max_length=300, blank=True, default="", db_default="", editable=False)
    schema_read_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Events that came with the right secret and were not taken; the words of the last.
    events_refused = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    events_refused_at = models.DateTimeField(null=True, blank=True, editable=False)
    events_refused_why = models.CharField(
        max_length=300, blank=True, default="", db_default="", editable=False
    )
    # Where people look at a contact there, with {id} for its number; "" until it is known. Other kinds follow from it.
    record_address = models.CharField(max_length=300, blank=True, default="", db_default="", editable=False)
    history = HistoricalRecords(
        excluded_fields=[
            "token", "webhook_secret", "health", "last_ok_at", "last_error", "last_error_at", "not_before", "failures",
            "lease_token", "lease_until", "budget", "prepared_at", "owners_read_at", "record_address",
            "events_refused", "events_refused_at", "events_refused_why", "schema_stamp", "schema_read_at",
        ]
    )  # fmt: skip

    class Meta:
        ordering = ["key"]
        verbose_name = "CRM connection"
        constraints = [
            models.UniqueConstraint(
                fields=["primary"],
                condition=Q(primary=True),
                name="one_primary_connection",
                violation_error_message="Another connection is the primary one already.",
            )
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def writes(self) -> bool:
        """Whether anything may be written there; which leads, `writes_lead` says."""
        return self.active and self.mode != self.Mode.OBSERVE

    def writes_lead(self, *, is_test: bool) -> bool:
        """Whether such a lead may be written there."""
        return self.active and (self.mode == self.Mode.LIVE or (self.mode == self.Mode.TEST and is_test))

    def why_not_written(self, *, is_test: bool) -> str:
        """What stands in the way of writing such a lead, and what to do; "" for nothing."""
        if not self.active:
            return "The connection is switched off: switch it on first."
        if self.writes_lead(is_test=is_test):
            return ""
        if self.mode == self.Mode.TEST:
            return f"{self} takes test leads only: go live with it first, or mark the lead as test."
        return f"{self} is only observed: go live with it first."

    @property
    def crm_name(self) -> str:
        """What people call the CRM."""
        return label_of_kind(self.kind)

    def page_of(self, remote_id: str, kind: RemoteKind = "contacts") -> str:
        """The address of a record's page in the CRM; "" where nobody knows it."""
        found = connector_class(self.kind)
        if not remote_id or not self.record_address or found is None:
            return ""
        address = found.record_address_of(kind, self.record_address).replace(
            "{id}", quote(remote_id, safe="")
        )
        return address if urlsplit(address).scheme in ("http", "https") else ""

    @property
    def address(self) -> str:
        """Where the CRM is called; "" where neither the connection nor its connector knows."""
        found = connector_class(self.kind)
        return self.base_url or (found.default_address if found else "")


class FieldMapping(models.Model):
    """canonical -> CRM property. `values` translates canonical values to the property's options.

    Several lines may fill one property, if each says the same about how: see `crm_sync.outbound.combining`.
    """

    class Mode(models.TextChoices):
        OVERWRITE = "overwrite", "Always write"
        IF_EMPTY = "if_empty", "Only if empty there"
        IF_NEW = "if_new", "Only when the record is created"
        APPEND = "append", "Add to what is there"

    class Combine(models.TextChoices):
        ALONE = "", "Alone"
        FIRST = "first", "The first that is not empty"
        JOIN = "join", "Joined"

    class Transform(models.TextChoices):
        AS_IT_IS = "", "As it is"
        DAY = "day", "The day of a moment"

    connection = models.ForeignKey(CrmConnection, on_delete=models.CASCADE, related_name="mappings")
    canonical = models.CharField("our field", max_length=60)
    property = models.CharField("CRM property", max_length=120)
    mode = models.CharField(max_length=10, choices=Mode.choices, default=Mode.OVERWRITE)
    values = models.JSONField(default=dict, blank=True)
    combine = models.CharField(
        "with other lines of the property",
        max_length=10,
        choices=Combine.choices,
        blank=True,
        default=Combine.ALONE,
        db_default="",
    )
    # Between joined values.
    separator = models.CharField(max_length=10, blank=True, default="", db_default="")
    transform = models.CharField(
        max_length=10, choices=Transform.choices, blank=True, default=Transform.AS_IT_IS, db_default=""
    )
    # What stands there for a lead that has no value; never written over what is there.
    default = models.CharField("if the lead has none", max_length=255, blank=True, default="", db_default="")
    # IANA name of the zone whose day it is; empty: UTC.
    zone = models.CharField(max_length=60, blank=True, default="", db_default="")
    position = models.PositiveIntegerField(default=0)
    active = models.BooleanField(default=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ["connection", "position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "canonical", "property"],
                name="mapping_line_once",
                violation_error_message="This field goes to this property already, by another line.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.canonical} → {self.property}"


class OwnerLink(models.Model):
    """An owner as the CRM knows them: `remote_id` goes into records, `email` is how we find ours."""

    connection = models.ForeignKey(CrmConnection, on_delete=models.CASCADE, related_name="owner_links")
    email = models.EmailField()
    remote_id = models.CharField(max_length=254)
    # As whom the CRM names them when they change something; never written into a record.
    user_id = models.CharField(max_length=254, blank=True)
    name = models.CharField(max_length=200, blank=True)
    archived = models.BooleanField(default=False)
    seen_at = models.DateTimeField()

    class Meta:
        verbose_name = "CRM owner"
        ordering = ["connection", "email"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "remote_id"], name="owner_link_once"),
        ]
        indexes = [models.Index(fields=["connection", "email"], name="owner_link_email")]

    def __str__(self) -> str:
        return f"{self.email} = {self.remote_id}"
