"""POST /api/v1/simulate: who would get somebody like this, and why not somebody else. Writes nothing."""

from typing import Any, get_args

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from leadops.api.documents import AnyObject, problems, shape
from leadops.api.lead_shapes import HOLDER, SCORE
from leadops.api.problems import ApiProblem
from leadops.api.staff import StaffView
from routing.engine.business_time import NeverOpens
from routing.engine.decide import Step
from routing.engine.ruleset import CompiledRuleSet, NoFallbackQueue, RuleSetError
from routing.engine.sla import SlaError
from routing.engine.territories import TerritoryError
from routing.models import RuleSet, SlaPolicy
from routing.rules import publishing
from routing.simulation.simulator import Simulated, facts_of, simulate

# What a draft that does not hold together raises; a published ruleset has passed the gate.
BROKEN = (RuleSetError, TerritoryError, NoFallbackQueue, SlaError, NeverOpens)
NEWEST = ("draft", "published")


@extend_schema_field({"oneOf": [{"type": "string", "enum": list(NEWEST)}, {"type": "integer", "minimum": 1}]})
class Which(serializers.Field[str | int, Any, Any, Any]):
    """ "draft", "published" or a version's number."""

    def to_internal_value(self, data: Any) -> str | int:
        if data in NEWEST:
            return str(data)
        if (
            isinstance(data, int | str)
            and not isinstance(data, bool)
            and str(data).isascii()
            and str(data).isdigit()
        ):
            return int(data)
        raise serializers.ValidationError("Say draft, published or the number of a version.")


class SimulationRequest(serializers.Serializer[Any]):
    facts = AnyObject(
        help_text="Canonical fields, `extra.<key>`, `form` (whose defaults fill gaps). What routing finds out by itself "
        "(`segment`, `email_is_free`, ...) is believed where it is stated."
    )
    at = serializers.DateTimeField(required=False, help_text="The moment of the decision; now unless said.")
    ruleset = Which(default="published")

    def validate_facts(self, facts: Any) -> dict[str, Any]:
        if not isinstance(facts, dict):
            raise serializers.ValidationError("Facts are an object: field -> value.")
        return facts


DECISION = shape(
    "SimulatedDecision",
    {
        "step": serializers.ChoiceField(
            get_args(Step), help_text="Which step of the order of deciding decided."
        ),
        "territories": serializers.ListField(child=serializers.CharField(), help_text="The deepest first."),
        "rotation": serializers.CharField(allow_null=True, help_text="The rotation that picks."),
        "turn": AnyObject(
            allow_null=True,
            help_text="As the ledger would have it; 1,000,000,000 units of credit are one lead.",
        ),
        "waits": serializers.BooleanField(help_text="It would wait in the rotation's line."),
        "no_rule_matched": serializers.BooleanField(),
        "nobody_available": serializers.BooleanField(),
    },
)
SLA_STEP = shape(
    "SimulatedSlaStep",
    {
        "at": serializers.CharField(),
        "do": serializers.CharField(),
        "due_at": serializers.DateTimeField(),
    },
)
SLA = shape(
    "SimulatedSla",
    {
        "policy": serializers.CharField(),
        "clock": serializers.ChoiceField(SlaPolicy.Clock.choices),
        "first_response": serializers.CharField(),
        "due_at": serializers.DateTimeField(),
        "steps": SLA_STEP(many=True),
        "explanation": serializers.ListField(
            child=AnyObject(), help_text="How the time was counted, by date."
        ),
    },
)
WHY_NOT = shape("WhyNot", {"rule": serializers.CharField(), "why": serializers.CharField()})
LEFT_OUT = shape("LeftOut", {"owner": serializers.CharField(), "why": serializers.CharField()})
ANSWER = shape(
    "Simulated",
    {
        "at": serializers.DateTimeField(),
        "ruleset": Which(),
        "facts": AnyObject(help_text="As the rules saw them."),
        "score": SCORE(),
        "assignment": shape("SimulatedAssignment", HOLDER)(),
        "decision": DECISION(),
        "sla": SLA(allow_null=True),
        "trace": serializers.ListField(
            child=AnyObject(), help_text="Every question, in order, with its answer."
        ),
        "why_not": WHY_NOT(many=True, help_text="The rules that were asked and did not match."),
        "left_out": LEFT_OUT(many=True, help_text="Members who could not be picked."),
    },
)


class Simulate(StaffView):
    """Who would get a new lead with these facts, by when, and why nobody else: with people, absences, caps and turns as they
    are stored now. Nothing is written and no turn is used."""

    needs = "routing.view_routingrule"

    @extend_schema(
        operation_id="simulate",
        tags=["routing"],
        request=SimulationRequest,
        responses={200: ANSWER, **problems(400, 401, 403, 409, 415, 422)},
    )
    def post(self, request: Request) -> Response:
        asked = SimulationRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        at = said.get("at", timezone.now())
        try:
            found = simulate(facts_of(said["facts"]), _compiled(said["ruleset"]), now=at)
        except (*BROKEN, publishing.NothingPublished) as error:
            raise ApiProblem(409, str(error)) from None
        return Response({"at": at, "ruleset": said["ruleset"], **describe(found)})


def _compiled(which: str | int) -> CompiledRuleSet:
    if which == "draft":
        return publishing.compiled_draft()
    if which == "published":
        return publishing.compiled()
    try:
        return publishing.compiled_version(int(which))
    except RuleSet.DoesNotExist:
        raise serializers.ValidationError({"ruleset": f"There is no version {which}."}) from None


def describe(found: Simulated) -> dict[str, Any]:
    decision, resolution = found.decision, found.resolution
    score = found.score.to_json()
    return {
        "facts": found.facts,
        "score": {
            "points": score["points"],
            "segment": score["segment"],
            "reasons": [{"label": one["label"], "points": one["points"]} for one in score["reasons"]],
        },
        "assignment": {
            "owner": {"email": found.owner.email, "name": found.owner.name} if found.owner else None,
            "queue": found.queue.name if found.queue else None,
            "reason": decision.reason,
            "rule": decision.rule_name,
            "ruleset_version": decision.ruleset_version or None,
        },
        "decision": {
            "step": decision.step,
            "territories": decision.territories,
            "rotation": found.rotation,
            "turn": resolution.turn.to_json() if resolution.turn else None,
            "waits": resolution.target.kind == "hold",
            "no_rule_matched": decision.no_rule_matched,
            "nobody_available": resolution.nobody,
        },
        "sla": _clock(found),
        "trace": found.trace,
        "why_not": [
            {"rule": row["rule"], "why": row["answer"]}
            for row in found.trace
            if row.get("rule") and not row["ok"]
        ],
        "left_out": [{"owner": out.name, "why": out.reason} for out in resolution.left_out],
    }


def _clock(found: Simulated) -> dict[str, Any] | None:
    clock = found.clock
    if clock is None:
        return None
    return {
        "policy": clock.policy_name,
        "clock": clock.kind,
        "first_response": clock.first_response,
        "due_at": clock.due_at,
        "steps": [{"at": step.at, "do": step.do, "due_at": step.due_at} for step in found.steps],
        "explanation": clock.explanation,
    }
