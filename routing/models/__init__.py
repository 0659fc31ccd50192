"""What routing keeps: people and calendars, territories and rotations, rules, decisions, assignments, clocks, notices."""

from routing.models.assignments import Assignment, Decision
from routing.models.background import LeadBackground
from routing.models.clocks import SlaClock, SlaPolicy, SlaStep
from routing.models.notices import OwnerNotice
from routing.models.owners import Absence, Owner, Queue, Team, WorkCalendar
from routing.models.rotations import Rotation, RotationMember, RotationTurn
from routing.models.rules import RoutingRule, RoutingSettings, RuleSet
from routing.models.scores import LeadScore, ScoringRule
from routing.models.territories import NamedAccount, Territory

__all__ = [
    "Absence",
    "Assignment",
    "Decision",
    "LeadBackground",
    "LeadScore",
    "NamedAccount",
    "Owner",
    "OwnerNotice",
    "Queue",
    "Rotation",
    "RotationMember",
    "RotationTurn",
    "RoutingRule",
    "RoutingSettings",
    "RuleSet",
    "ScoringRule",
    "SlaClock",
    "SlaPolicy",
    "SlaStep",
    "Team",
    "Territory",
    "WorkCalendar",
]
