"""The shapes in which the API shows leads."""

from typing import Any

from rest_framework import serializers

from intake.canonical import CANONICAL_FIELDS, CanonicalField, Kind
from intake.models import Lead, LeadIdentity
from leadops.api.fields import AnyObject, NumberOrNull, TextOrNull
from routing.engine.scoring import SEGMENTS
from routing.models import Assignment

Field = serializers.Field[Any, Any, Any, Any]

_KINDS: dict[Kind, type[Field]] = {
    "integer": serializers.IntegerField,
    "boolean": serializers.BooleanField,
    "datetime": serializers.DateTimeField,
}


class LeadIdentitySerializer(serializers.Serializer[LeadIdentity]):
    kind = serializers.ChoiceField(
        [kind for kind in LeadIdentity.Kind.choices if kind[0] != LeadIdentity.Kind.REVIEW_BLOCK]
    )
    value = serializers.CharField()


class ScoreReasonSerializer(serializers.Serializer[object]):
    label = serializers.CharField()  # type: ignore[assignment]
    points = serializers.IntegerField()


class LeadScoreSerializer(serializers.Serializer[object]):
    points = serializers.IntegerField()
    segment = serializers.ChoiceField(SEGMENTS)
    reasons = ScoreReasonSerializer(many=True)


class LeadOwnerSerializer(serializers.Serializer[object]):
    email = serializers.EmailField()
    name = serializers.CharField()


class AssignedSerializer(serializers.Serializer[object]):
    """Who has a lead, or would have it."""

    owner = LeadOwnerSerializer(allow_null=True)
    queue = TextOrNull(source="queue.name", help_text="The queue's name; null with an owner.")
    reason = serializers.CharField(help_text="In words for people.")
    rule = TextOrNull(source="rule_name", help_text="The matched rule's name.")
    ruleset_version = NumberOrNull()


class LeadAssignmentSerializer(AssignedSerializer):
    assigned_at = serializers.DateTimeField()


class OwnershipChangeSerializer(AssignedSerializer):
    """An owner or queue that had the lead from `at` on."""

    at = serializers.DateTimeField(source="assigned_at")
    source = serializers.ChoiceField(Assignment.Source.choices)  # type: ignore[assignment]
    actor = serializers.CharField(allow_blank=True)
    automatic = serializers.BooleanField(help_text="It counts toward the owner's caps.")


class LeadSlaSerializer(serializers.Serializer[object]):
    policy = serializers.CharField(source="policy_name")
    due_at = serializers.DateTimeField()
    met_at = serializers.DateTimeField(allow_null=True)
    breached_at = serializers.DateTimeField(allow_null=True)


class LeadInCrmSerializer(serializers.Serializer[object]):
    connection = serializers.CharField(source="connection.key")
    remote_id = TextOrNull()
    pushed_version = NumberOrNull()
    in_sync = serializers.BooleanField(help_text="The CRM shows the newest version, owner and score.")


# Reads a LeadAnswer.
class LeadSerializer(serializers.Serializer[Any]):
    """Every canonical field stands at the top level, null where nothing is known."""

    id = serializers.UUIDField(source="lead.id")
    version = serializers.IntegerField(source="lead.version")
    status = serializers.ChoiceField(Lead.Status.choices, source="lead.status")
    is_test = serializers.BooleanField(
        source="lead.is_test",
        help_text="Somebody tries things out: it is decided like any other, and not counted.",
    )
    extra = AnyObject(source="lead.extra", help_text="What the forms said beside the canonical fields.")
    identities = LeadIdentitySerializer(many=True)
    score = LeadScoreSerializer(source="view.score", allow_null=True)
    assignment = LeadAssignmentSerializer(source="view.assignment", allow_null=True)
    sla = LeadSlaSerializer(
        source="view.clock",
        allow_null=True,
        help_text="The running clock, else the newest that was not cancelled.",
    )
    crm = LeadInCrmSerializer(source="view.meant_for", many=True)
    created_at = serializers.DateTimeField(source="lead.created_at")
    updated_at = serializers.DateTimeField(source="lead.updated_at")

    def get_fields(self) -> dict[str, Field]:
        declared = super().get_fields()
        first = {name: declared.pop(name) for name in ("id", "version", "status")}
        return {**first, **{name: _canonical(spec) for name, spec in CANONICAL_FIELDS.items()}, **declared}


class TimelineEntrySerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    verb = serializers.CharField(help_text="What happened: `routing.assigned`, `crm_sync.created`, ...")
    actor = serializers.CharField(allow_blank=True, help_text="The person or form that did it.")
    source = serializers.CharField(
        allow_blank=True, help_text="Where it was done: a console, the API, a CRM."
    )  # type: ignore[assignment]
    data = AnyObject(help_text="More about it; the members depend on the verb.")  # type: ignore[assignment]


def _canonical(spec: CanonicalField) -> Field:
    field: type[Field] = _KINDS.get(spec.kind, serializers.CharField)
    return field(source=f"values.{spec.name}", allow_null=True, help_text=spec.label)
