"""The example company's rules as a published snapshot, and words to build leads and rotations with."""

from datetime import UTC, datetime

from routing.engine.eligibility import Candidate
from routing.engine.ownership import KnownOwner
from routing.engine.references import Ref
from routing.engine.resolve import EmptyPolicy, RotationSettings
from routing.engine.rotation_state import MemberState, RotationState
from routing.engine.ruleset import CompiledRuleSet

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
TRIAGE, PARTNER_DESK, NURTURE = 1, 2, 3
AMER, DACH = 11, 12
ALICE, BOB, CARLA, DIETER, EVA = 101, 102, 103, 104, 105
PEOPLE = {ALICE: "Alice Ames", BOB: "Bob Burke", CARLA: "Carla Cruz", DIETER: "Dieter Dorn", EVA: "Eva Ernst"}
FALLBACK = Ref("queue", TRIAGE, "Triage")


def leaf(field, **comparison):
    return {"field": field, **{name.rstrip("_"): value for name, value in comparison.items()}}


def rule(number, name, kind, target_id, target_name, when, **more):
    target = {"kind": kind, "id": target_id, "name": target_name}
    return {
        "id": number,
        "name": name,
        "target": target,
        "when": when,
        "position": number,
        "active": True,
        **more,
    }


def snapshot(**replaced):
    data = {
        "format": 1,
        "version": 7,
        "rules": [
            rule(1, "Named account", "account_owner", "", "", {"all": [leaf("account", is_="named")]}),
            rule(
                2,
                "Partners",
                "queue",
                PARTNER_DESK,
                "Partner desk",
                {"any": [leaf("extra.partner_id", is_="present"), leaf("utm_source", eq="partner")]},
            ),
            rule(3, "DACH", "rotation", DACH, "DACH round robin", {"all": [leaf("territory", in_=["DACH"])]}),
            rule(
                4,
                "Hot North America",
                "rotation",
                AMER,
                "AMER round robin",
                {"all": [leaf("territory", in_=["North America"]), leaf("segment", in_=["hot", "warm"])]},
            ),
            rule(
                5,
                "Cold North America",
                "queue",
                NURTURE,
                "Nurture",
                {"all": [leaf("territory", in_=["North America"]), leaf("segment", eq="cold")]},
            ),
        ],
        "territories": [
            territory(1, "North America", {"any": [leaf("country", in_=["US", "CA"])]}),
            territory(
                2,
                "West Coast",
                {
                    "any": [
                        leaf("state", in_=["CA", "OR", "WA"]),
                        leaf("postal_code", between=["90000", "96199"]),
                    ]
                },
                parent=1,
            ),
            territory(3, "DACH", {"any": [leaf("country", in_=["DE", "AT", "CH"])]}),
        ],
        "scoring": {
            "thresholds": {"hot": 70, "warm": 40},
            "rules": [
                points("Enterprise size", "fit", 30, leaf("employee_count", gte=500)),
                points("Asked for a demo", "intent", 45, leaf("intent", eq="demo_request")),
                points("Free e-mail", "quality", -20, leaf("email_is_free", eq=True)),
                points("Decision maker", "fit", 15, leaf("job_title", has_word=["head", "vp", "chief"])),
            ],
            "disqualify": [
                {
                    "reason": "student",
                    "when": {
                        "all": [leaf("job_title", has_word=["student"]), leaf("email_is_free", eq=True)]
                    },
                }
            ],
            "caps": {},
        },
        "stickiness": {"enabled": True, "days": 90, "when_owner_away": "rotate"},
        "sla_policies": [
            {
                "id": 1,
                "name": "Hot leads",
                "when": {"all": [leaf("segment", eq="hot")]},
                "clock": "team",
                "first_response": "30m",
                "steps": [
                    {"at": "50%", "do": "remind_owner"},
                    {"at": "100%", "do": "notify_manager"},
                    {"at": "150%", "do": "reassign", "exclude": "past_owners"},
                    {"at": "200%", "do": "queue", "queue": "Triage"},
                ],
            },
            {
                "id": 2,
                "name": "Everyone else",
                "when": {},
                "clock": "team",
                "first_response": "8bh",
                "steps": [{"at": "100%", "do": "notify_manager"}],
            },
        ],
        "fallback_queue": {"id": TRIAGE, "name": "Triage"},
    }
    return {**data, **replaced}


def territory(number, name, when, parent=None):
    return {"id": number, "name": name, "parent_id": parent, "when": when}


def points(label, category, number, *leaves):
    return {"label": label, "category": category, "points": number, "when": {"all": list(leaves)}}


def ruleset(**replaced):
    return CompiledRuleSet.from_json(snapshot(**replaced))


def owner(owner_id, **more):
    return KnownOwner(owner_id, PEOPLE[owner_id], **more)


def candidate(owner_id, **more):
    return Candidate(owner_id, PEOPLE[owner_id], **more)


def state(rotation_id, **weights):
    """state(AMER, ALICE=3, BOB=2)"""
    members = (MemberState(globals()[name], weight * 100) for name, weight in weights.items())
    return RotationState(rotation_id, tuple(members))


def settings(rotation_id, *candidates, when_empty="fallback", to=None, **more):
    name = {AMER: "AMER round robin", DACH: "DACH round robin"}[rotation_id]
    return RotationSettings(rotation_id, name, candidates, when_empty=EmptyPolicy(when_empty, to), **more)
