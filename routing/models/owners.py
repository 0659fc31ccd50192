"""Who can answer, and when they are there."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from simple_history.models import HistoricalRecords

from plumbing.notify_addresses import AddressesField


class WorkCalendar(models.Model):
    """Opening hours.

    `hours` is {"mon-fri": ["09:00-17:30"]}; `holidays` is {"country": "US", "subdivision": "NY"};
    `days` is [{"date": "2026-12-24", "hours": ["09:00-12:00"]}], hours [] meaning closed.
    """

    name = models.CharField(max_length=120, unique=True)
    timezone = models.CharField(max_length=60, default="UTC")
    hours = models.JSONField(default=dict)
    holidays = models.JSONField(default=dict, blank=True)
    days = models.JSONField(default=list, blank=True)
    active = models.BooleanField(default=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "calendar"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Team(models.Model):
    """`notify` holds addresses: mailto:... is e-mail, env:NAME the address in a variable, anything with :// an Apprise URL,
    which is stored encrypted."""

    name = models.CharField(max_length=120, unique=True)
    manager = models.ForeignKey(
        "Owner", null=True, blank=True, on_delete=models.SET_NULL, related_name="manages"
    )
    calendar = models.ForeignKey(
        WorkCalendar, null=True, blank=True, on_delete=models.PROTECT, related_name="teams"
    )
    notify = AddressesField(default=list, blank=True)
    active = models.BooleanField(default=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]
        permissions = [("all_teams", "Can see everybody's leads and teams")]

    def __str__(self) -> str:
        return self.name


class Owner(models.Model):
    """A person who can own leads. Caps count automatic assignments over all rotations, in the owner's own zone."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="owners")
    calendar = models.ForeignKey(
        WorkCalendar,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="owners",
        help_text="Empty: the team's calendar.",
    )
    skills = models.JSONField(default=list, blank=True)
    daily_cap = models.PositiveIntegerField(
        null=True, blank=True, help_text="Automatic assignments per local day."
    )
    weekly_cap = models.PositiveIntegerField(
        null=True, blank=True, help_text="Automatic assignments per local week."
    )
    load_cap = models.PositiveIntegerField(null=True, blank=True, help_text="Open leads at the same time.")
    # One step only: whoever takes leads for somebody is not asked for an SDR of their own.
    sdr = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="takes_leads_for",
        verbose_name="SDR",
        help_text="Takes the new leads of this owner's accounts. Empty: they take them themselves.",
    )
    active = models.BooleanField(default=True)
    # Somebody outside says that they are gone: since when, and how that is said after "is". They may come back.
    unavailable_since = models.DateTimeField(null=True, blank=True, editable=False)
    unavailable_because = models.CharField(
        max_length=200, blank=True, default="", db_default="", editable=False
    )
    # From when open leads have to move away from somebody who was switched off or is unavailable, and who did that.
    leads_leave_at = models.DateTimeField(null=True, blank=True, editable=False)
    leads_leave_by = models.CharField(max_length=200, blank=True, editable=False)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    history = HistoricalRecords(excluded_fields=["leads_leave_at", "leads_leave_by"])

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("email"), name="owner_email_once")]
        indexes = [
            models.Index(
                fields=["leads_leave_at"], condition=Q(leads_leave_at__isnull=False), name="owner_leads_leave"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def available(self) -> bool:
        """Whether they can be given leads at all; whether they are there today is another question."""
        return self.active and self.unavailable_since is None

    @property
    def unavailable_text(self) -> str:
        """Why not, after a name: "is not active"."""
        return (
            f"is {self.unavailable_because}" if self.active and self.unavailable_because else "is not active"
        )


class Absence(models.Model):
    """Both dates inclusive, in the owner's zone."""

    owner = models.ForeignKey(Owner, on_delete=models.CASCADE, related_name="absences")
    starts_on = models.DateField("first day")
    ends_on = models.DateField("last day")
    reason = models.CharField(max_length=120, blank=True)
    backup = models.ForeignKey(
        Owner, null=True, blank=True, on_delete=models.SET_NULL, related_name="backs_up"
    )
    active = models.BooleanField(default=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ["-starts_on"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="absence_ends_after_start",
                violation_error_message="The last day cannot be before the first day.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.owner}, {self.starts_on} to {self.ends_on}"


class Queue(models.Model):
    """A place where leads wait for a person. Exactly one active queue is the fallback."""

    name = models.CharField(max_length=120, unique=True)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="queues")
    crm_owner = models.ForeignKey(
        Owner,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="shown_for_queues",
        help_text="Who the CRM shows as owner of leads in this queue. Empty: nobody.",
    )
    fallback = models.BooleanField(default=False, help_text="Gets whatever no rule matched, with an alert.")
    customers = models.BooleanField(
        "for customers",
        default=False,
        db_default=False,
        help_text="Gets leads of customers whose account has no owner here.",
    )
    holding_queue = models.BooleanField(default=False, editable=False)
    active = models.BooleanField(default=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["fallback"],
                condition=Q(fallback=True),
                name="one_fallback_queue",
                violation_error_message="Another queue is the fallback already. Clear it there first.",
            ),
            models.UniqueConstraint(
                fields=["customers"],
                condition=Q(customers=True),
                name="one_customer_queue",
                violation_error_message="Another queue is for customers already. Clear it there first.",
            ),
        ]

    def __str__(self) -> str:
        return self.name
