"""What intake keeps: forms, submissions, leads and how we know them."""

from intake.models.companies import CompanyProfile
from intake.models.consent import ConsentRecord
from intake.models.forms import BlockedSender, IntakeForm, TestAddress, ValueAlias
from intake.models.leads import Lead, LeadChange, LeadIdentity, LeadMerge
from intake.models.submissions import Submission
from intake.models.timeline import TimelineEntry

__all__ = [
    "BlockedSender",
    "CompanyProfile",
    "ConsentRecord",
    "IntakeForm",
    "Lead",
    "LeadChange",
    "LeadIdentity",
    "LeadMerge",
    "Submission",
    "TestAddress",
    "TimelineEntry",
    "ValueAlias",
]
