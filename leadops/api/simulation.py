"""POST /api/v1/simulate: who would get somebody like this, and why not somebody else. Writes nothing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from leadops.api.documents import answers
from leadops.api.fields import AnyObject, NumberOrNull, TextOrNull
from leadops.api.lead_serializers import AssignedSerializer, LeadScoreSerializer
from leadops.api.problems import ApiProblem
from leadops.api.staff import StaffView, valid
from routing.engine.business_time import NeverOpens
from routing.engine.decision import Step
from routing.engine.eligibility import LeftOut
from routing.engine.ruleset import CompiledRuleSet, NoFallbackQueue, RuleSetError
from routing.engine.sla import SlaError
from routing.engine.territories import TerritoryError
from routing.models import RuleSet, SlaPolicy, SlaStep
from routing.rules import publishing
from routing.simulation.simulator import Simulated, facts_of, simulate

# What a draft that does not hold together raises; a published ruleset has passed the gate.
BROKEN = (RuleSetError, TerritoryError, NoFallbackQueue, SlaError, NeverOpens)
NEWEST = ("draft", "published")
# Absences, caps and holidays are looked up around it.
YEARS = (2000, 2099)
_VERSION = re.compile("[0-9]{1,9}")


@extend_schema_field({"oneOf": [{"type": "string", "enum": list(NEWEST)}, {"type": "integer", "minimum": 1}]})
class Which(serializers.Field[str | int, Any, Any, Any]):
    """ "draft", "published" or a version's number."""

    def to_representation(self, value: str | int) -> str | int:
        return value

    def to_internal_value(self, data: Any) -> str | int:
        if data in NEWEST:
            return str(data)
        if isinstance(data, int | str) and not isinstance(data, bool) and _VERSION.fullmatch(str(data)):
            return int(data)
        raise serializers.ValidationError("Say draft, published or the number of a version.")


class SimulationRequestSerializer(serializers.Serializer[Any]):
    facts = AnyObject(
        help_text="Canonical fields, `extra.<key>`, `form` (whose defaults fill gaps). What routing finds out by itself "
        "(`segment`, `email_is_free`, ...) is believed where it is stated."
    )
    at = serializers.DateTimeField(
        required=False, help_text="The moment of the decision, in this century; now unless said."
    )
    ruleset = Which(default="published")

    def validate_at(self, at: datetime) -> datetime:
        if not YEARS[0] <= at.year <= YEARS[1]:
            raise serializers.ValidationError(f"Say a time in the years {YEARS[0]} to {YEARS[1]}.")
        return at

    def validate_facts(self, facts: Any) -> dict[str, Any]:
        if not isinstance(facts, dict):
            raise serializers.ValidationError("Facts are an object: field -> value.")
        return facts


@dataclass(frozen=True, slots=True)
class Simulation:
    """What was asked, and what would happen."""

    at: datetime
    ruleset: str | int
    found: Simulated

    @property
    def waits(self) -> bool:
        return self.found.resolution.target.kind == "hold"

    @property
    def turn(self) -> Mapping[str, Any] | None:
        turn = self.found.resolution.turn
        return turn.to_json() if turn else None

    @property
    def why_not(self) -> list[Mapping[str, Any]]:
        """Rows of the trace."""
        return [row for row in self.found.trace if row.get("rule") and not row["ok"]]


class SimulatedAssignmentSerializer(AssignedSerializer):
    reason = serializers.CharField(source="decision.reason", help_text="In words for people.")
    rule = TextOrNull(source="decision.rule_name", help_text="The matched rule's name.")
    ruleset_version = NumberOrNull(source="decision.ruleset_version")


class SimulatedDecisionSerializer(serializers.Serializer[Simulation]):
    step = serializers.ChoiceField(
        get_args(Step), source="found.decision.step", help_text="Which step of the order of deciding decided."
    )
    territories = serializers.ListField(
        child=serializers.CharField(), source="found.decision.territories", help_text="The deepest first."
    )
    rotation = TextOrNull(source="found.rotation", help_text="The rotation that picks.")
    turn = AnyObject(allow_null=True, help_text="As the ledger would have it.")
    waits = serializers.BooleanField(help_text="It would wait in the rotation's holding queue.")
    no_rule_matched = serializers.BooleanField(source="found.decision.no_rule_matched")
    nobody_available = serializers.BooleanField(source="found.resolution.nobody")


class SimulatedSlaStepSerializer(serializers.Serializer[SlaStep]):
    at = serializers.CharField()
    do = serializers.CharField()
    due_at = serializers.DateTimeField()


class SimulatedSlaSerializer(serializers.Serializer[Any]):
    policy = serializers.CharField(source="clock.policy_name")
    clock = serializers.ChoiceField(SlaPolicy.Clock.choices, source="clock.kind")
    first_response = serializers.CharField(source="clock.first_response")
    due_at = serializers.DateTimeField(source="clock.due_at")
    steps = SimulatedSlaStepSerializer(many=True)
    explanation = serializers.ListField(
        child=AnyObject(), source="clock.explanation", help_text="How the time was counted, by date."
    )

    def get_attribute(self, instance: Simulation) -> Simulated | None:
        return instance.found if instance.found.clock else None


class WhyNotSerializer(serializers.Serializer[Mapping[str, Any]]):
    rule = serializers.CharField()
    why = serializers.CharField(source="answer")


class LeftOutSerializer(serializers.Serializer[LeftOut]):
    owner = serializers.CharField(source="name")
    why = serializers.CharField(source="reason")


class SimulatedSerializer(serializers.Serializer[Simulation]):
    at = serializers.DateTimeField()
    ruleset = Which()
    facts = AnyObject(source="found.facts", help_text="As the rules saw them.")
    score = LeadScoreSerializer(source="found.score")
    assignment = SimulatedAssignmentSerializer(source="found")
    decision = SimulatedDecisionSerializer(source="*")
    sla = SimulatedSlaSerializer(allow_null=True)
    trace = serializers.ListField(
        child=AnyObject(), source="found.trace", help_text="Every question, in order, with its answer."
    )
    why_not = WhyNotSerializer(many=True, help_text="The rules that were asked and did not match.")
    left_out = LeftOutSerializer(
        many=True, source="found.resolution.left_out", help_text="Members who could not be picked."
    )


class Simulate(StaffView):
    """Who would get a new lead with these facts, by when, and why nobody else: with people, absences, caps and turns as they
    are stored now. Nothing is written and no turn is used."""

    needs = "routing.view_routingrule"
    changes = False

    @extend_schema(
        operation_id="simulate",
        summary="Try out who would get a lead",
        tags=["simulate"],
        request=SimulationRequestSerializer,
        responses=answers(SimulatedSerializer, 400, 401, 403, 409, 415, 422),
    )
    def post(self, request: Request) -> Response:
        said = valid(SimulationRequestSerializer, request.data)
        at = said.get("at", timezone.now())
        try:
            found = simulate(facts_of(said["facts"]), _compiled(said["ruleset"]), now=at)
        except (*BROKEN, publishing.NothingPublished) as error:
            raise ApiProblem(409, str(error)) from None
        return Response(SimulatedSerializer(Simulation(at, said["ruleset"], found)).data)


def _compiled(which: str | int) -> CompiledRuleSet:
    if which == "draft":
        return publishing.compiled_draft()
    if which == "published":
        return publishing.compiled()
    try:
        return publishing.compiled_version(int(which))
    except RuleSet.DoesNotExist:
        raise serializers.ValidationError({"ruleset": f"There is no version {which}."}) from None
