"""What can go wrong while a lead gets its owner, and what to do about it."""

from exception_queue.kinds import SUBJECT_PAGE, ExceptionKind

NO_RULE_MATCHED = "routing.no_rule_matched"
NOBODY_AVAILABLE = "routing.nobody_available"
NO_RULESET = "routing.no_ruleset"
HOLDING_QUEUE_STUCK = "routing.holding_queue_stuck"
NOTICE_FAILED = "routing.notice_failed"

_RETRY_LEADS = "routing.handover.retries.retry_unrouted"
_ROTATIONS = "routing.rotation.changelist"

KINDS = [
    ExceptionKind(
        key=NO_RULE_MATCHED,
        title="No rule matched",
        severity="medium",
        what_to_do=(
            "No routing rule fits this lead, so it waits in the fallback queue. Add or change a rule, "
            "publish, then retry: the lead is decided again by the new rules. For a single lead, assign"
            " it to somebody and resolve."
        ),
        retry=_RETRY_LEADS,
        action_label="Add a rule",
        action_page="routing.routingrule.add",
    ),
    ExceptionKind(
        key=NOBODY_AVAILABLE,
        title="Nobody could take the lead",
        severity="medium",
        what_to_do=(
            "A rule sends this lead to a rotation in which nobody could be picked: the decision on the "
            "lead's page says why for each member (absent, off duty, at a cap). Raise a cap, add a "
            "member or choose what happens when the rotation is empty, then retry; or assign the lead "
            "by hand."
        ),
        retry=_RETRY_LEADS,
        action_label="Open the rotations",
        action_page=_ROTATIONS,
    ),
    ExceptionKind(
        key=NO_RULESET,
        title="No rules are published",
        severity="high",
        what_to_do=(
            "Leads cannot be routed before rules are published for the first time. Open the rules and "
            "publish them (or run config apply with a file), then retry: everything that waits goes on."
        ),
        retry="intake.retries.retry_submissions",
        action_label="Open the rules",
        action_page="routing.routingrule.changelist",
    ),
    ExceptionKind(
        key=HOLDING_QUEUE_STUCK,
        title="A holding queue does not move",
        severity="high",
        what_to_do=(
            "The rotation opened more than 15 minutes ago, and none of the leads in its holding queue "
            "could be given out. Look at who is on duty, absent or at a cap; or give the leads to "
            "somebody by hand. The line is tried again by itself."
        ),
        retry="routing.handover.retries.retry_holding_queues",
        action_label="Open the rotations",
        action_page=_ROTATIONS,
    ),
    ExceptionKind(
        key=NOTICE_FAILED,
        title="An owner could not be told",
        severity="high",
        what_to_do=(
            "The lead has its owner, but the notice could not be delivered: the cause is what the mail "
            "server or service said. Correct the address or the outgoing mail (EMAIL_URL), then retry: "
            "the notice is sent again."
        ),
        retry="routing.handover.retries.retry_notices",
        action_label="Open the lead",
        action_page=SUBJECT_PAGE,
    ),
]
