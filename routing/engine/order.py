"""The order of deciding: the one list that `decide` follows, and that the rule list, its differences and the docs read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DecidingStep:
    """`key` is what a decision and its trace call the step; `says` who gets the lead if it decides, for people."""

    key: str
    title: str
    says: str


ORDER = (
    DecidingStep("manual_lock", "Manual lock", "An owner whom a person fixed keeps the lead."),
    DecidingStep(
        "returning",
        "Came back before anybody answered",
        "Whoever has the lead keeps it; an owner for whom somebody stood in gets it back. In a queue it is nobody's yet.",
    ),
    DecidingStep("open_deal", "Open deal", "The owner of an open deal with them."),
    DecidingStep(
        "record_owner",
        "Known person",
        "Whoever has the record of this person already, where that is to be kept.",
    ),
    DecidingStep("customer", "Customer", "The owner of the account, or else the queue for customers."),
    DecidingStep(
        "account_owner",
        "Rules for account owners",
        "Whoever owns the named account, top to bottom: those first in the list below.",
    ),
    DecidingStep("stickiness", "Stickiness", "Whoever had contact lately; a backup while they are away."),
    DecidingStep("candidate", "Probable duplicate", "Whoever has the lead that is probably the same person."),
    DecidingStep(
        "rule", "The other rules", "Top to bottom in the list below: the first that matches decides."
    ),
    DecidingStep("fallback", "Fallback queue", "Leads that no rule matches, with an exception."),
)
