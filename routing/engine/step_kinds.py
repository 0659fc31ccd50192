"""What a step of a response time can do: the one list that the editor, the configuration file, the linter, the documentation
and the sweep read. A kind is in it once somebody carries it out.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StepKind:
    """`run` is the dotted path of what carries it out; `options` are what it may say beside `at`, `do` and `clock`."""

    do: str
    label: str
    run: str
    options: tuple[str, ...] = ()


STEP_KINDS = {
    kind.do: kind
    for kind in (
        StepKind("remind_owner", "Remind the owner", "routing.escalation.remind_owner"),
        StepKind("notify_manager", "Tell the manager", "routing.escalation.notify_manager"),
        StepKind("notify_team", "Tell the team", "routing.escalation.notify_team"),
        StepKind("reassign", "Give it to somebody else", "routing.escalation.reassign", ("exclude",)),
        StepKind("queue", "Put it into a queue", "routing.escalation.put_into_queue", ("queue",)),
        StepKind("owner_away", "Set the owner away for the day", "routing.escalation.set_away"),
    )
}

NOT_ACTIVE_YET = {
    "crm_task": "No task is made in the CRM by a step yet.",
    "notify_channel": "A channel of its own is not told yet: use notify_team, which tells the team's addresses.",
}
"""Kinds that a configuration file may name, for later, and that nobody carries out."""
