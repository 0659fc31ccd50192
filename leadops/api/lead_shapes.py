"""The shapes of lead answers, for the OpenAPI document."""

from typing import Any

from rest_framework import serializers

from intake.canonical import CANONICAL_FIELDS, CanonicalField, Kind
from intake.models import Lead, LeadIdentity
from leadops.api.documents import AnyObject, Field, shape
from routing.engine.scoring import SEGMENTS
from routing.models import Assignment

_KINDS: dict[Kind, type[Any]] = {
    "integer": serializers.IntegerField,
    "boolean": serializers.BooleanField,
    "datetime": serializers.DateTimeField,
}


def _canonical(spec: CanonicalField) -> Field:
    field: Field = _KINDS.get(spec.kind, serializers.CharField)(allow_null=True, help_text=spec.label)
    return field


IDENTITY = shape(
    "LeadIdentity",
    {
        "kind": serializers.ChoiceField(
            [kind for kind in LeadIdentity.Kind.choices if kind[0] != LeadIdentity.Kind.REVIEW_BLOCK]
        ),
        "value": serializers.CharField(),
    },
)

REASON = shape("ScoreReason", {"label": serializers.CharField(), "points": serializers.IntegerField()})

SCORE = shape(
    "LeadScore",
    {
        "points": serializers.IntegerField(),
        "segment": serializers.ChoiceField(SEGMENTS),
        "reasons": REASON(many=True),
    },
)

OWNER = shape("LeadOwner", {"email": serializers.EmailField(), "name": serializers.CharField()})

HOLDER: dict[str, Field] = {
    "owner": OWNER(allow_null=True),
    "queue": serializers.CharField(allow_null=True, help_text="The queue's name; null with an owner."),
    "reason": serializers.CharField(help_text="In words for people."),
    "rule": serializers.CharField(allow_null=True, help_text="The matched rule's name."),
    "ruleset_version": serializers.IntegerField(allow_null=True),
}

ASSIGNMENT = shape("LeadAssignment", {**HOLDER, "assigned_at": serializers.DateTimeField()})

SLA = shape(
    "LeadSla",
    {
        "policy": serializers.CharField(),
        "due_at": serializers.DateTimeField(),
        "met_at": serializers.DateTimeField(allow_null=True),
        "breached_at": serializers.DateTimeField(allow_null=True),
    },
)

IN_CRM = shape(
    "LeadInCrm",
    {
        "connection": serializers.CharField(),
        "remote_id": serializers.CharField(allow_null=True),
        "pushed_version": serializers.IntegerField(allow_null=True),
        "in_sync": serializers.BooleanField(help_text="The CRM shows the newest version, owner and score."),
    },
)

LEAD = shape(
    "Lead",
    {
        "id": serializers.UUIDField(),
        "version": serializers.IntegerField(),
        "status": serializers.ChoiceField(Lead.Status.choices),
        **{name: _canonical(spec) for name, spec in CANONICAL_FIELDS.items()},
        "extra": AnyObject(help_text="What the forms said beside the canonical fields."),
        "identities": IDENTITY(many=True),
        "score": SCORE(allow_null=True),
        "assignment": ASSIGNMENT(allow_null=True),
        "sla": SLA(allow_null=True, help_text="The running clock, else the last one."),
        "crm": IN_CRM(many=True),
        "created_at": serializers.DateTimeField(),
        "updated_at": serializers.DateTimeField(),
    },
)

TIMELINE_ENTRY = shape(
    "TimelineEntry",
    {
        "at": serializers.DateTimeField(),
        "verb": serializers.CharField(help_text="Dotted, by layer: `routing.assigned`."),
        "actor": serializers.CharField(allow_blank=True),
        "source": serializers.CharField(allow_blank=True),
        "data": AnyObject(),
    },
)

OWNERSHIP_CHANGE = shape(
    "OwnershipChange",
    {
        "at": serializers.DateTimeField(),
        **HOLDER,
        "source": serializers.ChoiceField(Assignment.Source.choices),
        "actor": serializers.CharField(allow_blank=True),
        "automatic": serializers.BooleanField(help_text="It counts toward the owner's caps."),
    },
)
