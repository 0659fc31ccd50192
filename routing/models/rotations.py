"""Who is next, and the ledger that proves it is fair (I8)."""

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from routing.engine.rotation_state import LEADS, MAX_LEADS_AHEAD
from routing.models.owners import Owner, Queue, Team


class Rotation(models.Model):
    class SpecialistLeads(models.TextChoices):
        COUNT = "count", "Count like any other lead"
        EXTRA = "extra", "Come on top"

    class CalendarPolicy(models.TextChoices):
        ON_DUTY_FIRST = "on_duty_first", "On-duty members first"
        ON_DUTY_ONLY = "on_duty_only", "On-duty members only"
        IGNORE = "ignore", "Calendars do not matter"

    class WhenEmpty(models.TextChoices):
        FALLBACK = "fallback", "Send to the fallback queue"
        HOLD = "hold", "Wait in this rotation's line until somebody is on duty"
        ASSIGN_ANYWAY = "assign_anyway", "Assign anyway (ignores caps, never absence)"
        ROTATION = "rotation", "Try another rotation"
        QUEUE = "queue", "Send to a queue"

    name = models.CharField(max_length=120, unique=True)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="rotations")
    calendar_policy = models.CharField(
        max_length=16, choices=CalendarPolicy.choices, default=CalendarPolicy.ON_DUTY_FIRST
    )
    overflow_to_off_duty = models.BooleanField(
        default=False, help_text="When every on-duty member is at a cap, try the off-duty ones."
    )
    when_empty = models.CharField(
        "when nobody can be picked", max_length=16, choices=WhenEmpty.choices, default=WhenEmpty.FALLBACK
    )
    when_empty_rotation = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="overflow_from"
    )
    when_empty_queue = models.ForeignKey(
        Queue, null=True, blank=True, on_delete=models.PROTECT, related_name="overflow_from"
    )
    holding_queue = models.OneToOneField(
        Queue, null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="line_of"
    )
    required_skills = models.JSONField(default=list, blank=True)
    specialist_leads = models.CharField(
        "leads that only some can take",
        max_length=8,
        choices=SpecialistLeads.choices,
        default=SpecialistLeads.COUNT,
    )
    max_leads_ahead = models.PositiveSmallIntegerField("most leads ahead", default=MAX_LEADS_AHEAD)
    last_turn = models.BigIntegerField(default=0, editable=False)
    active = models.BooleanField(default=True)
    history = HistoricalRecords(excluded_fields=["last_turn"])

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class RotationMember(models.Model):
    """`credit` is what is due minus what was got, in units of `routing.engine.rotation_state.LEAD`; it waits while the member
    is away or not active. Over all members of a rotation it sums to 0.
    """

    rotation = models.ForeignKey(Rotation, on_delete=models.CASCADE, related_name="members")
    owner = models.ForeignKey(Owner, on_delete=models.PROTECT, related_name="memberships")
    weight = models.DecimalField(max_digits=6, decimal_places=2, default=1)
    credit = models.BigIntegerField(default=0, editable=False)
    last_turn = models.BigIntegerField(default=0, editable=False)
    active = models.BooleanField(default=True)
    history = HistoricalRecords(excluded_fields=["credit", "last_turn"])

    class Meta:
        ordering = ["rotation", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["rotation", "owner"],
                name="member_once",
                violation_error_message="This owner is a member already.",
            ),
            models.CheckConstraint(
                condition=Q(weight__gt=0),
                name="weight_positive",
                violation_error_message="A weight is more than 0.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.owner} in {self.rotation}"


class RotationTurn(models.Model):
    """Ledger: one row per pick, give-back or spread of a removed member's credit.

    `rows` is [{"owner_id", "weight", "before", "after", "qualified", "part", "moved"}], one per member whose credit the turn
    could change, as `routing.engine.rotation_state.TurnRow` says; `format` is how its credits are counted. `left_out` is
    [{"owner_id", "name", "why", "reason"}].
    """

    class Kind(models.TextChoices):
        PICK = "pick", "Pick"
        GIVE_BACK = "give_back", "Give-back"
        SPREAD = "spread", "Credit of a removed member spread"

    rotation = models.ForeignKey(Rotation, on_delete=models.CASCADE, related_name="turns")
    number = models.BigIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.PICK)
    at = models.DateTimeField()
    owner = models.ForeignKey(Owner, on_delete=models.PROTECT, related_name="+")
    lead = models.ForeignKey("intake.Lead", null=True, on_delete=models.SET_NULL, related_name="+")
    picked_last_turn = models.BigIntegerField(default=0)
    format = models.PositiveSmallIntegerField(default=LEADS)
    rows = models.JSONField(default=list)
    left_out = models.JSONField(default=list)
    reverses = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="reversed_by"
    )

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["rotation", "number"], name="turn_number_once")]
        indexes = [
            models.Index(fields=["lead"], name="turn_lead"),
            models.Index(fields=["at"], name="turn_age"),
        ]

    def __str__(self) -> str:
        return f"{self.rotation} turn {self.number}"
